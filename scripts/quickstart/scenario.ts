// SPDX-License-Identifier: Apache-2.0
// The two ways of the quickstart to get machines, containers or existing hosts, each with its document and cloud credential.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { engineHost } from './docker-engine.js';
import { fillInputs, movePublishedPort } from './document.js';
import { freePort } from './free-port.js';
import { type MachineInfo, publishedPort } from './im-client.js';
import { places } from './places.js';

const run = promisify(execFile);
const HOST_NODES = path.join(places.root, 'scripts', 'quickstart', 'host-nodes.sh');
const HOST_NODES_MS = 120_000;
/** Port of the recipe's web service inside the front. */
const SERVICE_PORT = 8000;
const PUBLISHED_PORT = 8080;
const SSH_PORT = 8822;
const HOSTS = new Map([
  ['front', '127.0.0.11'],
  ['wn1', '127.0.0.12'],
  ['wn2', '127.0.0.13'],
]);

/** How machines are got, and how their service is reached. */
export interface Scenario {
  readonly title: string;
  /** The example file that the document comes from. */
  readonly example: string;
  /** Line of the authorization header for the cloud. */
  readonly credential: string;
  /** Readies what the cloud needs and gives the document to submit. */
  prepare(say: (text: string) => void): Promise<string>;
  /** URL of what the recipe set up, from the front's info. */
  serviceUrl(front: MachineInfo): string;
  /** Undoes `prepare`. */
  cleanUp(): Promise<void>;
}

export function dockerScenario(environment: Readonly<Record<string, string | undefined>>): Scenario {
  const host = engineHost(environment);
  const example = path.join(places.root, 'examples', 'quickstart.radl');
  const address = host.startsWith('unix:') ? '127.0.0.1' : new URL(host).hostname;
  return {
    title: `containers of the engine at ${host}`,
    example,
    credential: `id = docker; type = Docker; host = ${host.replace(/^tcp:/, 'http:')}`,
    async prepare(say) {
      const port = await freePort(PUBLISHED_PORT, '0.0.0.0');
      if (port !== PUBLISHED_PORT)
        say(`port ${PUBLISHED_PORT} of this host is in use; the front's service gets ${port}`);
      return movePublishedPort(readFileSync(example, 'utf8'), PUBLISHED_PORT, port, SERVICE_PORT);
    },
    serviceUrl(front) {
      const port = front.outports === undefined ? undefined : publishedPort(front.outports, SERVICE_PORT);
      if (port === undefined)
        throw new Error(`the front publishes no port for ${SERVICE_PORT}: outports ${front.outports}`);
      return `http://${address}:${port}/cluster.json`;
    },
    cleanUp: async () => undefined,
  };
}

export function hostsScenario(): Scenario {
  const example = path.join(places.root, 'examples', 'quickstart-hosts.radl');
  return {
    title: 'private sshds on loopback addresses of this host',
    example,
    credential: 'id = hosts; type = DeployedNode',
    async prepare(say) {
      await stopHostNodes();
      const sshPort = await freePort(SSH_PORT, '127.0.0.11');
      const servicePort = await freePort(SERVICE_PORT, '127.0.0.11', [sshPort]);
      const nodes = [...HOSTS].map(([name, address]) => `${name}=${address}`);
      const { stderr } = await runHostNodes(['up', places.machines, String(sshPort), ...nodes]);
      if (stderr.trim() !== '') say(stderr.trim());
      say(`sshds listen on ${[...HOSTS.values()].join(', ')}, port ${sshPort}`);
      return fillInputs(
        readFileSync(example, 'utf8'),
        new Map([
          ['ssh_port', String(sshPort)],
          ['service_port', String(servicePort)],
          ['user', readFileSync(path.join(places.machines, 'user'), 'utf8').trim()],
          ['private_key', readFileSync(path.join(places.machines, 'id_ed25519'), 'utf8')],
        ]),
      );
    },
    serviceUrl(front) {
      // The service is on the same port outside as inside: the only outport that is not a mapping to SSH.
      const entry = front.outports?.split(',').find((port) => !/-22(\/tcp)?$/.test(port));
      if (entry === undefined) throw new Error(`the front has no outport for its service: outports ${front.outports}`);
      return `http://${HOSTS.get('front')}:${Number.parseInt(entry, 10)}/cluster.json`;
    },
    cleanUp: stopHostNodes,
  };
}

/** Stops the private sshds of any earlier run. */
async function stopHostNodes(): Promise<void> {
  await runHostNodes(['down', places.machines]);
}

function runHostNodes(argv: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return run(HOST_NODES, [...argv], { timeout: HOST_NODES_MS });
}
