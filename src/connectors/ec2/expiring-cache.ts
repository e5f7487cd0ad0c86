// SPDX-License-Identifier: Apache-2.0
// Values that are kept for a while, a bounded number of them; the oldest go first.

/** A cache. Times are milliseconds since 1970. */
export interface ExpiringCache<Value> {
  get(key: string, now: number): Value | undefined;
  set(key: string, value: Value, now: number): void;
  delete(key: string): void;
}

/** @param lifeMs how long after its `set` a value is good @param capacity how many are kept */
export function createExpiringCache<Value>(lifeMs: number, capacity: number): ExpiringCache<Value> {
  const entries = new Map<string, { readonly value: Value; readonly since: number }>();
  return {
    get: (key, now) => {
      const entry = entries.get(key);
      return entry !== undefined && now - entry.since < lifeMs ? entry.value : undefined;
    },
    set: (key, value, now) => {
      entries.delete(key);
      entries.set(key, { value, since: now });
      // In order of age, so the expired ones are in front.
      for (const [oldest, { since }] of entries) {
        if (entries.size <= capacity && now - since < lifeMs) break;
        entries.delete(oldest);
      }
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
