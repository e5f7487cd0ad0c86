// SPDX-License-Identifier: Apache-2.0
// A Docker engine of its own that is a Swarm of one, so that the engine of the machine stays as it is.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { poll } from '../../../src/util/deadline.js';
import { ENGINE_SOCKET, NODE_IMAGE } from './engine.js';

const run = promisify(execFile);

/** A running Swarm. */
export interface PrivateSwarm {
  /** Path of its socket. */
  readonly socket: string;
  docker(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the engine, makes it a Swarm and gives it the node image. Needs root, `dockerd`, `unshare` and `ip`. */
export async function startSwarm(): Promise<PrivateSwarm> {
  const folder = mkdtempSync(join(tmpdir(), 'im-swarm-'));
  const socket = join(folder, 'docker.sock');
  const host = ['-H', `unix://${socket}`];
  const folders = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-p', join(folder, 'pid')];
  // In a network namespace of its own: an engine makes and removes bridges and firewall rules of whatever machine it believes to own.
  const start = 'ip link set lo up && exec dockerd "$@"';
  const engine = spawn('unshare', ['--net', 'sh', '-c', start, 'dockerd', ...folders, ...host], { stdio: 'ignore' });
  let failure: Error | undefined;
  engine.on('error', (error) => {
    failure = error;
  });
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await run('docker', [...host, ...args])).stdout.trim();
  const stop = () => stopSwarm(engine, docker, folder);
  try {
    await poll({ timeoutMs: 30_000, intervalMs: 200, what: 'the private Docker engine' }, async () => {
      if (failure !== undefined) throw failure;
      if (engine.exitCode !== null) throw new Error(`dockerd ended with code ${engine.exitCode}`);
      return existsSync(socket) ? docker('info').catch(() => undefined) : undefined;
    });
    await docker('swarm', 'init', '--advertise-addr', '127.0.0.1');
    const copy = `docker -H unix://${ENGINE_SOCKET} save "$1" | docker -H "unix://$2" load`;
    await run('sh', ['-c', copy, 'copy', NODE_IMAGE, socket]);
    return { socket, docker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopSwarm(
  engine: ChildProcess,
  docker: (...args: readonly string[]) => Promise<string>,
  folder: string,
): Promise<void> {
  if (engine.pid !== undefined && engine.exitCode === null) {
    await docker('swarm', 'leave', '--force').catch(() => '');
    const ended = new Promise((resolve) => engine.once('exit', resolve));
    engine.kill('SIGTERM');
    await ended;
  }
  // What a container still had mounted.
  for (const line of execFileSync('cat', ['/proc/self/mounts'], { encoding: 'utf8' }).split('\n').reverse()) {
    const mountPoint = line.split(' ')[1] ?? '';
    if (mountPoint.startsWith(folder)) await run('umount', ['-l', mountPoint]).catch(() => undefined);
  }
  rmSync(folder, { recursive: true, force: true });
}
