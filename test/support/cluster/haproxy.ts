// SPDX-License-Identifier: Apache-2.0
// The real HAProxy with the configuration that the repository ships, on free ports of loopback.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, freePort } from '../databases/private-server.js';
import { until } from '../waiting.js';

const SHIPPED = fileURLToPath(new URL('../../../haproxy/haproxy.cfg', import.meta.url));
const DIRECTORIES = ['/usr/sbin', '/usr/local/sbin'];

/** Ports of a daemon behind it. */
export interface ProxiedDaemon {
  readonly restPort: number;
  readonly xmlrpcPort: number;
}

/** A proxy that runs. Its servers are called im1, im2, ... */
export interface HaProxy {
  readonly restPort: number;
  readonly xmlrpcPort: number;
  /** Answer of a command of the runtime API. */
  command(text: string): Promise<string>;
  /** Names of the servers of the REST backend that get requests. */
  upServers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Why there can be no proxy here, or undefined. */
export function haProxyProblem(): string | undefined {
  return findProgram('haproxy', ...DIRECTORIES) ? undefined : 'haproxy is not installed: scripts/ensure-databases.sh';
}

/** Starts a proxy before daemons; waits until it sees at least one of them, when it should. */
export async function startHaProxy(daemons: readonly ProxiedDaemon[]): Promise<HaProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'im-haproxy-'));
  const [restPort, xmlrpcPort] = [await freePort(), await freePort()];
  const config = join(directory, 'haproxy.cfg');
  const socket = join(directory, 'socket');
  await writeFile(config, adapted(await readFile(SHIPPED, 'utf8'), daemons, restPort, xmlrpcPort));
  const extra = join(directory, 'test.cfg');
  await writeFile(extra, `global\n    stats socket ${socket} level admin\n`);
  const child = spawn(findProgram('haproxy', ...DIRECTORIES) ?? 'haproxy', ['-db', '-f', config, '-f', extra], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output = (output + text).slice(-20_000);
    });
  }
  const atExit = (): void => {
    child.kill('SIGKILL');
  };
  process.on('exit', atExit);
  const proxy: HaProxy = {
    restPort,
    xmlrpcPort,
    command: (text) => runCommand(socket, text),
    async upServers() {
      const [head, ...rows] = (await runCommand(socket, 'show stat')).trim().split('\n');
      const columns = (head ?? '').replace(/^# /, '').split(',');
      const [backend, name, status] = ['pxname', 'svname', 'status'].map((column) => columns.indexOf(column));
      return rows
        .map((row) => row.split(','))
        .filter((row) => row[backend ?? 0] === 'im_rest' && /^im\d/.test(row[name ?? 1] ?? ''))
        .filter((row) => (row[status ?? 17] ?? '').startsWith('UP'))
        .map((row) => row[name ?? 1] ?? '');
    },
    async stop() {
      await end(child);
      process.off('exit', atExit);
      await rm(directory, { recursive: true, force: true });
    },
  };
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`haproxy ended with ${child.exitCode}: ${output}`);
      return (await proxy.command('show info').catch(() => '')) !== '';
    },
    'haproxy to answer',
    20_000,
  );
  return proxy;
}

/** The shipped file with other addresses; everything else stays. */
function adapted(shipped: string, daemons: readonly ProxiedDaemon[], restPort: number, xmlrpcPort: number): string {
  return shipped
    .replace('bind :8800', `bind 127.0.0.1:${restPort}`)
    .replace('bind :8899', `bind 127.0.0.1:${xmlrpcPort}`)
    .split('\n')
    .flatMap((line) => {
      const [, number, port, rest = ''] = /^ +server im(\d) im\d:(8800|8899)(.*)$/.exec(line) ?? [];
      if (number === undefined) return [line];
      const daemon = daemons[Number(number) - 1];
      if (daemon === undefined) return [];
      const address = `127.0.0.1:${port === '8800' ? daemon.restPort : daemon.xmlrpcPort}`;
      return [`    server im${number} ${address}${rest.replace('port 8800', `port ${daemon.restPort}`)}`];
    })
    .join('\n');
}

async function runCommand(path: string, text: string): Promise<string> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  socket.end(`${text}\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
