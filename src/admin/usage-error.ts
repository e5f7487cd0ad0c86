// SPDX-License-Identifier: Apache-2.0
// What was typed cannot be meant, whatever there is in the database.
import { ImError } from '../domain/index.js';

/** Ends the program with the exit status of a wrong command line. */
export class UsageError extends ImError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super('bad-request', message);
  }
}
