// SPDX-License-Identifier: Apache-2.0
// The real programs that some tests need: says which are missing, and turns that into an error or a loud skip.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Context } from 'mocha';
import { DockerEngine, engineHost } from '../../scripts/quickstart/docker-engine.js';
import { motoProblem } from './aws/moto.js';
import { BROWSER } from './browser.js';

/** `machines` are sshds in namespaces of this host (host-machines.ts), which need root rights. */
export type Peer =
  | 'container engine'
  | 'node image'
  | 'ansible'
  | 'machines'
  | 'moto'
  | 'browser'
  | 'Node 22'
  | 'Node 24';

export const NODE_IMAGE = 'im-node:latest';

/** Another line of Node than the one that runs the tests. */
export const otherNode = (name: 'Node 22' | 'Node 24'): string =>
  resolve(`var/tools/${name.toLowerCase().replace(' ', '-')}/node_modules/node-linux-${process.arch}/bin/node`);

/** The engine that tests use. */
export function testEngine(): DockerEngine {
  return new DockerEngine(engineHost(process.env));
}

/** Why a peer cannot be used here, or undefined when it can. */
export async function peerProblem(peer: Peer): Promise<string | undefined> {
  const engine = testEngine();
  switch (peer) {
    case 'container engine':
      return engine.problem();
    case 'node image':
      return (
        (await engine.problem()) ??
        ((await engine.imageId(NODE_IMAGE)) === undefined
          ? `the image ${NODE_IMAGE} is missing: scripts/node-image.sh`
          : undefined)
      );
    case 'moto':
      return motoProblem();
    case 'ansible':
      return commandProblem('ansible-playbook', ['--version']);
    case 'browser': {
      const problem = commandProblem(BROWSER, ['--version']);
      return problem === undefined ? undefined : `${problem} (install it with scripts/ensure-browser.sh)`;
    }
    case 'Node 22':
    case 'Node 24': {
      const problem = commandProblem(otherNode(peer), ['--version']);
      return problem === undefined ? undefined : `${problem} (install it with scripts/ensure-nodes.sh)`;
    }
    case 'machines':
      return process.getuid?.() === 0 ? commandProblem('unshare', ['--mount', 'true']) : 'root rights are needed';
  }
}

/**
 * For `before` hooks: skips the suite with a line on the console when a peer is missing, or fails when
 * IM_TEST_PEERS=all says that all must be there.
 *
 * @example before(async function () { await needPeers(this, 'node image', 'ansible'); });
 */
export async function needPeers(context: Context, ...peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) {
    const problem = await peerProblem(peer);
    if (problem === undefined) continue;
    const text = `${context.test?.parent?.title ?? 'a suite'} needs the ${peer}: ${problem}`;
    if (process.env.IM_TEST_PEERS === 'all') throw new Error(text);
    console.warn(`**** NOT RUN: ${text} ****`);
    context.skip();
  }
}

function commandProblem(command: string, argv: readonly string[]): string | undefined {
  try {
    execFileSync(command, [...argv], { stdio: 'pipe', timeout: 30_000 });
    return undefined;
  } catch (error) {
    return `${command} does not run: ${error instanceof Error ? error.message : String(error)}`;
  }
}
