// SPDX-License-Identifier: Apache-2.0
// Remembers for a short time whom a token belongs to, and lets equal checks at the same time share one answer.
import { createHash } from 'node:crypto';

/** Something true of a token for a limited time. */
export interface Expiring {
  /** Milliseconds since 1970; undefined when nothing is known about the end. */
  readonly expiresAtMs: number | undefined;
}

/** How much is remembered. */
export interface MemoryOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly maxAgeMs: number;
  readonly maxEntries: number;
}

/**
 * Wraps a check of tokens. Only successes are remembered, under a digest of the token: the token itself is not kept. What was used
 * least recently goes first when the memory is full.
 */
export function rememberSuccesses<V extends Expiring>(
  check: (token: string) => Promise<V>,
  { now, maxAgeMs, maxEntries }: MemoryOptions,
): (token: string) => Promise<V> {
  const remembered = new Map<string, { readonly value: V; readonly untilMs: number }>();
  const running = new Map<string, Promise<V>>();

  const recall = (key: string): V | undefined => {
    const entry = remembered.get(key);
    if (!entry) return undefined;
    remembered.delete(key);
    if (entry.untilMs <= now()) return undefined;
    remembered.set(key, entry);
    return entry.value;
  };

  const store = (key: string, value: V, askedAtMs: number): void => {
    const untilMs = Math.min(askedAtMs + maxAgeMs, value.expiresAtMs ?? Number.POSITIVE_INFINITY);
    if (untilMs <= now()) return;
    remembered.set(key, { value, untilMs });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxEntries) break;
      remembered.delete(oldest);
    }
  };

  return async (token) => {
    const key = createHash('sha256').update(token).digest('base64');
    const known = recall(key);
    if (known) return known;
    const same = running.get(key);
    if (same) return same;
    const askedAtMs = now();
    const answer = check(token);
    running.set(key, answer);
    try {
      const value = await answer;
      store(key, value, askedAtMs);
      return value;
    } finally {
      running.delete(key);
    }
  };
}
