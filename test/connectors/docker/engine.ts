// SPDX-License-Identifier: Apache-2.0
// The real engine that the Docker tests use, and how they ask it directly.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { builtInConnectorTypes, type CloudConnector, createConnectorRegistry } from '../../../src/connectors/index.js';
import type { CloudCredential } from '../../../src/domain/index.js';
import { cloud, connectorEnvironment, recordingLogger } from '../support.js';

const run = promisify(execFile);

/** Image of a node with SSH server; made by scripts/node-image.sh. */
export const NODE_IMAGE = process.env.IM_TEST_NODE_IMAGE ?? 'im-node:latest';

/** Socket of the engine. */
export const ENGINE_SOCKET = '/var/run/docker.sock';

/** The Docker command line, against the engine of this machine. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', ['-H', `unix://${ENGINE_SOCKET}`, ...args]);
  return stdout.trim();
}

/** Skips the tests loudly when no engine or no image is there; fails when the caller insists on all peers. */
export async function requireEngine(context: Mocha.Context): Promise<void> {
  try {
    await docker('image', 'inspect', NODE_IMAGE);
  } catch (error) {
    if (process.env.IM_TEST_PEERS === 'all') throw error;
    console.warn(`SKIPPED: no Docker engine with image ${NODE_IMAGE} (set IM_TEST_PEERS=all to make this a failure)`);
    context.skip();
  }
}

/** A connector to the engine of this machine. */
export function connectDocker(parts: Partial<CloudCredential> = {}, logger = recordingLogger().logger): CloudConnector {
  const credential = cloud('Docker', { protocol: 'unix', path: ENGINE_SOCKET, ...parts });
  return createConnectorRegistry(connectorEnvironment({}, logger), builtInConnectorTypes).connect(credential);
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

/** Ids of all containers of an infrastructure. */
export async function containersOf(infrastructureId: string): Promise<readonly string[]> {
  return lines(await docker('ps', '-aq', '--no-trunc', '--filter', `label=im.inf=${infrastructureId}`));
}

/** Everything that the engine has of an infrastructure. */
export async function leftoversOf(infrastructureId: string): Promise<readonly string[]> {
  const filter = ['--filter', `label=im.inf=${infrastructureId}`];
  const [containers, networks, volumes] = await Promise.all([
    containersOf(infrastructureId),
    docker('network', 'ls', '-q', ...filter).then(lines),
    docker('volume', 'ls', '-q', ...filter).then(lines),
  ]);
  return [...containers, ...networks, ...volumes];
}

/** Removes everything that the engine has of an infrastructure: the last resort of a test that failed half-way. */
export async function sweep(infrastructureId: string): Promise<void> {
  const filter = ['--filter', `label=im.inf=${infrastructureId}`];
  for (const id of await containersOf(infrastructureId)) await docker('rm', '-f', '-v', id);
  for (const id of lines(await docker('network', 'ls', '-q', ...filter))) await docker('network', 'rm', id);
  for (const name of lines(await docker('volume', 'ls', '-q', ...filter))) await docker('volume', 'rm', name);
}

/** What `docker inspect` says, reduced by a template. */
export async function inspect(id: string, template: string): Promise<string> {
  return docker('inspect', '-f', template, id);
}
