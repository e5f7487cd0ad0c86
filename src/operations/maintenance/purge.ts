// SPDX-License-Identifier: Apache-2.0
// Removes infrastructures that were destroyed long ago (persistence.md §8); what left something at a provider stays in the ledger.
import { isFinal } from '../../domain/index.js';
import type { InfrastructureStatistics, Store } from '../../store/index.js';
import { findLeftovers } from './leftovers.js';

/** What to purge. */
export interface PurgeOptions {
  /** Deleted infrastructures whose last change was before this time, milliseconds since 1970. */
  readonly before: number;
  /** Only says what would be done. */
  readonly isDryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** What was purged, and what was due but stays. */
export interface PurgeReport {
  readonly purged: readonly InfrastructureStatistics[];
  /** Their ledger entries are the only trace of what may still exist at a provider. */
  readonly kept: readonly InfrastructureStatistics[];
}

/** Purges one infrastructure after the other, each one completely or not at all. */
export async function purgeDeleted(store: Store, { before, isDryRun, signal }: PurgeOptions): Promise<PurgeReport> {
  const due = (await store.listStatistics({})).filter(({ isDeleted, updatedAt }) => isDeleted && updatedAt < before);
  const leftovers = await findLeftovers(store);
  const holding = new Set(
    leftovers.filter(({ whereabouts }) => whereabouts !== 'exported').map(({ infrastructureId }) => infrastructureId),
  );
  const purged: InfrastructureStatistics[] = [];
  const kept: InfrastructureStatistics[] = [];
  for (const infrastructure of due) {
    signal?.throwIfAborted();
    const { id } = infrastructure;
    if (holding.has(id) || (await isInWork(store, id))) {
      kept.push(infrastructure);
    } else if (isDryRun === true || (await purge(store, id))) {
      purged.push(infrastructure);
    }
  }
  return { purged, kept };
}

async function isInWork(store: Store, infrastructureId: string): Promise<boolean> {
  return (await store.listOperations({ infrastructureId })).some(({ state }) => !isFinal(state));
}

/** @returns false when somebody else was faster: it is gone, or was imported again and lives */
async function purge(store: Store, id: string): Promise<boolean> {
  try {
    await store.commit([{ kind: 'purge-infrastructure', id }]);
    return true;
  } catch (error) {
    if ((await store.getHeader(id))?.isDeleted === true) {
      throw error;
    }
    return false;
  }
}
