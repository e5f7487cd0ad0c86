// SPDX-License-Identifier: Apache-2.0
// Waiting for AWS: until nothing uses what is to be deleted, and until an instance has changed its state.
import { errorText, ImError } from '../../domain/index.js';
import { poll, sleep } from '../../util/deadline.js';
import { awsCode, isNotFound } from './failure.js';

/** How long machines may need to shut down before what they used can be deleted (ec2.md §6). */
const DELETE_TIMEOUT_MS = 240_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

const IN_USE: ReadonlySet<string> = new Set([
  'DependencyViolation',
  'ResourceInUse',
  'VolumeInUse',
  'InvalidGroup.InUse',
  'IncorrectState',
]);

/**
 * Deletes something, again and again while AWS says that it is in use. "Not found" is success.
 * @param whileInUse runs before each repetition
 * @throws ImError `provider` when something keeps using it
 */
export async function untilDeleted(
  what: string,
  signal: AbortSignal,
  remove: () => Promise<unknown>,
  whileInUse: () => Promise<'give-up' | undefined> = async () => undefined,
): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  let waited = 0;
  for (;;) {
    try {
      await remove();
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!IN_USE.has(awsCode(error))) throw error;
      if (waited >= DELETE_TIMEOUT_MS) {
        throw new ImError('provider', `The ${what} is still in use: ${errorText(error)}`, { cause: error });
      }
    }
    if ((await whileInUse()) === 'give-up') return;
    await sleep(pause, signal);
    waited += pause;
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}

/** Polls with growing pauses, quickly at first. @throws DeadlineError; the signal's reason; what the probe throws */
export function pollPatiently<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  let pause = FIRST_PAUSE_MS;
  return poll({ timeoutMs, intervalMs: 0, what, signal }, async (inner) => {
    const answer = await probe();
    if (answer !== undefined) return answer;
    await sleep(pause, inner);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
    return undefined;
  });
}
