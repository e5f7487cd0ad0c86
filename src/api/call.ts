// SPDX-License-Identifier: Apache-2.0
// The one place where a request of either API becomes a call of the use cases, and where its cancellation is decided.
import type { ServerResponse } from 'node:http';
import type { AuthItem } from '../domain/index.js';
import type { Call } from '../manager/manager.js';
import { forManyListeners } from '../util/many-listeners.js';

/** The text of every call that takes longer than the configured limit (rest-api.md §1). */
export const TIMED_OUT = 'Operation timed out';

/** Why the work for a request stops before its answer. */
export class CallAborted extends Error {
  override readonly name = 'CallAborted';
  readonly reason: 'client-gone' | 'timeout';

  constructor(reason: 'client-gone' | 'timeout') {
    super(reason === 'timeout' ? TIMED_OUT : 'The client closed the connection before the answer.');
    this.reason = reason;
  }
}

/** A signal for one request, and the way to end its supervision. */
export interface RequestSignal {
  readonly signal: AbortSignal;
  /** To be called when the request is answered. */
  dispose(): void;
}

/**
 * A signal that aborts with {@link CallAborted} when the client goes away before the answer, or after the time limit.
 * @param timeoutSeconds 0 or less: no limit
 */
export function requestSignal(response: ServerResponse, timeoutSeconds: number): RequestSignal {
  const controller = new AbortController();
  const onClose = (): void => {
    if (!response.writableFinished) controller.abort(new CallAborted('client-gone'));
  };
  response.once('close', onClose);
  // Longer than setTimeout can count (24 days) is the same as no limit.
  const isLimited = timeoutSeconds > 0 && timeoutSeconds < 2 ** 31 / 1000;
  const timer = isLimited
    ? setTimeout(() => controller.abort(new CallAborted('timeout')), timeoutSeconds * 1000)
    : undefined;
  return {
    signal: forManyListeners(controller.signal),
    dispose: () => {
      clearTimeout(timer);
      response.off('close', onClose);
    },
  };
}

/** A signal for an answer that has no end of its own: it aborts when the connection is over, whoever ended it. */
export function streamSignal(response: ServerResponse): RequestSignal {
  const controller = new AbortController();
  const onClose = (): void => controller.abort(new CallAborted('client-gone'));
  response.once('close', onClose);
  return { signal: controller.signal, dispose: () => response.off('close', onClose) };
}

/**
 * Settles with the task, or as soon as the signal aborts even if the task goes on: an accepted operation is not undone
 * by a client that stops waiting for it.
 * @throws CallAborted
 */
export async function untilAborted<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([task(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What the use cases need to know about a request. */
export interface CallParts {
  readonly items: readonly AuthItem[];
  readonly requestId: string;
  /** Empty over XML-RPC. */
  readonly serviceUrl: string;
  readonly signal: AbortSignal;
  readonly idempotency?: Call['idempotency'];
}

/** Makes the call; nothing of the request besides these parts reaches the use cases. */
export function createCall({ items, requestId, serviceUrl, signal, idempotency }: CallParts): Call {
  return { items, requestId, serviceUrl, signal, ...(idempotency && { idempotency }) };
}
