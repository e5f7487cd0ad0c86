// SPDX-License-Identifier: Apache-2.0
// Counting semaphores with fair order and cancellation: the bound of every loop over machines, clouds and connections.

/** Gives the permit back; calling it again does nothing. */
export type Release = () => void;

/** A bounded number of permits handed out in the order in which they were asked for. */
export interface Semaphore {
  /**
   * Waits for a permit.
   * @throws the signal's reason when it aborts before the permit is granted; the place in the queue is given up.
   */
  acquire(signal?: AbortSignal): Promise<Release>;
  /** Takes a permit only if one is free now. */
  tryAcquire(): Release | undefined;
  /** Runs the task with a permit and gives it back whatever happens. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Permits handed out at present. */
  readonly inUse: number;
  /** Callers in the queue. */
  readonly waiting: number;
}

/**
 * Makes a fair semaphore.
 * @param permits how many may hold it at once; a positive integer, or `Infinity` for no bound.
 * @throws RangeError for any other number.
 */
export function createSemaphore(permits: number): Semaphore {
  if (permits !== Number.POSITIVE_INFINITY && (!Number.isInteger(permits) || permits < 1)) {
    throw new RangeError(`A semaphore needs a positive whole number of permits, not ${permits}.`);
  }
  // A Set keeps insertion order and lets an aborted waiter leave from the middle in constant time.
  const queue = new Set<() => void>();
  let inUse = 0;

  const grant = (): Release => {
    inUse += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      inUse -= 1;
      const next = queue.values().next();
      if (!next.done) {
        queue.delete(next.value);
        next.value();
      }
    };
  };

  const tryAcquire = (): Release | undefined => (inUse < permits && queue.size === 0 ? grant() : undefined);

  const acquire = (signal?: AbortSignal): Promise<Release> => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const immediate = tryAcquire();
    if (immediate) return Promise.resolve(immediate);
    return new Promise<Release>((resolve, reject) => {
      const wake = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve(grant());
      };
      const giveUp = () => {
        queue.delete(wake);
        reject(signal?.reason);
      };
      queue.add(wake);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  };

  const run = async <T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    const release = await acquire(signal);
    try {
      return await task();
    } finally {
      release();
    }
  };

  return {
    acquire,
    tryAcquire,
    run,
    get inUse() {
      return inUse;
    },
    get waiting() {
      return queue.size;
    },
  };
}
