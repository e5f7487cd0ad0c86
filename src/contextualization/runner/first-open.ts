// SPDX-License-Identifier: Apache-2.0
// Asks several ways to a machine at once and takes the first one, in their order, that answers.
import { type ProbeTarget, probeBanner } from '../../ssh/index.js';

/** The ways that were asked; `way` is the one to take. */
export interface FirstOpen<Way> {
  readonly way: Way | undefined;
  /** A machine on the way forbids to be passed through. */
  readonly isForwardingForbidden: boolean;
}

/**
 * Probes all ways.
 * @throws the signal's reason when it aborts.
 */
export async function firstOpen<Way extends ProbeTarget>(
  ways: readonly Way[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<FirstOpen<Way>> {
  const probes = ways.map((way) =>
    // Nobody waits for the ways behind the first open one: their end must not be an unhandled rejection.
    probeBanner(way, { timeoutMs, signal }).catch(() => undefined),
  );
  let isForwardingForbidden = false;
  for (const [index, probe] of probes.entries()) {
    const outcome = await probe;
    signal.throwIfAborted();
    if (outcome?.isOpen) return { way: ways[index], isForwardingForbidden };
    isForwardingForbidden ||= outcome?.isForwardingForbidden ?? false;
  }
  return { way: undefined, isForwardingForbidden };
}
