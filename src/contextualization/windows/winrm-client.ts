// SPDX-License-Identifier: Apache-2.0
// Runs a program on a Windows machine over WinRM (MS-WSMV), through the connection to the control node: Basic log-in, over TLS.
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { sleep, withTimeout } from '../../util/deadline.js';
import { ACTIONS, envelope, escapeXml, IDENTIFY, readSoap, type SoapElement, TERMINATE } from './soap.js';

/** Where and how to log in. */
export interface WinrmTarget {
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  readonly username: string;
  readonly password: string;
  /** Opens a stream to the machine. */
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
  /** Gets the fingerprint of the machine's certificate; throws to refuse it. */
  readonly checkCertificate: (fingerprint: string) => Promise<void>;
}

/** How a program ended. */
export interface WinrmResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Reason of a failure: `refused` wrong credentials · `unreachable` nobody answers, or no WinRM (yet) · `protocol` the machine answers with
 * a fault, or with something else than WinRM.
 */
export class WinrmError extends Error {
  override readonly name = 'WinrmError';
  readonly reason: 'refused' | 'unreachable' | 'protocol';

  constructor(reason: 'refused' | 'unreachable' | 'protocol', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

const REQUEST_TIMEOUT_MS = 40_000;
const OPERATION_SECONDS = 20;
const LARGEST_ANSWER = 2_000_000;
const LARGEST_OUTPUT = 1_000_000;
/** WSMan: nothing came within OperationTimeout; the command goes on. */
const NOTHING_YET = '2150858793';
/** Standard input goes in pieces that fit into an envelope of 150 kB, base64 and all. */
const PIECE = 60_000;

const url = ({ scheme, host, port }: WinrmTarget): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/wsman`;

async function secured(target: WinrmTarget, stream: Duplex, signal: AbortSignal): Promise<Duplex> {
  if (target.scheme === 'http') return stream;
  // No authority knows these certificates: the one seen first is remembered instead.
  const socket = tlsConnect({ socket: stream, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  await target.checkCertificate(fingerprintOf(socket));
  return socket;
}

const fingerprintOf = (socket: TLSSocket): string =>
  `TLS-SHA256:${socket.getPeerCertificate().fingerprint256.replaceAll(':', '')}`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

function exchange(target: WinrmTarget, stream: Duplex, message: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(message);
    const request: ClientRequest = httpRequest({
      createConnection: () => stream,
      method: 'POST',
      path: '/wsman',
      headers: {
        host: `${target.host}:${target.port}`,
        'content-type': 'application/soap+xml;charset=UTF-8',
        'content-length': body.length,
        authorization: `Basic ${Buffer.from(`${target.username}:${target.password}`).toString('base64')}`,
        connection: 'close',
      },
      signal,
    });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_ANSWER) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body);
  });
}

async function post(target: WinrmTarget, message: string, signal: AbortSignal): Promise<Answer> {
  const where = url(target);
  let stream: Duplex | undefined;
  try {
    return await withTimeout({ timeoutMs: REQUEST_TIMEOUT_MS, what: where, signal }, async (inner) => {
      stream = await target.open(inner);
      stream.on('error', () => {}); // the request has the error
      return await exchange(target, await secured(target, stream, inner), message, inner);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WinrmError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new WinrmError('unreachable', `No WinRM answers at ${where}: ${text}`, error);
  } finally {
    stream?.destroy();
  }
}

async function call(target: WinrmTarget, message: string, signal: AbortSignal): Promise<readonly SoapElement[]> {
  const where = url(target);
  const { status, text } = await post(target, message, signal);
  if (status === 401) throw new WinrmError('refused', `${where} refused the credentials of ${target.username}.`);
  let elements: readonly SoapElement[];
  try {
    elements = readSoap(text);
  } catch (error) {
    throw new WinrmError('protocol', `${where} answers with HTTP ${status} and no WS-Management message.`, error);
  }
  const fault = elements.find(({ name }) => name === 'WSManFault');
  if (fault?.attributes.Code === NOTHING_YET) return [];
  if (status !== 200 || elements.some(({ name }) => name === 'Fault')) {
    const said =
      elements.find(({ name }) => name === 'Message')?.text || elements.find(({ name }) => name === 'Text')?.text;
    throw new WinrmError(
      'protocol',
      `${where} answers with HTTP ${status}: ${(said ?? '').replace(/\s+/g, ' ').trim().slice(0, 300)}`,
    );
  }
  return elements;
}

/**
 * Asks whether a WinRM service answers there that takes the credentials.
 * @throws WinrmError; the signal's reason on abort
 */
export async function checkWinrm(target: WinrmTarget, signal: AbortSignal): Promise<void> {
  await call(target, IDENTIFY, signal);
}

const textOf = (elements: readonly SoapElement[], name: string): string | undefined =>
  elements.find((element) => element.name === name)?.text.trim() || undefined;

function shellIdOf(elements: readonly SoapElement[]): string | undefined {
  const selector = elements.find(({ name, attributes }) => name === 'Selector' && attributes.Name === 'ShellId');
  return selector?.text.trim() || textOf(elements, 'ShellId');
}

/**
 * Runs a PowerShell script with texts on its standard input, and waits for its end.
 * @throws WinrmError; the signal's reason on abort
 */
export async function runPowerShell(
  target: WinrmTarget,
  script: string,
  stdin: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<WinrmResult> {
  const to = url(target);
  const message = { to, timeoutSeconds: OPERATION_SECONDS };
  return withTimeout({ ...options, what: `a command on ${to}` }, async (signal) => {
    const ask = (part: { action: string; body: string; shellId?: string; options?: Record<string, string> }) =>
      call(target, envelope({ ...message, ...part }), signal);
    const created = await ask({
      action: ACTIONS.create,
      options: { WINRS_NOPROFILE: 'TRUE', WINRS_CODEPAGE: '65001' },
      body: '<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>',
    });
    const shellId = shellIdOf(created);
    if (shellId === undefined) throw new WinrmError('protocol', `${to} does not say which shell it made.`);
    try {
      const encoded = Buffer.from(script, 'utf16le').toString('base64');
      const words = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Unrestricted', '-EncodedCommand', encoded];
      const started = await ask({
        action: ACTIONS.command,
        shellId,
        options: { WINRS_CONSOLEMODE_STDIN: 'TRUE', WINRS_SKIP_CMD_SHELL: 'FALSE' },
        body: `<rsp:CommandLine><rsp:Command>powershell</rsp:Command>${words.map((word) => `<rsp:Arguments>${escapeXml(word)}</rsp:Arguments>`).join('')}</rsp:CommandLine>`,
      });
      const commandId = textOf(started, 'CommandId');
      if (commandId === undefined) throw new WinrmError('protocol', `${to} does not say which command it started.`);
      const id = escapeXml(commandId);
      const input = Buffer.from(stdin);
      for (let offset = 0; offset === 0 || offset < input.length; offset += PIECE) {
        const piece = input.subarray(offset, offset + PIECE).toString('base64');
        const end = offset + PIECE >= input.length ? ' End="true"' : '';
        const body = `<rsp:Send><rsp:Stream Name="stdin" CommandId="${id}"${end}>${piece}</rsp:Stream></rsp:Send>`;
        await ask({ action: ACTIONS.send, shellId, body });
      }
      const result = await receive((body) => ask({ action: ACTIONS.receive, shellId, body }), id, signal);
      const body = `<rsp:Signal CommandId="${id}"><rsp:Code>${TERMINATE}</rsp:Code></rsp:Signal>`;
      await ask({ action: ACTIONS.signal, shellId, body }).catch(() => {}); // it has ended already
      return result;
    } finally {
      // A machine keeps few shells per user.
      await call(
        target,
        envelope({ ...message, action: ACTIONS.delete, shellId, body: '' }),
        AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ).catch(
        () => {}, // it ends by itself after a while
      );
    }
  });
}

async function receive(
  ask: (body: string) => Promise<readonly SoapElement[]>,
  id: string,
  signal: AbortSignal,
): Promise<WinrmResult> {
  const output = { stdout: '', stderr: '' };
  for (;;) {
    const elements = await ask(
      `<rsp:Receive><rsp:DesiredStream CommandId="${id}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
    );
    for (const { name, attributes, text } of elements) {
      if (name !== 'Stream') continue;
      const part = Buffer.from(text, 'base64').toString('utf8');
      if (attributes.Name === 'stdout' && output.stdout.length < LARGEST_OUTPUT) output.stdout += part;
      if (attributes.Name === 'stderr' && output.stderr.length < LARGEST_OUTPUT) output.stderr += part;
    }
    const state = elements.find(({ name }) => name === 'CommandState')?.attributes.State ?? '';
    if (state.endsWith('/Done')) return { ...output, exitCode: Number(textOf(elements, 'ExitCode') ?? 0) };
    await sleep(elements.length === 0 ? 0 : 100, signal);
  }
}
