// SPDX-License-Identifier: Apache-2.0
// Starts the daemon with crash points in a process of its own and speaks to it, for the tests that kill it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree } from '../../../scripts/quickstart/free-port.js';
import { Sqlite } from '../../../src/store/sql/sqlite-driver.js';
import { daemonBundle } from '../daemon-bundle.js';
import { until } from '../waiting.js';

const DAEMON = daemonBundle('test/support/crash/crash-daemon.ts', 'crash-daemon');

/** Must have ended before the first house is built. */
export const bundleCrashDaemon = (): Promise<void> => DAEMON.make();

/** Below the ports that systems give to outgoing connections, so that a daemon gets its port again after it was killed. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
// Processes that test beside each other begin apart.
let nextPort = (process.pid * 131) % PORTS;

/** No port is given out twice, not even while its daemon is dead: another daemon would be asked in its place. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS; tries += 1) {
    const port = FIRST_PORT + nextPort;
    nextPort = (nextPort + 1) % PORTS;
    if (await isPortFree(port, '127.0.0.1')) return port;
  }
  throw new Error('no free port');
}

/** An answer of the REST API. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One daemon directory whose process comes and goes. */
export class CrashHouse {
  readonly directory: string;
  readonly #port: number;
  readonly #authorization: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string, port: number, authorization: string) {
    this.directory = directory;
    this.#port = port;
    this.#authorization = authorization;
  }

  static async build(authorization: string): Promise<CrashHouse> {
    const directory = await mkdtemp(join(tmpdir(), 'im-crash-'));
    const port = await freePort();
    await writeFile(
      join(directory, 'im.cfg'),
      `[im]\nDATA_DB = sqlite://${directory}/inf.dat\nREST_ADDRESS = 127.0.0.1\nREST_PORT = ${port}\nACTIVATE_XMLRPC = False\n` +
        `LOG_FILE = ${directory}/im.log\nMAX_SIMULTANEOUS_LAUNCHES = 2\nDELAY_BETWEEN_VM_RETRIES = 0\nVM_INFO_UPDATE_FREQUENCY = 1\n`,
    );
    return new CrashHouse(directory, port, authorization);
  }

  get #log(): string {
    return join(this.directory, 'points');
  }

  /** Starts the daemon; with `crashAt` it dies at that point once it is armed. */
  async start(crashAt?: number): Promise<void> {
    rmSync(this.#log, { force: true });
    rmSync(`${this.#log}.armed`, { force: true });
    const child = spawn(process.execPath, [DAEMON.file], {
      env: {
        ...process.env,
        IM_CFG: join(this.directory, 'im.cfg'),
        CRASH_LOG: this.#log,
        ...(crashAt !== undefined && { CRASH_AT: String(crashAt) }),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#process = child;
    await until(
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`the daemon ended with ${child.exitCode ?? child.signalCode}: ${this.#tail()}`);
        }
        return (await this.call('GET', '/version').catch(() => undefined))?.status === 200;
      },
      'the daemon to answer',
      120_000,
    );
  }

  /** From now on crash points count. */
  async arm(): Promise<void> {
    this.#process?.kill('SIGUSR2');
    await until(() => existsSync(`${this.#log}.armed`), 'the crash points to be armed', 60_000);
  }

  /** Labels of the points passed since `arm`. */
  points(): readonly string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trim().split('\n') : [];
  }

  get isDead(): boolean {
    return this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Ends the process as it is, now. */
  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
  }

  async call(method: string, path: string, body?: string, mediaType = 'text/plain'): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      method,
      headers: { Authorization: this.#authorization, ...(body !== undefined && { 'Content-Type': mediaType }) },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(300_000),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Journal rows by kind, read beside the daemon. */
  operations(): ReadonlyMap<string, readonly string[]> {
    const database = new Sqlite(join(this.directory, 'inf.dat'), { readonly: true });
    try {
      const byKind = new Map<string, string[]>();
      for (const row of database.prepare('SELECT kind, state FROM operations ORDER BY sequence').all()) {
        const { kind, state } = row as { kind: string; state: string };
        byKind.set(kind, [...(byKind.get(kind) ?? []), state]);
      }
      return byKind;
    } finally {
      database.close();
    }
  }

  /** Waits until no operation is queued or running. */
  async settle(): Promise<void> {
    await until(
      () => [...this.operations().values()].flat().every((state) => state !== 'queued' && state !== 'running'),
      `the operations to end (${JSON.stringify([...this.operations()])}; ${this.#tail()})`,
      180_000,
    );
  }

  async demolish(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  #tail(): string {
    const file = join(this.directory, 'im.log');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-8).join('\n') : 'no log';
  }
}
