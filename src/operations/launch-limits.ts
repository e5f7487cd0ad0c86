// SPDX-License-Identifier: Apache-2.0
// MAX_SIMULTANEOUS_LAUNCHES: how many provider calls that launch, delete or switch VMs run at once, in the daemon and per cloud.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createKeyedSemaphore } from '../util/keyed-semaphore.js';
import { createSemaphore } from '../util/semaphore.js';

/** Runs tasks within both limits, in order of arrival. */
export interface LaunchLimits {
  run<T>(cloudKey: string, signal: AbortSignal, task: () => Promise<T>): Promise<T>;
}

/**
 * @param total tasks of the whole daemon at once, at least 1
 * @param perCloud tasks of one cloud at once; 0 = no limit of its own
 */
export function createLaunchLimits(total: number, perCloud: number): LaunchLimits {
  const daemon = createSemaphore(Math.max(1, total));
  const clouds = perCloud > 0 ? createKeyedSemaphore(perCloud) : undefined;
  return {
    async run(cloudKey, signal, task) {
      // The cloud's permit first: waiting for a busy cloud must not block the daemon's permits.
      const releaseCloud = await clouds?.acquire(cloudKey, signal);
      try {
        return await daemon.run(async () => {
          // A cloud that answers at once would keep thousands of tasks together, and all clients waiting.
          await nextTurn();
          signal.throwIfAborted();
          return await task();
        }, signal);
      } finally {
        releaseCloud?.();
      }
    },
  };
}
