// SPDX-License-Identifier: Apache-2.0
// Memories of host keys for tests.
import type { HostKeyMemory } from '../../../src/ssh/index.js';

/** It lasts as long as the object. */
export function volatileHostKeyMemory(): HostKeyMemory {
  let fingerprint: string | undefined;
  return {
    known: async () => fingerprint,
    remember: async (seen) => {
      fingerprint = seen;
    },
  };
}
