// SPDX-License-Identifier: Apache-2.0
// HTTP to providers: time limits, bounded answers, retries of harmless calls, unix sockets and client certificates.
import { Agent, type Dispatcher } from 'undici';
import { errorText, ImError } from '../../domain/index.js';
import { DeadlineError, sleep, withTimeout } from '../../util/deadline.js';
import { guardedLookup, isMetadataAddress, literalAddress } from '../../util/guarded-lookup.js';

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;
const TRIES = 3;
const RETRY_BASE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Where a provider listens. */
export interface HttpEndpoint {
  /** `http://host:port` or `https://host:port`; behind a unix socket only its scheme and host header count. */
  readonly origin: string;
  /** Put before every request path, without a `/` at its end. */
  readonly pathPrefix?: string;
  readonly socketPath?: string;
  readonly tls?: {
    /** False accepts any certificate of the server. */
    readonly isVerified: boolean;
    /** PEM client certificate and key. */
    readonly certificate?: string;
    readonly privateKey?: string;
  };
  /** How error texts call it. No secrets. */
  readonly name: string;
}

/** One call. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH';
  /** Path without query. */
  readonly path: string;
  /** A list repeats the parameter. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, bytes as they are. */
  readonly body?: Buffer | object;
  readonly signal: AbortSignal;
  /** Limit for each try. */
  readonly timeoutMs?: number;
  /** May be repeated after a failure without doing anything twice. Default: GET, HEAD, PUT, DELETE. */
  readonly isRepeatable?: boolean;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; of a repeated header the first value. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Calls one provider. Connections are kept for a few seconds and then closed by themselves. */
export interface HttpClient {
  /** @throws ImError `provider` when there is no answer in time, or a too long one; the signal's reason when it aborts */
  call(call: HttpCall): Promise<HttpAnswer>;
  /**
   * A call whose answer is a long-lived stream of lines. The time limit of the call is the longest silence between two lines; the
   * caller bounds the whole with the signal.
   */
  lines(call: HttpCall): Promise<{ readonly status: number; readonly lines: AsyncIterable<string> }>;
}

/** Users choose the host: it must not lead to the metadata service of the daemon's own cloud. */
function checkAddress({ origin, socketPath }: HttpEndpoint, refusal: (host: string) => Error): void {
  const url = socketPath === undefined && URL.canParse(origin) ? new URL(origin) : undefined;
  const address = url && literalAddress(url);
  if (url && address && isMetadataAddress(address)) throw refusal(url.host);
}

