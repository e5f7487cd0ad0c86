// SPDX-License-Identifier: Apache-2.0
// The mark of an operation that is done once for all requests with the same idempotency key (design: IETF draft httpapi-idempotency-key).
import type { JsonObject, Operation } from '../domain/index.js';

/** Makes a request recognizable when it comes again. */
export interface Once {
  /** Id of what is made: follows from the caller, the route and the key, so that the store itself refuses a second one. */
  readonly id: string;
  /** Hash of the request: another request must not come with the same key. */
  readonly fingerprint: string;
}

const KEY = 'idempotencyFingerprint';

/** The mark inside the request of an operation; nothing for a request without key. */
export const onceMark = (once: Once | undefined): JsonObject =>
  once === undefined ? {} : { [KEY]: once.fingerprint };

/** Is this the operation of the same request? */
export const isSameRequest = (operation: Operation, fingerprint: string): boolean =>
  operation.request[KEY] === fingerprint;
