// SPDX-License-Identifier: Apache-2.0
// Deletions that go on after a failure and tell all of them at the end.
import { errorText, ImError } from '../../domain/index.js';

/** What went wrong so far. */
export interface Failures {
  /** Runs a step; its failure is kept. @throws the signal's reason when that aborted */
  readonly attempt: (task: () => Promise<void>, tell?: (text: string) => string) => Promise<void>;
  /** @throws ImError `provider` with all texts, when there are any */
  readonly throwAny: (separator: string) => void;
}

/** See the top of the file. */
export function collectFailures(signal: AbortSignal): Failures {
  const texts: string[] = [];
  return {
    async attempt(task, tell = (text) => text) {
      try {
        await task();
      } catch (error) {
        signal.throwIfAborted();
        texts.push(tell(errorText(error)));
      }
    },
    throwAny(separator) {
      if (texts.length > 0) throw new ImError('provider', texts.join(separator));
    },
  };
}
