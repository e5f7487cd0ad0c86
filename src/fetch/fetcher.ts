// SPDX-License-Identifier: Apache-2.0
// Fetches what documents refer to: guarded, bounded, retried; texts are cached, and a stale copy is better than none.
import { isIP } from 'node:net';
import type { Agent } from 'undici';
import { sleep } from '../util/deadline.js';
import { type AddressGuard, createAddressGuard, NO_GUARD } from './address-guard.js';
import { errorReason } from './error-reason.js';
import { FetchError, RefusedUrlError } from './fetch-error.js';
import { createGuardedAgent, RefusedAddressError, type Resolve, resolveWithSystem } from './guarded-agent.js';
import { mirroredUrl, type UrlMirror } from './mirror.js';
import { decodeText } from './read-body.js';
import { type Answer, requestBody } from './request-body.js';
import { type CachedText, ResponseCache } from './response-cache.js';

/** How things are fetched; every limit has a default. */
export interface FetcherOptions {
  /** Networks (CIDR) that may be fetched from although they are not public (FETCH_ALLOWED_NETS). */
  readonly allowedNets: readonly string[];
  /** URL_MIRRORS. */
  readonly mirrors: readonly UrlMirror[];
  /** Time for everything, redirects and retries included (default 20 s). */
  readonly timeoutMs?: number;
  /** Longest answer (default 8 MB). */
  readonly maxBytes?: number;
  /** Age from which a copy is checked with the server, unless the server says otherwise (default 1 hour). */
  readonly freshMs?: number;
  /** Age up to which a copy is used when the server does not answer (default 7 days). */
  readonly staleMs?: number;
  /** Attempts after the first one (default 2). */
  readonly retries?: number;
  /** Wait before the first retry, doubled for each further one (default 250 ms). */
  readonly retryDelayMs?: number;
  readonly now: () => number;
  /** Name resolution; the operating system's by default. */
  readonly resolve?: Resolve;
}

