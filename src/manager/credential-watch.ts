// SPDX-License-Identifier: Apache-2.0
// For calls that last for hours: are their credentials still good? Tokens expire, users leave.
import { ImError } from '../domain/index.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** As long as a confirmation of a token may be remembered (spec/README.md). */
const CHECKED_EVERY_MS = 60_000;

/**
 * A question to be asked as often as one likes; it is looked into once a minute. Only a refusal says no: an issuer that does not answer
 * says nothing about the credentials.
 */
export function watchCredentials(
  { authenticate, now }: Pick<ManagerEnvironment, 'authenticate' | 'now'>,
  call: Pick<Call, 'items' | 'signal'>,
): () => Promise<boolean> {
  let checkedAt = now();
  return async () => {
    if (now() - checkedAt < CHECKED_EVERY_MS) return true;
    checkedAt = now();
    try {
      await authenticate(call.items, call.signal);
      return true;
    } catch (error) {
      return !(error instanceof ImError && error.code === 'invalid-credentials');
    }
  };
}
