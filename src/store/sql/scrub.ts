// SPDX-License-Identifier: Apache-2.0
// Deletes an infrastructure: its secrets and documents go, what statistics and the leak report need stays (persistence.md §8).
import { ImError } from '../../domain/index.js';
import type { Batch } from './batch.js';
import { scrubInfrastructureRows } from './infrastructures.js';
import { placesFor } from './statements.js';

const FINAL_STATES = ['done', 'failed', 'cancelled'] as const;

/**
 * Marks an infrastructure as deleted and scrubs it. Kept: row, times, owners' names and hashes, VM status and size columns, ledger,
 * the journal without requests, `extra.statistics`.
 */
export async function deleteInfrastructure(batch: Batch, id: string): Promise<void> {
  const { session } = batch;
  if (await batch.isDeleted(id)) {
    return;
  }
  await scrubInfrastructureRows(batch, id);
  batch.markDeleted(id);
  await session.run('UPDATE vm_documents SET info = NULL, requested = NULL, extra = NULL WHERE infrastructure_id = ?', [
    id,
  ]);
  await session.run('UPDATE revisions SET content = NULL WHERE infrastructure_id = ?', [id]);
  await session.run('DELETE FROM log_chunks WHERE infrastructure_id = ?', [id]);
  // The operation that is deleting it still runs; it is scrubbed when it ends.
  await session.run(
    `UPDATE operations SET request = NULL, progress = NULL, result = NULL, credentials = NULL
      WHERE infrastructure_id = ? AND state IN (${placesFor(FINAL_STATES)})`,
    [id, ...FINAL_STATES],
  );
}

/**
 * Removes every row of a deleted infrastructure; the tables below go with it (foreign keys).
 * @throws ImError `internal` when it still lives
 */
export async function purgeInfrastructure(batch: Batch, id: string): Promise<void> {
  if (!(await batch.isDeleted(id))) {
    throw new ImError('internal', `The infrastructure ${id} is not deleted: it cannot be purged.`);
  }
  await batch.session.run('DELETE FROM infrastructures WHERE id = ?', [id]);
  batch.forget(id);
}
