// SPDX-License-Identifier: Apache-2.0
// One GET with its redirects, each of them checked like the first URL.
import { STATUS_CODES } from 'node:http';
import { type Agent, request } from 'undici';
import { errorReason } from './error-reason.js';
import { FetchError, RefusedUrlError } from './fetch-error.js';
import { readBody, readStart } from './read-body.js';
import type { CachedText } from './response-cache.js';

/** What to get, and under which limits. */
export interface BodyRequest {
  /** The connections to use for a URL. */
  readonly agentFor: (target: URL) => Agent;
  readonly url: string;
  /** A copy that may still be good. */
  readonly known: CachedText | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** The body, or the news that the copy is still good (then it is empty). */
export interface Answer {
  readonly kind: 'body' | 'unchanged';
  readonly body: Buffer;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** How long the server lets us keep it without asking; undefined when it says nothing. */
  readonly maxAgeMs: number | undefined;
  readonly mayBeKept: boolean;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SHOWN_BODY = 1000;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** @throws FetchError for anything but status 200 in the end, or 304 when there is a copy */
export async function requestBody({ agentFor, url, known, maxBytes, signal }: BodyRequest): Promise<Answer> {
  let target = checkedUrl(url, url);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    try {
      const { statusCode, headers, body } = await request(target, {
        dispatcher: agentFor(target),
        signal,
        headers: {
          'user-agent': 'InfrastructureManager',
          'accept-encoding': 'identity',
          ...authorization(target, url),
          ...conditions(known),
        },
      });
      if (REDIRECTS.has(statusCode)) {
        await body.dump({ limit: SHOWN_BODY, signal });
        target = redirectTarget(url, target, text(headers.location));
        continue;
      }
      if (statusCode === 304 && known !== undefined) {
        await body.dump({ limit: SHOWN_BODY, signal });
        return answer('unchanged', Buffer.alloc(0), headers);
      }
      if (statusCode === 200) return answer('body', await readBody(body, maxBytes), headers);
      const start = await readStart(body, SHOWN_BODY);
      throw new FetchError(url, STATUS_CODES[statusCode] ?? `status ${statusCode}`, {
        status: statusCode,
        body: start,
      });
    } catch (error) {
      throw error instanceof FetchError ? error : errorReason(url, error);
    }
  }
  throw new RefusedUrlError(url, `more than ${MAX_REDIRECTS} redirects`);
}

function checkedUrl(url: string, shown: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new RefusedUrlError(shown, 'only http and https URLs are fetched');
  }
  return parsed;
}

function redirectTarget(url: string, from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw new RefusedUrlError(url, 'it redirects to nowhere');
  const target = checkedUrl(new URL(location, from).href, url);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new RefusedUrlError(url, 'it redirects from https to http');
  }
  return target;
}

/** User and password of the URL go to its own host only. */
function authorization(target: URL, original: string): Readonly<Record<string, string>> {
  const { username, password, origin } = target;
  if ((username === '' && password === '') || origin !== new URL(original).origin) return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function conditions(known: CachedText | undefined): Readonly<Record<string, string>> {
  return {
    ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
    ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
  };
}

function answer(kind: Answer['kind'], body: Buffer, headers: Headers): Answer {
  const control = text(headers['cache-control']) ?? '';
  const maxAge = /\bmax-age=(\d{1,9})/.exec(control)?.[1];
  return {
    kind,
    body,
    etag: text(headers.etag),
    lastModified: text(headers['last-modified']),
    maxAgeMs: /\bno-cache\b/.test(control) ? 0 : maxAge === undefined ? undefined : Number(maxAge) * 1000,
    mayBeKept: !/\bno-store\b/.test(control),
  };
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
