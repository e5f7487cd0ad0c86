// SPDX-License-Identifier: Apache-2.0
// Signals that much work listens to at once: every machine of an operation, every call to a provider. Many listeners are no leak there.
import { setMaxListeners } from 'node:events';

/** Takes the limit off, beyond which Node.js warns of a leak. @returns the signal */
export function forManyListeners(signal: AbortSignal): AbortSignal {
  setMaxListeners(Number.POSITIVE_INFINITY, signal);
  return signal;
}

/** A signal, for many listeners, that aborts with the first of the given ones. */
export const anySignal = (...signals: readonly AbortSignal[]): AbortSignal =>
  forManyListeners(AbortSignal.any([...signals]));
