// SPDX-License-Identifier: Apache-2.0
// Revision rows: the accepted documents, sealed, numbered inside their infrastructure.
import type { Revision } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { integerOf, optionalTextOf, textOf, wordOf } from './row.js';
import { insertRow } from './statements.js';

const KINDS: Readonly<Record<Revision['kind'], true>> = { radl: true, tosca: true };

const context = (infrastructureId: string, number: number): string => `revisions/content/${infrastructureId}/${number}`;

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
  await insertRow(session, 'revisions', {
    infrastructure_id: infrastructureId,
    revision_number: number,
    kind: revision.kind,
    operation_id: revision.operationId,
    created_at: revision.createdAt,
    content: isDeleted ? null : sealer.seal(revision.text, context(infrastructureId, number)),
  });
}

/** Lists revisions, oldest first. Those of a deleted infrastructure have lost their text. */
export async function listRevisions(
  session: SqlSession,
  sealer: Sealer,
  infrastructureId: string,
): Promise<readonly Revision[]> {
  const rows = await session.all(
    `SELECT revision_number, kind, operation_id, created_at, content
       FROM revisions WHERE infrastructure_id = ? ORDER BY revision_number`,
    [infrastructureId],
  );
  return rows.map((row) => {
    const number = integerOf(row, 'revision_number');
    const sealed = optionalTextOf(row, 'content');
    return {
      infrastructureId,
      number,
      kind: wordOf(row, 'kind', KINDS),
      operationId: textOf(row, 'operation_id'),
      text: sealed === null ? '' : sealer.open(sealed, context(infrastructureId, number)),
      createdAt: integerOf(row, 'created_at'),
    };
  });
}
