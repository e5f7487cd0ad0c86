// SPDX-License-Identifier: Apache-2.0
// Waiting in tests: poll for a condition, or take the error that something fails with.
import { setTimeout as pause } from 'node:timers/promises';

/** Polls until the condition holds. Fails after the deadline, saying what was waited for. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what = 'the condition',
  deadlineMs = 10_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`Waited ${deadlineMs} ms in vain for ${what}.`);
    }
    await pause(10);
  }
}

/** Polls until the call succeeds. */
export const untilItWorks = (call: () => Promise<unknown>, what: string): Promise<void> =>
  until(
    () =>
      call().then(
        () => true,
        () => false,
      ),
    what,
  );

/** The error that a promise rejects with. Fails when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) {
      return error;
    }
    throw error;
  }
  throw new Error('It should have failed and did not.');
}
