// SPDX-License-Identifier: Apache-2.0
// One who follows: remembers which infrastructures changed while it was busy, each once, so that a slow client costs no memory.
import type { ChangeFeed } from './change-feed.js';

/** See the top of the file. */
export interface Follower {
  /** Waits for changes and takes them. Empty: the signal aborted, or the time to look in any case has come. */
  changes(maxWaitMs: number): Promise<ReadonlySet<string>>;
  end(): void;
}

/** @param only the one infrastructure of interest; undefined: all */
export function createFollower(feed: ChangeFeed, signal: AbortSignal, only?: string): Follower {
  let waiting = new Set<string>();
  let wake: () => void = () => undefined;
  const unsubscribe = feed.subscribe((ids) => {
    if (only === undefined) for (const id of ids) waiting.add(id);
    else if (ids.has(only)) waiting.add(only);
    if (waiting.size > 0) wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    async changes(maxWaitMs) {
      if (waiting.size === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, maxWaitMs).unref();
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = () => undefined;
      }
      const taken = waiting;
      waiting = new Set();
      return taken;
    },
    end() {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
