// SPDX-License-Identifier: Apache-2.0
// One node's turn: work that only one of the daemons on a database does, under a lease with a reserved id.
import { ImError } from '../../domain/index.js';
import type { Lease, Store } from '../../store/index.js';

/** What a turn is for. No infrastructure has such an id. */
export type MaintenanceTask = 'maintenance/purge' | 'maintenance/backup';

/** How a turn is taken. */
export interface TurnOptions {
  readonly holder: string;
  /**
   * How long the turn lasts, milliseconds, also when the work is done earlier: daemons whose schedules fire a little later find it taken.
   */
  readonly turnMs: number;
  readonly signal: AbortSignal;
}

/**
 * Does the work unless another daemon has the turn.
 * @returns undefined when another one has it
 */
export async function takeTurn<T>(
  store: Store,
  task: MaintenanceTask,
  { holder, turnMs, signal }: TurnOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const lease = await store.acquireLease(task, holder, turnMs);
  if (lease === undefined) {
    return undefined;
  }
  const losing = new AbortController();
  const renewal = setInterval(() => void renew(store, lease, turnMs, losing), Math.max(1, Math.floor(turnMs / 3)));
  renewal.unref();
  try {
    return await work(AbortSignal.any([signal, losing.signal]));
  } finally {
    clearInterval(renewal);
  }
}

async function renew(store: Store, lease: Lease, turnMs: number, losing: AbortController): Promise<void> {
  try {
    const renewed = await store.acquireLease(lease.infrastructureId, lease.holder, turnMs);
    if (renewed?.fencing !== lease.fencing) {
      losing.abort(new ImError('incorrect-state', 'Another daemon has taken the turn over.'));
    }
  } catch (error) {
    // It cannot be known whether the turn is still ours, and the work can wait for the next time.
    losing.abort(error);
  }
}