/** Makes a client. @throws ImError `provider` for an address where no cloud can be. @param random 0..1, spreads the retries of many clients */
export function createHttpClient(endpoint: HttpEndpoint, random: () => number = Math.random): HttpClient {
  const refusal = (host: string): Error =>
    new ImError(
      'provider',
      `${endpoint.name} is at ${host}, where no cloud can be: the address is link-local or empty.`,
    );
  checkAddress(endpoint, refusal);
  const dispatcher = new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      lookup: guardedLookup(isMetadataAddress, refusal),
      ...(endpoint.socketPath !== undefined && { socketPath: endpoint.socketPath }),
      ...(endpoint.tls !== undefined && {
        rejectUnauthorized: endpoint.tls.isVerified,
        ...(endpoint.tls.certificate !== undefined && { cert: endpoint.tls.certificate }),
        ...(endpoint.tls.privateKey !== undefined && { key: endpoint.tls.privateKey }),
      }),
    },
    // The limits below are the only ones: undici's own would cut long pulls.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const send = (call: HttpCall, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const isJson = call.body !== undefined && !Buffer.isBuffer(call.body);
    const query = call.query === undefined ? '' : `?${queryText(call.query)}`;
    return dispatcher.request({
      origin: endpoint.origin,
      path: `${endpoint.pathPrefix ?? ''}${call.path}${query}`,
      method: call.method,
      headers: { accept: 'application/json', ...(isJson && { 'content-type': 'application/json' }), ...call.headers },
      body: isJson ? JSON.stringify(call.body) : Buffer.isBuffer(call.body) ? call.body : null,
      signal,
    });
  };

  const attempt = (call: HttpCall): Promise<HttpAnswer> =>
    withTimeout(
      { timeoutMs: call.timeoutMs ?? REQUEST_TIMEOUT_MS, what: `the answer of ${endpoint.name}`, signal: call.signal },
      async (signal) => {
        const { statusCode, headers, body } = await send(call, signal);
        return { status: statusCode, headers: headerMap(headers), body: await readBounded(body, endpoint.name) };
      },
    );

  const call = async (call: HttpCall): Promise<HttpAnswer> => {
    const isRepeatable = call.isRepeatable ?? (call.method !== 'POST' && call.method !== 'PATCH');
    for (let tries = 1; ; tries += 1) {
      const isLast = tries === TRIES || !isRepeatable;
      let pauseMs = random() * RETRY_BASE_MS * 2 ** (tries - 1);
      try {
        const answer = await attempt(call);
        if (isLast || !RETRIED_STATUSES.has(answer.status)) return answer;
        pauseMs = Math.max(pauseMs, retryAfterMs(answer));
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason;
        if (isLast || error instanceof ImError) throw asProviderError(error, endpoint.name);
      }
      await sleep(pauseMs, call.signal);
    }
  };

  const lines = async (call: HttpCall) => {
    const silenceMs = call.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const controller = new AbortController();
    const signal = AbortSignal.any([call.signal, controller.signal]);
    const inTime = <T>(task: Promise<T>): Promise<T> =>
      withTimeout(
        { timeoutMs: silenceMs, what: `the answer of ${endpoint.name}`, signal: call.signal },
        () => task,
      ).catch((error: unknown) => {
        controller.abort(error);
        if (call.signal.aborted) throw call.signal.reason;
        throw asProviderError(error, endpoint.name);
      });
    const { statusCode, body } = await inTime(send(call, signal));
    return { status: statusCode, lines: splitLines(body, inTime, endpoint.name) };
  };

  return { call, lines };
}

function queryText(query: Readonly<Record<string, string | readonly string[]>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((item): [string, string] => [name, item]),
  );
  return new URLSearchParams(pairs).toString();
}

function headerMap(headers: Readonly<Record<string, string | string[] | undefined>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name.toLowerCase(), first] as const];
    }),
  );
}

/** The pause that a provider asks for in seconds, within reason; 0 when it asks for none. */
function retryAfterMs({ headers }: HttpAnswer): number {
  const seconds = Number(headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, LONGEST_PAUSE_MS) : 0;
}

async function readBounded(body: AsyncIterable<Uint8Array>, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LARGEST_ANSWER_BYTES) {
      throw new ImError('provider', `The answer of ${name} is longer than ${LARGEST_ANSWER_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const LONGEST_LINE = 1024 * 1024;

async function* splitLines(
  body: AsyncIterable<Uint8Array>,
  inTime: <T>(task: Promise<T>) => Promise<T>,
  name: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const chunks = body[Symbol.asyncIterator]();
  let rest = '';
  try {
    for (;;) {
      const next = await inTime(chunks.next());
      rest += next.done ? decoder.decode() : decoder.decode(next.value, { stream: true });
      const parts = rest.split('\n');
      rest = next.done ? '' : (parts.pop() ?? '');
      if (rest.length > LONGEST_LINE) throw new ImError('provider', `The answer of ${name} has a too long line.`);
      for (const part of parts) {
        if (part.trim() !== '') yield part.trim();
      }
      if (next.done) return;
    }
  } finally {
    await chunks.return?.();
  }
}

/** A failure of the connection as an error for the user. */
function asProviderError(error: unknown, name: string): ImError {
  if (error instanceof ImError) return error;
  const reason = error instanceof DeadlineError ? error.message : connectionReason(error);
  return new ImError('provider', `Cannot reach ${name}: ${reason}`, { cause: error });
}

function connectionReason(error: unknown): string {
  const text = errorText(error);
  return text === '' && error instanceof Error && 'code' in error ? String(error.code) : text;
}
