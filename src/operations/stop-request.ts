// SPDX-License-Identifier: Apache-2.0
// What one operation is told to do while it may be begun several times: each time it loses the lease it stops, and begins again later.
import { forManyListeners } from '../util/many-listeners.js';
import { Cancelled, LeaseLost, Parked } from './interruption.js';

/** One try to run the operation. */
export interface Attempt {
  /** Aborts with `Cancelled`, `Parked` or `LeaseLost`. */
  readonly signal: AbortSignal;
  readonly loseLease: () => void;
  /** Also when it was told something else before. */
  readonly hasLostLease: () => boolean;
}

/** Remembers that an operation is to be cancelled or parked, and passes it on to whatever runs of it. */
export class StopRequest {
  readonly #parked = new AbortController();
  #reason: Error | undefined;
  #attempt: AbortController | undefined;

  /** Aborts when the operation is to be left to a later run of the daemon. */
  get parked(): AbortSignal {
    return this.#parked.signal;
  }

  get isParked(): boolean {
    return this.parked.aborted;
  }

  /** The first reason stays, except that parking comes on top of cancelling. */
  request(reason: Error): void {
    if (reason instanceof Parked) {
      this.#parked.abort(reason);
    } else if (reason instanceof Cancelled) {
      this.#reason ??= reason;
    }
    this.#attempt?.abort(reason);
  }

  beginAttempt(): Attempt {
    const attempt = new AbortController();
    // Every machine of the operation listens to it.
    forManyListeners(attempt.signal);
    this.#attempt = attempt;
    const reason = this.#parked.signal.aborted ? this.#parked.signal.reason : this.#reason;
    if (reason !== undefined) {
      attempt.abort(reason);
    }
    let isLost = false;
    return {
      signal: attempt.signal,
      loseLease: () => {
        isLost = true;
        attempt.abort(new LeaseLost());
      },
      hasLostLease: () => isLost,
    };
  }
}
