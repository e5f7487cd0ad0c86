// SPDX-License-Identifier: Apache-2.0
// The built daemon in a process of its own, with what it costs: CPU time and memory from /proc.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Linux counts CPU time in these. */
const TICKS_PER_SECOND = 100;

/** A process under load. */
export interface MeasuredProcess {
  readonly url: string;
  /** CPU seconds used so far. */
  cpuSeconds(): number;
  /** Resident memory in MiB. */
  memoryMiB(): number;
  stop(): Promise<void>;
}

/** A free port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') {
    throw new Error('no free port');
  }
  return address.port;
}

/** Starts a process and waits until its URL answers. */
export async function startProcess(
  argv: readonly string[],
  url: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<MeasuredProcess> {
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...environment },
  });
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) {
      throw new Error(`${argv.join(' ')} ended with ${child.exitCode}`);
    }
    const isUp = await fetch(`${url}/version`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) {
      break;
    }
    await pause(50);
  }
  return {
    url,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    memoryMiB: () => {
      const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      return Number(line?.[1] ?? 0) / 1024;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Starts the built daemon on a fresh SQLite file. */
export async function startBuiltDaemon(options = ''): Promise<MeasuredProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'im-bench-'));
  const port = await freePort();
  await writeFile(
    join(directory, 'im.cfg'),
    `[im]\nDATA_DB = sqlite://${directory}/inf.dat\nREST_ADDRESS = 127.0.0.1\nREST_PORT = ${port}\nACTIVATE_XMLRPC = False\n` +
      `LOG_FILE = ${directory}/im.log\n${options}`,
  );
  const daemon = await startProcess(
    ['dist/main.js', '--config', join(directory, 'im.cfg')],
    `http://127.0.0.1:${port}`,
  );
  return {
    ...daemon,
    stop: async () => {
      await daemon.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Authorization header of the benchmarks: one user, one Dummy cloud. */
export const AUTHORIZATION = 'type = InfrastructureManager; username = bench; password = bench\\nid = d; type = Dummy';
