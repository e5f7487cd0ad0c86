// SPDX-License-Identifier: Apache-2.0
// XML-RPC calls through Python's own client in a process beside the test: what it cannot read, real clients cannot read.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { member, parseJson } from '../../scripts/quickstart/json.js';

const SCRIPT = fileURLToPath(new URL('../e2e/xmlrpc_client.py', import.meta.url));

/** What came back: `result` is usually `[success, value]`. */
export interface Outcome {
  readonly result: unknown;
  readonly fault: unknown;
  readonly error: unknown;
}

/** One client process; calls are made one after another. */
export class PythonXmlRpc {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #write: (line: string) => void;

  constructor(url: string) {
    const child = spawn('python3', [SCRIPT, url], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#write = (line) => child.stdin.write(line);
  }

  async call(method: string, ...params: readonly unknown[]): Promise<Outcome> {
    this.#write(`${JSON.stringify({ method, params })}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the Python client ended during ${method}`);
    const outcome = parseJson(line.value);
    return { result: member(outcome, 'result'), fault: member(outcome, 'fault'), error: member(outcome, 'error') };
  }

  /** The value of a call that must succeed. */
  async value(method: string, ...params: readonly unknown[]): Promise<unknown> {
    const outcome = await this.call(method, ...params);
    const { result } = outcome;
    if (Array.isArray(result) && result.length === 2 && result[0] === true) return result[1];
    throw new Error(`${method} answered ${JSON.stringify(outcome)}`);
  }

  /** The text of a call that must fail. */
  async refusal(method: string, ...params: readonly unknown[]): Promise<string> {
    const outcome = await this.call(method, ...params);
    const { result } = outcome;
    if (Array.isArray(result) && result.length === 2 && result[0] === false) return String(result[1]);
    throw new Error(`${method} answered ${JSON.stringify(outcome)}`);
  }

  close(): void {
    this.#child.stdin?.end();
  }
}
