// SPDX-License-Identifier: Apache-2.0
// The built daemon in a process of its own for end-to-end tests: free ports, temporary files, any signal, and a REST client.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRecord, member, parseJson } from '../../scripts/quickstart/json.js';
import { until } from './waiting.js';

/** What `npm run build` makes and `npm start` runs. */
export const ENTRY = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const START_MS = 60_000;
const CALL_MS = 120_000;

/** Credential line of a user; each has a password of its own. */
export const userLine = (username: string): string =>
  `type = InfrastructureManager; username = ${username}; password = password of ${username}`;

/** Credential lines as a client joins them for the Authorization header. */
export const authorizationOf = (...lines: readonly string[]): string => lines.join('\\n');

/** A port that nothing listens on. */
export async function anyFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** An answer of the REST API. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** A member of the JSON body; without names the whole of it. */
  json(...names: readonly string[]): unknown;
}

/** Parts of a request beside method and path. */
export interface RequestParts {
  readonly body?: string | Uint8Array;
  /** Media type of the body; `text/plain` when there is one. */
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** State words of an infrastructure and its VMs. */
export interface StateWords {
  readonly state: string;
  readonly vms: Readonly<Record<string, string>>;
}

/** A user of the REST API. */
export class RestUser {
  constructor(
    readonly baseUrl: string,
    readonly authorization: string,
  ) {}

  async call(method: string, path: string, parts: RequestParts = {}): Promise<Answer> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...(this.authorization !== '' && { Authorization: this.authorization }),
        ...(parts.accept !== undefined && { Accept: parts.accept }),
        ...(parts.body !== undefined && { 'Content-Type': parts.type ?? 'text/plain' }),
        ...parts.headers,
      },
      ...(parts.body !== undefined && { body: parts.body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await response.text();
    const json = (...names: readonly string[]): unknown => member(parseJson(text), ...names);
    return { status: response.status, headers: response.headers, text, json };
  }

  get(path: string, parts: RequestParts = {}): Promise<Answer> {
    return this.call('GET', path, parts);
  }

  post(path: string, body: string, parts: RequestParts = {}): Promise<Answer> {
    return this.call('POST', path, { ...parts, body });
  }

  put(path: string, parts: RequestParts = {}): Promise<Answer> {
    return this.call('PUT', path, parts);
  }

  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }

  /** Creates an infrastructure and returns its id. Fails with the text of a refusal. */
  async create(document: string, { isAsync = true } = {}): Promise<string> {
    const answer = await this.post(`/infrastructures${isAsync ? '?async=true' : ''}`, document);
    if (answer.status !== 200) throw new Error(`create answered ${answer.status}: ${answer.text}`);
    return idOf(answer.text);
  }

  async state(id: string): Promise<StateWords> {
    const answer = await this.get(`/infrastructures/${id}/state`);
    if (answer.status !== 200) throw new Error(`state answered ${answer.status}: ${answer.text}`);
    const vms = answer.json('state', 'vm_states');
    const words = Object.entries(isRecord(vms) ? vms : {}).map(([vm, word]) => [vm, String(word)]);
    return { state: String(answer.json('state', 'state')), vms: Object.fromEntries(words) };
  }

  /** Ids of the VMs of an infrastructure. */
  async vms(id: string): Promise<readonly string[]> {
    return linesOf((await this.get(`/infrastructures/${id}`)).text).map(idOf);
  }

