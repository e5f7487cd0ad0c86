// SPDX-License-Identifier: Apache-2.0
// Operation rows: the journal.
import { ImError, isFinal, type Operation } from '../../domain/index.js';
import {
  hasEnded,
  OPERATION_COLUMNS,
  operationChangeColumns,
  operationColumns,
  readOperation,
} from '../rows/operation-row.js';
import { textOf } from '../rows/row.js';
import type { Sealer } from '../sealing.js';
import type { OperationChanges, OperationFilter } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { insertRow, placesFor, updateRows } from './statements.js';

const SELECT = `SELECT ${OPERATION_COLUMNS.join(', ')} FROM operations`;

/** Journals a new operation; its sequence number is the next one. */
export async function insertOperation(
  { session, sealer }: Batch,
  operation: Omit<Operation, 'sequence'>,
): Promise<void> {
  await insertRow(session, 'operations', operationColumns(sealer, operation));
}

/**
 * Writes columns of an operation. Credentials are deleted with the final state and never come back after it.
 * @throws ImError `internal` when there is no such operation
 */
export async function updateOperation(batch: Batch, id: string, set: OperationChanges): Promise<void> {
  const { session, sealer } = batch;
  const ends = set.state !== undefined && isFinal(set.state);
  const isScrubbed = ends && (await isOfDeleted(batch, id));
  const isLate = set.credentials !== undefined && !ends && (await isOver(session, id));
  const columns = operationChangeColumns(sealer, id, set, isLate);
  if ((await updateRows(session, 'operations', columns, { id })) === 0) {
    throw new ImError('internal', `There is no operation ${id} to change: nothing was written.`);
  }
  if (isScrubbed) {
    // The operation that deleted its infrastructure ends after the scrub; its result is kept for the waiting caller.
    await session.run('UPDATE operations SET request = NULL, progress = NULL WHERE id = ?', [id]);
  }
}

/** Also keeps the infrastructure as it is: a scrub that runs at the same time would miss an operation that is just ending. */
async function isOfDeleted(batch: Batch, id: string): Promise<boolean> {
  const row = await batch.session.first('SELECT infrastructure_id FROM operations WHERE id = ?', [id]);
  return row !== undefined && (await batch.isDeleted(textOf(row, 'infrastructure_id')));
}

/** Reads an operation; what is sealed is opened when it is first looked at. */
export async function getOperation(session: SqlSession, sealer: Sealer, id: string): Promise<Operation | undefined> {
  const row = await session.first(`${SELECT} WHERE id = ?`, [id]);
  return row && readOperation(row, sealer);
}

/** Lists operations in order of acceptance. */
export async function listOperations(
  session: SqlSession,
  sealer: Sealer,
  filter: OperationFilter,
): Promise<readonly Operation[]> {
  const { infrastructureId, states } = filter;
  if (states?.length === 0) {
    return [];
  }
  const conditions = [
    ...(infrastructureId === undefined ? [] : ['infrastructure_id = ?']),
    ...(states === undefined ? [] : [`state IN (${placesFor(states)})`]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const values = [...(infrastructureId === undefined ? [] : [infrastructureId]), ...(states ?? [])];
  const rows = await session.all(`${SELECT} ${where} ORDER BY sequence`, values);
  return rows.map((row) => readOperation(row, sealer));
}

async function isOver(session: SqlSession, id: string): Promise<boolean> {
  const row = await session.first('SELECT state FROM operations WHERE id = ?', [id]);
  return row !== undefined && hasEnded(row);
}
