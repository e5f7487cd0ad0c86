// SPDX-License-Identifier: Apache-2.0
// Work on a machine that may be done twice begins again when its connection is lost meanwhile.
import { SshError } from '../../ssh/index.js';

const ATTEMPTS = 3;

/**
 * Each attempt opens a connection of its own, with its own patience.
 * @throws what the last attempt threw; at once what is no lost connection
 */
export async function againWhenLost<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SshError) || error.reason !== 'closed' || tries >= ATTEMPTS) throw error;
    }
  }
}