  /** Waits until the infrastructure has the state; one that ends in another final state fails with its log. */
  async reaches(id: string, wanted: string, deadlineMs = 120_000): Promise<StateWords> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      const words = await this.state(id);
      if (words.state === wanted) return words;
      const isWrong = FINAL.includes(words.state) && FINAL.includes(wanted);
      if (isWrong || Date.now() > end) {
        const { text } = await this.get(`/infrastructures/${id}/contmsg`);
        throw new Error(`the state is ${JSON.stringify(words)}, not ${wanted}:\n${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const FINAL = ['configured', 'unconfigured', 'failed'];

/** The last element of a URI. */
export const idOf = (uri: string): string => uri.slice(uri.lastIndexOf('/') + 1);

/** Lines of a text without a final empty one. */
export const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.trimEnd().split('\n'));

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Options of im.cfg that differ from those of every test. */
export type Options = Readonly<Record<string, string | number>>;

/** Runs the command line of the daemon to its end. */
export async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ending & { readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: { ...withoutOptions(process.env), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: START_MS,
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, stdout: stdout.text, stderr: stderr.text };
}

function collect(stream: NodeJS.ReadableStream): { text: string } {
  const collected = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    collected.text += chunk;
  });
  return collected;
}

/** The environment without `IM_...`: such variables override im.cfg. */
function withoutOptions(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('IM_')));
}

/** A daemon whose process comes and goes while its files stay. */
export class TestDaemon {
  #process: ChildProcess | undefined;
  #output = { text: '' };

  private constructor(
    readonly directory: string,
    readonly restPort: number,
    readonly xmlrpcPort: number,
    readonly entry: string,
    readonly node: string,
  ) {}

  /** Writes im.cfg; nothing runs yet. @param entry the program, which takes `--config FILE` @param node the Node that runs it */
  static async prepare(options: Options = {}, entry = ENTRY, node = process.execPath): Promise<TestDaemon> {
    const directory = await mkdtemp(join(tmpdir(), 'im-e2e-'));
    const daemon = new TestDaemon(directory, await anyFreePort(), await anyFreePort(), entry, node);
    await daemon.configure(options);
    return daemon;
  }

  static async start(options: Options = {}): Promise<TestDaemon> {
    const daemon = await TestDaemon.prepare(options);
    try {
      await daemon.start();
    } catch (error) {
      await daemon.remove();
      throw error;
    }
    return daemon;
  }

  get configFile(): string {
    return join(this.directory, 'im.cfg');
  }

  get database(): string {
    return join(this.directory, 'inf.dat');
  }

  get logFile(): string {
    return join(this.directory, 'im.log');
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.restPort}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Writes im.cfg anew, for the next start. */
  async configure(options: Options): Promise<void> {
    const all: Options = {
      DATA_DB: `sqlite://${this.database}`,
      REST_ADDRESS: '127.0.0.1',
      REST_PORT: this.restPort,
      XMLRCP_ADDRESS: '127.0.0.1',
      XMLRCP_PORT: this.xmlrpcPort,
      LOG_FILE: this.logFile,
      VM_INFO_UPDATE_FREQUENCY: 1,
      CONFMAMAGER_CHECK_STATE_INTERVAL: 1,
      DELAY_BETWEEN_VM_RETRIES: 0,
      MAX_SIMULTANEOUS_LAUNCHES: 4,
      ...options,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(this.configFile, `[im]\n${lines.join('')}`);
  }

  /** Starts the process and waits until it answers. Fails with what it printed when it does not. */
  async start(): Promise<void> {
    const child = spawn(this.node, [this.entry, '--config', this.configFile], {
      env: withoutOptions(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.#output = { text: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        this.#output.text += chunk;
      });
    }
    await until(
      async () => {
        if (!this.isRunning) throw new Error(`the daemon ended with ${child.exitCode}: ${this.output}`);
        return this.answers();
      },
      'the daemon to answer',
      START_MS,
    );
  }

  /** Whether one of the APIs answers; REST where it is on. */
  async answers(): Promise<boolean> {
    for (const port of [this.restPort, this.xmlrpcPort]) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/version`, { signal: AbortSignal.timeout(5000) });
        await response.arrayBuffer();
        return true;
      } catch {
        // Not listening yet, or this API is off.
      }
    }
    return false;
  }

  get isRunning(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** What the process has printed since its last start. */
  get output(): string {
    return this.#output.text;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', deadlineMs = 30_000): Promise<Ending> {
    const child = this.#process;
    if (child === undefined || !this.isRunning) throw new Error(`the daemon does not run: ${this.output}`);
    child.kill(signal);
    await until(() => !this.isRunning, `the daemon to end after ${signal}`, deadlineMs);
    return { code: child.exitCode, signal: child.signalCode };
  }

  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  user(...lines: readonly string[]): RestUser {
    return new RestUser(this.baseUrl, authorizationOf(...lines));
  }

  /** Ends the process, whatever it does, and removes its files. */
  async remove(): Promise<void> {
    if (this.isRunning) await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }
}
