// SPDX-License-Identifier: Apache-2.0
// HTTP to identity providers and credential stores: time limit, bounded answers, few redirects, no clear text but to this host.
import { Agent, type Dispatcher } from 'undici';
import { errorText } from '../domain/index.js';
import { withTimeout } from '../util/deadline.js';
import { guardedLookup, literalAddress } from '../util/guarded-lookup.js';
import { cidrContains, type IpAddress, parseCidr } from '../util/ip.js';

const LARGEST_ANSWER_BYTES = 1024 * 1024;
const MOST_REDIRECTS = 3;
const MOST_CONNECTIONS = 32;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** There was no usable answer: nobody listens, the time is over, the certificate is bad. The text never holds a secret. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** One request. */
export interface BoundedRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** An answer, whatever its status. */
export interface BoundedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Sends requests. @throws UnreachableError; the signal's reason when that aborts */
export type BoundedHttp = (request: BoundedRequest) => Promise<BoundedAnswer>;

/** How requests are sent. */
export interface BoundedHttpOptions {
  /** False accepts any certificate (VERIFI_SSL). */
  readonly verifySsl: boolean;
  /** For a whole request, redirects included. */
  readonly timeoutMs: number;
  /** How many bytes an answer may have; 1 MiB when absent. */
  readonly maxBytes?: number;
  /** Refuses `http:` to other machines: what is sent could be read on the way. */
  readonly needsTls: boolean;
  /** Addresses that are never connected to, whatever name leads there. */
  readonly isForbidden?: (address: IpAddress) => boolean;
}

/** Makes the sender; its connections close by themselves when they are idle. */
export function createBoundedHttp(options: BoundedHttpOptions): BoundedHttp {
  const { timeoutMs, isForbidden = () => false, maxBytes = LARGEST_ANSWER_BYTES } = options;
  const dispatcher = new Agent({
    connections: MOST_CONNECTIONS,
    connect: { rejectUnauthorized: options.verifySsl, lookup: guardedLookup(isForbidden, notAllowed) },
    // The limit below is the only one.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const checkUrl = (url: URL): void => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new UnreachableError(`${url.protocol} is no protocol of the web`);
    }
    if (url.protocol === 'http:' && options.needsTls && !isThisHost(url)) {
      throw new UnreachableError(`${url.host} would be asked without TLS; use https, or switch VERIFI_SSL off`);
    }
    // Addresses in the URL itself never pass the look-up.
    const address = literalAddress(url);
    if (address && isForbidden(address)) throw notAllowed(url.host);
  };

  const exchange = async (request: BoundedRequest, signal: AbortSignal): Promise<BoundedAnswer> => {
    let { url, headers } = request;
    for (let redirects = 0; ; redirects += 1) {
      checkUrl(url);
      const { method } = request;
      const answer = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        body: request.body ?? null,
        signal,
      });
      const target = method === 'GET' && REDIRECTS.has(answer.statusCode) ? headerText(answer, 'location') : '';
      if (target === '') {
        const text = await boundedText(answer.body, maxBytes, url.host);
        return { status: answer.statusCode, contentType: headerText(answer, 'content-type'), text };
      }
      await answer.body.dump();
      if (redirects === MOST_REDIRECTS || !URL.canParse(target, url.href)) {
        throw new UnreachableError(`${url.host} redirects without end`);
      }
      const next = new URL(target, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw new UnreachableError(`${url.host} redirects away from TLS`);
      }
      if (next.origin !== url.origin) headers = withoutCredentials(headers);
      url = next;
    }
  };

  return async (request) => {
    const what = `the answer of ${request.url.host}`;
    try {
      return await withTimeout({ timeoutMs, what, signal: request.signal }, (signal) => exchange(request, signal));
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (error instanceof UnreachableError) throw error;
      throw new UnreachableError(reasonOf(error), { cause: error });
    }
  };
}

const notAllowed = (host: string): Error => new UnreachableError(`the address of ${host} is not allowed`);

const LOOPBACK = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseCidr(text) ?? []);

function isThisHost(url: URL): boolean {
  const host = url.hostname;
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const address = literalAddress(url);
  return address !== undefined && LOOPBACK.some((network) => cidrContains(network, address));
}

function headerText(answer: Dispatcher.ResponseData, name: string): string {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function withoutCredentials(headers: BoundedRequest['headers']): BoundedRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(authorization|x-vault-)/i.test(name)));
}

async function boundedText(body: AsyncIterable<Uint8Array>, maxBytes: number, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new UnreachableError(`the answer of ${host} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Connection errors of several addresses have an empty text of their own; the code says more. */
function reasonOf(error: unknown): string {
  const text = errorText(error).replace(/\.$/, '');
  return text === '' && error instanceof Error && 'code' in error ? String(error.code) : text;
}
