// SPDX-License-Identifier: Apache-2.0
// The error with which a promise is rejected, for tests that look at its code and text.
import { expect } from 'chai';
import { type ErrorCode, ImError } from '../../src/domain/index.js';

/** Waits for the rejection and returns the error, after checking its code. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<ImError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, 'the promise was to be rejected with an ImError').to.be.instanceOf(ImError);
  if (!(error instanceof ImError)) {
    throw new TypeError('unreachable');
  }
  expect(error.code).to.equal(code);
  return error;
}
