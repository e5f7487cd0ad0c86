// SPDX-License-Identifier: Apache-2.0
// Signals that a whole run listens to.
import { setMaxListeners } from 'node:events';

/** A signal that aborts with the first of the given ones. Every machine of a run waits with it: many listeners are no leak. */
export function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(Number.POSITIVE_INFINITY, signal);
  return signal;
}
