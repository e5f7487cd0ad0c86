// SPDX-License-Identifier: Apache-2.0
// What the changes of one batch share: the session, the sealing, and which infrastructures are already deleted.
import type { Logger } from '../../util/logger.js';
import type { OwnerHash } from '../rows/owner-hash.js';
import { flagOf } from '../rows/row.js';
import type { Sealer } from '../sealing.js';
import type { SqlSession } from './database.js';

/** What writing a change needs. */
export interface Batch {
  readonly session: SqlSession;
  readonly sealer: Sealer;
  readonly ownerHash: OwnerHash;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Bound of one log (persistence.md §11, W19). */
  readonly maxLogCharacters: number;
  /** See Dialect. */
  readonly forUpdate: string;
  /**
   * A deleted infrastructure takes no documents and no logs any more: they would outlive the scrub (persistence.md §8). The answer
   * stays true until the transaction ends: other writers of this infrastructure wait.
   */
  isDeleted(infrastructureId: string): Promise<boolean>;
  markDeleted(infrastructureId: string): void;
  /** Its rows are gone; a row of the same id may follow. */
  forget(infrastructureId: string): void;
}

/** Starts a batch. */
export function createBatch(parts: Omit<Batch, 'isDeleted' | 'markDeleted' | 'forget'>): Batch {
  const known = new Map<string, boolean>();
  return {
    ...parts,
    async isDeleted(id) {
      let isDeleted = known.get(id);
      if (isDeleted === undefined) {
        const row = await parts.session.first(`SELECT is_deleted FROM infrastructures WHERE id = ?${parts.forUpdate}`, [
          id,
        ]);
        isDeleted = row !== undefined && flagOf(row, 'is_deleted');
        known.set(id, isDeleted);
      }
      return isDeleted;
    },
    markDeleted(id) {
      known.set(id, true);
    },
    forget(id) {
      known.delete(id);
    },
  };
}
