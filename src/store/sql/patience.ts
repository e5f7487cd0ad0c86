// SPDX-License-Identifier: Apache-2.0
// Tries again while a database is locked or away, for a bounded time; once it was away too long, callers hear so at once.
import { sleep } from '../../util/deadline.js';
import type { Dialect } from './dialect.js';

/** How long tasks are tried again, milliseconds. */
export interface Patience {
  /** Sum of the pauses while somebody else holds a lock. */
  readonly lockedMs: number;
  /** Time since the beginning while the server cannot be reached: a try alone can take long then. */
  readonly lostMs: number;
}

/** Runs tasks with patience. The pauses hold no connection, so others need not wait. */
export interface PatientRunner {
  /**
   * @param task must be repeatable
   * @throws ImError that the dialect makes of the last error
   */
  run<T>(task: () => Promise<T>, patience: Patience): Promise<T>;
}

const FIRST_PAUSE_MS = 2;
const LONGEST_LOCK_PAUSE_MS = 100;
const LONGEST_LOSS_PAUSE_MS = 500;

/**
 * Makes the runner of a database.
 * @param elapsed milliseconds of a clock that nobody sets
 */
export function createPatientRunner(dialect: Dialect, signal: AbortSignal, elapsed: () => number): PatientRunner {
  // Set when somebody gave up: the others need not all wait as long for a server that is down.
  let isGivenUp = false;

  return {
    async run(task, patience) {
      const startedAt = elapsed();
      let waitedMs = 0;
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
        signal.throwIfAborted();
        let pause: number;
        try {
          const result = await task();
          isGivenUp = false;
          return result;
        } catch (error) {
          const kind = dialect.failureKind(error);
          const isWorthIt =
            kind === 'locked'
              ? waitedMs < patience.lockedMs
              : kind === 'lost' && elapsed() - startedAt < patience.lostMs;
          // The first loss is tried again in any case: a connection that was idle can be dead without the server being down.
          const isDown = kind === 'lost' && isGivenUp && pauseMs > FIRST_PAUSE_MS;
          if (!isWorthIt || isDown) {
            isGivenUp = kind === 'lost';
            throw dialect.describe(error);
          }
          pause = Math.min(pauseMs, kind === 'locked' ? LONGEST_LOCK_PAUSE_MS : LONGEST_LOSS_PAUSE_MS);
        }
        await sleep(pause, signal);
        waitedMs += pause;
      }
    },
  };
}
