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
export const onceMark = (once: Once | undefined): JsonObject => (once === undefined ? {} : { [KEY]: once.fingerprint });

/**
 * Is this the operation of the same request? The requests of deleted infrastructures are scrubbed, and the mark with them: then the
 * key alone decides.
 */
export function isSameRequest({ request }: Operation, fingerprint: string): boolean {
  const mark = request[KEY];
  return mark === undefined || mark === fingerprint;
}
