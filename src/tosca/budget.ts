// SPDX-License-Identifier: Apache-2.0
// How much work one document may make.
import { TooMuchWorkError } from './error.js';

/** Counts steps of checking and evaluating: documents may multiply work without end. */
export class Budget {
  #left: number;

  constructor(steps = 1_000_000) {
    this.#left = steps;
  }

  /** @throws TooMuchWorkError when the document has used up its share */
  spend(amount = 1): void {
    this.#left -= amount;
    if (this.#left < 0)
      throw new TooMuchWorkError('The document needs too many steps: its functions or types multiply each other.');
  }
}