/** Bounds of one download. */
export interface ByteLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A place that the guard allows. */
export interface GuardedPlace {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

/** The fetcher of a daemon. */
export interface Fetcher {
  /**
   * The text behind an http or https URL.
   *
   * @throws FetchError with `reason` and `body`; the signal's reason when it aborts
   */
  fetchText(url: string, signal?: AbortSignal): Promise<string>;
  /**
   * The bytes behind an http or https URL, never from the cache.
   *
   * @throws as fetchText
   */
  fetchBytes(url: string, limits: ByteLimits): Promise<Buffer>;
  /**
   * Where a program that we start may get the URL from: the place after URL_MIRRORS, and the one address to connect to. The program
   * must use this address and follow no redirects, otherwise it leaves the guard.
   *
   * @throws FetchError when the name has no address that may be contacted
   */
  locate(url: string): Promise<GuardedPlace>;
  /** Closes connections. */
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const CACHE_CHARACTERS = 32_000_000;

type Limits = Required<Omit<FetcherOptions, 'allowedNets' | 'mirrors' | 'now' | 'resolve'>>;

interface FetcherState {
  readonly limits: Limits;
  readonly agent: Agent;
  /** Connections to mirrors: the operator named them, so that they may have private addresses. */
  readonly mirrorAgent: Agent;
  readonly guard: AddressGuard;
  readonly resolve: Resolve;
  readonly cache: ResponseCache;
  readonly mirrors: readonly UrlMirror[];
  readonly now: () => number;
}

/** Makes a fetcher with its own connections and cache. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const limits: Limits = {
    timeoutMs: options.timeoutMs ?? 20_000,
    maxBytes: options.maxBytes ?? 8_000_000,
    freshMs: options.freshMs ?? HOUR_MS,
    staleMs: options.staleMs ?? 7 * 24 * HOUR_MS,
    retries: options.retries ?? 2,
    retryDelayMs: options.retryDelayMs ?? 250,
  };
  const guard = createAddressGuard(options.allowedNets);
  const resolve = options.resolve ?? resolveWithSystem;
  const common = { resolve, connectTimeoutMs: limits.timeoutMs };
  const state: FetcherState = {
    limits,
    guard,
    resolve,
    agent: createGuardedAgent({ ...common, guard }),
    mirrorAgent: createGuardedAgent({ ...common, guard: NO_GUARD }),
    cache: new ResponseCache(CACHE_CHARACTERS),
    mirrors: options.mirrors,
    now: options.now,
  };
  return {
    fetchText: (url, signal) => fetchCached(state, url, signal),
    fetchBytes: async (url, { maxBytes, timeoutMs, signal }) => {
      const bounded = { ...state, limits: { ...limits, maxBytes, timeoutMs } };
      return (await fetchWithRetries(bounded, url, undefined, signal)).body;
    },
    locate: (url) => locate(state, url),
    close: async () => {
      await Promise.all([state.agent.close(), state.mirrorAgent.close()]);
    },
  };
}

async function fetchCached(state: FetcherState, url: string, signal: AbortSignal | undefined): Promise<string> {
  const { cache, limits, now } = state;
  const known = cache.get(url);
  if (known !== undefined && now() < known.freshUntil) return known.text;
  try {
    const answer = await fetchWithRetries(state, url, known, signal);
    const text = answer.kind === 'unchanged' && known !== undefined ? known.text : decodeText(answer.body);
    if (answer.mayBeKept) cache.set(url, cached(state, text, answer, known));
    return text;
  } catch (error) {
    const isUsable = known !== undefined && now() - known.fetchedAt <= limits.staleMs;
    if (isUsable && error instanceof FetchError && error.isTransient) return known.text;
    throw error;
  }
}

function cached(
  { limits, now }: FetcherState,
  text: string,
  answer: Answer,
  known: CachedText | undefined,
): CachedText {
  const fetchedAt = now();
  const freshMs = Math.min(answer.maxAgeMs ?? limits.freshMs, limits.freshMs);
  return {
    text,
    fetchedAt,
    freshUntil: fetchedAt + freshMs,
    etag: answer.etag ?? known?.etag,
    lastModified: answer.lastModified ?? known?.lastModified,
  };
}

async function fetchWithRetries(
  { limits, agent, mirrorAgent, mirrors }: FetcherState,
  url: string,
  known: CachedText | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const place = mirroredUrl(url, mirrors);
  const mirror = place === url ? undefined : new URL(place).origin;
  // Redirects that leave the mirror are guarded like everything else.
  const agentFor = (target: URL): Agent => (target.origin === mirror ? mirrorAgent : agent);
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const combined = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await requestBody({ agentFor, url: place, known, maxBytes: limits.maxBytes, signal: combined });
    } catch (error) {
      signal?.throwIfAborted();
      if (deadline.aborted)
        throw new FetchError(url, `no complete answer within ${limits.timeoutMs} ms`, { cause: error });
      if (!(error instanceof FetchError) || !error.isTransient || attempt >= limits.retries) throw error;
      await waitForRetry(url, limits.retryDelayMs * 2 ** attempt, combined, signal, error);
    }
  }
}

async function locate({ mirrors, guard, resolve }: FetcherState, url: string): Promise<GuardedPlace> {
  const place = mirroredUrl(url, mirrors);
  const parsed = URL.canParse(place) ? new URL(place) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new RefusedUrlError(url, 'only http and https URLs are fetched');
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const allowed = place === url ? guard : NO_GUARD;
  const addresses = await addressesOf(url, host, resolve);
  const address = addresses.find((candidate) => allowed.allows(candidate));
  if (address === undefined) throw new RefusedUrlError(url, new RefusedAddressError(host).message);
  return { url: place, host, port: Number(parsed.port) || (parsed.protocol === 'http:' ? 80 : 443), address };
}

async function addressesOf(url: string, host: string, resolve: Resolve): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await resolve(host)).map(({ address }) => address);
  } catch (error) {
    throw errorReason(url, error);
  }
}

async function waitForRetry(
  url: string,
  delayMs: number,
  combined: AbortSignal,
  signal: AbortSignal | undefined,
  failure: FetchError,
): Promise<void> {
  try {
    await sleep(delayMs, combined);
  } catch {
    signal?.throwIfAborted();
    throw new FetchError(url, failure.reason, { cause: failure });
  }
}
