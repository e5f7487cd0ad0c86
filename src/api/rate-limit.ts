// SPDX-License-Identifier: Apache-2.0
// Rate limits per client (option RATE_LIMIT): a bucket of requests that fills again evenly within a minute.

/** What is left for a client after a request. */
export interface RateDecision {
  readonly isAllowed: boolean;
  /** Requests that the client may still send at once. */
  readonly remaining: number;
  /** Seconds until the bucket is full again, or until the next request is allowed if this one was not. */
  readonly waitSeconds: number;
}

/** Counts the requests of clients. */
export interface RateLimiter {
  /** Requests per minute. */
  readonly limit: number;
  /** Counts a request of a client. */
  take(client: string): RateDecision;
}

const WINDOW_MS = 60_000;
/** Clients that are remembered; those that were seen longest ago are forgotten first. */
const MAX_CLIENTS = 50_000;

interface Bucket {
  readonly requests: number;
  readonly atMs: number;
}

/**
 * Makes a limiter; undefined without a limit.
 * @param perMinute requests per client and minute; 0: no limit
 * @param monotonicMs a clock that never goes back
 */
export function createRateLimiter(perMinute: number, monotonicMs: () => number): RateLimiter | undefined {
  if (perMinute <= 0) return undefined;
  const buckets = new Map<string, Bucket>();
  const perMs = perMinute / WINDOW_MS;

  return {
    limit: perMinute,
    take: (client) => {
      const now = monotonicMs();
      const bucket = buckets.get(client);
      const filled = bucket ? Math.min(perMinute, bucket.requests + (now - bucket.atMs) * perMs) : perMinute;
      const isAllowed = filled >= 1;
      const left = isAllowed ? filled - 1 : filled;
      buckets.delete(client);
      buckets.set(client, { requests: left, atMs: now });
      if (buckets.size > MAX_CLIENTS) {
        const oldest = buckets.keys().next();
        if (!oldest.done) buckets.delete(oldest.value);
      }
      const missing = isAllowed ? perMinute - left : 1 - left;
      return { isAllowed, remaining: Math.floor(left), waitSeconds: Math.ceil(missing / perMs / 1000) };
    },
  };
}
