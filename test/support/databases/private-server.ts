// SPDX-License-Identifier: Apache-2.0
// Runs a database server of its own for a test run: a fresh directory, a free port on loopback, stopped and removed at the end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A program to run. */
export interface ServerCommand {
  readonly program: string;
  readonly argv: readonly string[];
  /** Numeric user to run as. */
  readonly uid?: number;
  readonly gid?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running server. */
export interface PrivateServer {
  readonly directory: string;
  readonly port: number;
  /** The present process: it changes with a restart. */
  readonly pid: number;
  /** Ends the process as it is, without its saying goodbye. */
  kill(): Promise<void>;
  /** Starts it again on the same directory and port. */
  restart(): Promise<void>;
  /** Stops it and removes its directory. */
  destroy(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;

/** The path of a program, looked for in the search path and in further directories. */
export function findProgram(name: string, ...furtherDirectories: readonly string[]): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...furtherDirectories];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** A directory for a server. */
export function serverDirectory(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `im-test-${name}-`));
}

/** A port on which nobody listens at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new TypeError('no TCP address');
  }
  return address.port;
}

/** Runs a program to its end. Fails with its last words unless it succeeds. */
export async function runToEnd(command: ServerCommand, log: string): Promise<void> {
  const child = start(command, log);
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    throw new Error(`${command.program} ended with ${code}: ${lastWords(log)}`);
  }
}

/** Starts a server and waits until it takes connections on the port. */
export async function startServer(command: ServerCommand, directory: string, port: number): Promise<PrivateServer> {
  const log = join(directory, 'server.log');
  let child = await startListening(command, log, port);
  // Also where the test run ends without its hooks.
  const atExit = (): void => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  process.on('exit', atExit);
  return {
    directory,
    port,
    get pid() {
      return child.pid ?? -1;
    },
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      await end(child, 'SIGKILL');
      child = await startListening(command, log, port);
    },
    async destroy() {
      await end(child, 'SIGTERM');
      process.off('exit', atExit);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function start({ program, argv, uid, gid, environment }: ServerCommand, log: string): ChildProcess {
  const output = openSync(log, 'a');
  const child = spawn(program, [...argv], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...environment },
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  closeSync(output);
  return child;
}

async function startListening(command: ServerCommand, log: string, port: number): Promise<ChildProcess> {
  const child = start(command, log);
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${command.program} does not serve: ${lastWords(log)}`);
    }
    await pause(20);
  }
  return child;
}

async function listens(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exit = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exit;
  clearTimeout(timer);
}

function lastWords(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : 'it said nothing';
}
