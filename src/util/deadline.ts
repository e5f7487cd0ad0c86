// SPDX-License-Identifier: Apache-2.0
// Waiting with an end: time limits, cancellable sleeps and polling. Nothing in the house waits without one of these.

import { forManyListeners } from './many-listeners.js';

/** A wait came to its end before the thing that it waited for happened. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly timeoutMs: number;

  /** @param what what was waited for, as a noun phrase: `the answer of https://cloud.example`. */
  constructor(what: string, timeoutMs: number) {
    super(`Timed out after ${timeoutMs} ms waiting for ${what}.`);
    this.timeoutMs = timeoutMs;
  }
}

// setTimeout fires at once for anything longer than this; a longer deadline is as good as this one (24 days).
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const timerDelay = (ms: number): number => Math.min(Math.max(ms, 0), LONGEST_TIMER_MS);

/** What {@link withTimeout} bounds. */
export interface TimeoutOptions {
  readonly timeoutMs: number;
  /** Noun phrase for the error text. */
  readonly what: string;
  /** Cancels from outside; its reason is what the caller sees. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a task that gets a signal which aborts at the deadline or when the outer signal does.
 * The promise settles at that moment even if the task ignores its signal.
 * @throws DeadlineError at the deadline; the outer signal's reason when that aborts; otherwise what the task throws.
 */
export async function withTimeout<T>(
  options: TimeoutOptions,
  task: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  options.signal?.throwIfAborted();
  const controller = new AbortController();
  const signal = forManyListeners(controller.signal);
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const onOuterAbort = () => controller.abort(options.signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new DeadlineError(options.what, options.timeoutMs)),
    timerDelay(options.timeoutMs),
  );
  options.signal?.addEventListener('abort', onOuterAbort, { once: true });
  try {
    return await Promise.race([task(signal), cancelled]);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onOuterAbort);
  }
}

/**
 * Waits for the given time.
 * @throws the signal's reason as soon as it aborts.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, timerDelay(ms));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** How {@link poll} waits. */
export interface PollOptions extends TimeoutOptions {
  /** Pause between the end of one probe and the start of the next. */
  readonly intervalMs: number;
}

/**
 * Asks again and again until the probe answers something other than `undefined`, and returns that.
 * @throws DeadlineError at the deadline; the signal's reason when it aborts; at once whatever the probe throws.
 */
export function poll<T>(
  options: PollOptions,
  probe: (signal: AbortSignal) => Promise<T | undefined> | T | undefined,
): Promise<T> {
  return withTimeout(options, async (signal) => {
    for (;;) {
      const answer = await probe(signal);
      if (answer !== undefined) return answer;
      await sleep(options.intervalMs, signal);
    }
  });
}
