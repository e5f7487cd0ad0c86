// SPDX-License-Identifier: Apache-2.0
// Tries again while a database is locked or away, for a bounded time; once it was away too long, callers hear so at once.
import type { ImError } from '../domain/index.js';
import { sleep } from '../util/deadline.js';

/**
 * What an error means for the writes that share a transaction: `locked` may work when tried again, `lost` may work on another
 * connection, `write` is the fault of one of them (a constraint, or our own code), `database` concerns them all.
 */
export type FailureKind = 'locked' | 'lost' | 'write' | 'database';

/** How the errors of a database and its driver are read. */
export interface FailureReader {
  failureKind(error: unknown): FailureKind;
  /** The error for the caller: names the place and the remedy, never the values of a statement. */
  describe(error: unknown): ImError;
}

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
   * @throws ImError that the reader makes of the last error
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
export function createPatientRunner(reader: FailureReader, signal: AbortSignal, elapsed: () => number): PatientRunner {
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
          const kind = reader.failureKind(error);
          // The first loss is tried again in any case: a connection that was idle can be dead without the server being down.
          const isFirst = pauseMs === FIRST_PAUSE_MS;
          const isWorthIt =
            kind === 'locked'
              ? waitedMs < patience.lockedMs
              : kind === 'lost' && (isFirst || (!isGivenUp && elapsed() - startedAt < patience.lostMs));
          if (!isWorthIt) {
            isGivenUp = kind === 'lost';
            throw reader.describe(error);
          }
          pause = Math.min(pauseMs, kind === 'locked' ? LONGEST_LOCK_PAUSE_MS : LONGEST_LOSS_PAUSE_MS);
        }
        await sleep(pause, signal);
        waitedMs += pause;
      }
    },
  };
}
