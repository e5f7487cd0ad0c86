// SPDX-License-Identifier: Apache-2.0
// Revision rows: the accepted documents, numbered inside their infrastructure.
import type { Revision } from '../../domain/index.js';
import { REVISION_COLUMNS, readRevision, revisionColumns } from '../rows/revision-row.js';
import { integerOf } from '../rows/row.js';
import type { Sealer } from '../sealing.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { insertRow } from './statements.js';

/** Writes the next revision of an infrastructure. */
export async function insertRevision(batch: Batch, revision: Omit<Revision, 'number'>): Promise<void> {
  const { session, sealer } = batch;
  const { infrastructureId } = revision;
  // Before the number is looked up: two writers must not find the same one.
  const isDeleted = await batch.isDeleted(infrastructureId);
  const last = await session.first(
    'SELECT COALESCE(MAX(revision_number), 0) AS last_number FROM revisions WHERE infrastructure_id = ?',
    [infrastructureId],
  );
  const number = (last === undefined ? 0 : integerOf(last, 'last_number')) + 1;
  await insertRow(session, 'revisions', revisionColumns(sealer, { ...revision, number }, isDeleted));
}

/** Lists revisions, oldest first. Those of a deleted infrastructure have lost their text. */
export async function listRevisions(
  session: SqlSession,
  sealer: Sealer,
  infrastructureId: string,
): Promise<readonly Revision[]> {
  const rows = await session.all(
    `SELECT ${REVISION_COLUMNS.join(', ')} FROM revisions WHERE infrastructure_id = ? ORDER BY revision_number`,
    [infrastructureId],
  );
  return rows.map((row) => readRevision(row, sealer));
}
