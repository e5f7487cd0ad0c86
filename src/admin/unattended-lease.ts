// SPDX-License-Identifier: Apache-2.0
// Changes an infrastructure under its lease, so that no daemon works on it at the same time.
import { errorText, ImError } from '../domain/index.js';
import type { Lease } from '../store/index.js';
import type { AdminContext } from './command.js';

/** Long enough for one commit, short enough to wait for when this program is killed. */
const LEASE_MS = 30_000;

/**
 * Does something under the lease of an infrastructure and gives it back.
 * @throws ImError `incorrect-state` when a daemon works on it at this moment
 */
export async function underLease<T>(
  context: AdminContext,
  infrastructureId: string,
  task: (lease: Lease) => Promise<T>,
): Promise<T> {
  const store = await context.openStore();
  const lease = await store.acquireLease(infrastructureId, context.holder, LEASE_MS);
  if (lease === undefined) {
    throw new ImError(
      'incorrect-state',
      `A daemon works on infrastructure ${infrastructureId} at this moment: try again in some seconds, or look at im-admin operations list ${infrastructureId}.`,
    );
  }
  try {
    return await task(lease);
  } finally {
    await store.releaseLease(lease).catch((error: unknown) => {
      context.note(`warning: the lease of ${infrastructureId} runs out in ${LEASE_MS / 1000} s (${errorText(error)})`);
    });
  }
}
