// SPDX-License-Identifier: Apache-2.0
// One semaphore per key (cloud, infrastructure, host), made on first use and forgotten when nobody needs it.
import { createSemaphore, type Release, type Semaphore } from './semaphore.js';

/** Independent bounds for independent things; the key names the thing. */
export interface KeyedSemaphore {
  /** As {@link Semaphore.acquire}, within the given key. */
  acquire(key: string, signal?: AbortSignal): Promise<Release>;
  /** As {@link Semaphore.run}, within the given key. */
  run<T>(key: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Keys that are held or waited for at present. */
  readonly size: number;
}

/**
 * Makes a keyed semaphore.
 * @param permitsPerKey how many may hold one key at once.
 * @throws RangeError when that is not a positive whole number or `Infinity`.
 */
export function createKeyedSemaphore(permitsPerKey: number): KeyedSemaphore {
  createSemaphore(permitsPerKey); // refuses a bad number now, not at the first use
  const semaphores = new Map<string, Semaphore>();

  const forgetIdle = (key: string, semaphore: Semaphore): void => {
    if (semaphore.inUse === 0 && semaphore.waiting === 0) semaphores.delete(key);
  };

  const acquire = async (key: string, signal?: AbortSignal): Promise<Release> => {
    const semaphore = semaphores.get(key) ?? createSemaphore(permitsPerKey);
    semaphores.set(key, semaphore);
    try {
      const release = await semaphore.acquire(signal);
      return () => {
        release();
        forgetIdle(key, semaphore);
      };
    } catch (error) {
      forgetIdle(key, semaphore);
      throw error;
    }
  };

  const run = async <T>(key: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    const release = await acquire(key, signal);
    try {
      return await task();
    } finally {
      release();
    }
  };

  return {
    acquire,
    run,
    get size() {
      return semaphores.size;
    },
  };
}
