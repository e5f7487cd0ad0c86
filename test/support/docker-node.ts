// SPDX-License-Identifier: Apache-2.0
// A real machine for a test: a container of the node image with sshd, its SSH port published on loopback.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerEngine } from '../../scripts/quickstart/docker-engine.js';
import { member } from '../../scripts/quickstart/json.js';
import { NODE_IMAGE, testEngine } from './peers.js';

const READY_MS = 30_000;
/** Every container of the tests carries it, so that left-overs can be found: docker ps --filter label=... */
const TEST_LABEL = 'org.infrastructure-manager.test';

/** What a test wants of its machine. */
export interface DockerNodeOptions {
  /** Public keys that let `root` in, one line each. */
  readonly authorizedKeys?: string;
  /** Password of `root`; without it there is none. */
  readonly password?: string;
  /** Shell commands that run before sshd starts. */
  readonly prepare?: string;
  readonly hostname?: string;
  /** Name of a network of the engine; the default bridge otherwise. */
  readonly network?: string;
}

/** A running machine. `host` and `port` are for this host; `address` is for other containers of the network. */
export interface DockerNode {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly user: 'root';
  /** Removes the machine at once. */
  remove(): Promise<void>;
}

/** Starts a machine and waits until its sshd shows its banner. */
export async function startDockerNode(options: DockerNodeOptions = {}, engine = testEngine()): Promise<DockerNode> {
  const created = await engine.callJson({
    method: 'POST',
    path: '/containers/create',
    body: {
      Image: NODE_IMAGE,
      Hostname: options.hostname ?? 'node',
      Cmd: ['/bin/sh', '-c', bootstrap(options)],
      Env: [`ROOT_PASSWORD=${options.password ?? ''}`, `ROOT_KEYS=${options.authorizedKeys ?? ''}`],
      Labels: { [TEST_LABEL]: String(process.pid) },
      ExposedPorts: { '22/tcp': {} },
      HostConfig: {
        Init: true,
        PortBindings: { '22/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
        ...(options.network === undefined ? {} : { NetworkMode: options.network }),
      },
    },
  });
  const id = String(member(created, 'Id'));
  const remove = () => engine.ignoring([404, 409], { method: 'DELETE', path: `/containers/${id}?force=true&v=true` });
  try {
    await engine.call({ method: 'POST', path: `/containers/${id}/start` });
    const { port, address } = await whereIs(engine, id, options.network ?? 'bridge');
    await waitForBanner('127.0.0.1', port);
    return { id, host: '127.0.0.1', port, address, user: 'root', remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function bootstrap(options: DockerNodeOptions): string {
  return [
    'set -e',
    'mkdir -p /run/sshd /root/.ssh',
    'printf "%s\\n" "$ROOT_KEYS" >/root/.ssh/authorized_keys; chmod -R go= /root/.ssh',
    'if [ -n "$ROOT_PASSWORD" ]; then printf "root:%s\\n" "$ROOT_PASSWORD" | chpasswd; fi',
    'printf "PermitRootLogin yes\\nUseDNS no\\n" >/etc/ssh/sshd_config.d/test.conf',
    'ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key',
    options.prepare ?? ':',
    'exec env -u ROOT_PASSWORD -u ROOT_KEYS /usr/sbin/sshd -D -e',
  ].join('\n');
}

async function whereIs(engine: DockerEngine, id: string, network: string): Promise<{ port: number; address: string }> {
  const settings = member(await engine.callJson({ method: 'GET', path: `/containers/${id}/json` }), 'NetworkSettings');
  const bindings = member(settings, 'Ports', '22/tcp');
  const port = Number(member(Array.isArray(bindings) ? bindings[0] : undefined, 'HostPort'));
  if (!Number.isInteger(port)) throw new Error(`container ${id} publishes no SSH port: it ended at its start?`);
  return { port, address: String(member(settings, 'Networks', network, 'IPAddress') ?? '') };
}

/** Polls until an SSH banner comes; the proxy of a published port accepts before the sshd behind it listens. */
export async function waitForBanner(host: string, port: number): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (!(await showsBanner(host, port))) {
    if (Date.now() > deadline) throw new Error(`no SSH banner from ${host}:${port} within ${READY_MS / 1000} s`);
    await sleep(50);
  }
}

function showsBanner(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(2000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
  });
}
