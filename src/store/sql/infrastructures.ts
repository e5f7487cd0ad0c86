// SPDX-License-Identifier: Apache-2.0
// Infrastructure rows: a narrow one that every change touches, and one with the documents.
import { ImError, type Infrastructure, type InfrastructureHeader, type Owner, withOwners } from '../../domain/index.js';
import {
  DOCUMENT_COLUMNS,
  documentColumns,
  HEADER_COLUMNS,
  headerChangeColumns,
  headerColumns,
  readHeader,
  readInfrastructure,
  scrubbedColumns,
} from '../rows/infrastructure-row.js';
import type { OwnerHash } from '../rows/owner-hash.js';
import { integerOf, textOf } from '../rows/row.js';
import type { Sealer } from '../sealing.js';
import type { InfrastructureChanges, InfrastructureVersion } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { indexOwners, ownedByCondition } from './owners.js';
import { insertRow, updateRows } from './statements.js';

const HEADER = HEADER_COLUMNS.join(', ');
const ALL = [...HEADER_COLUMNS, ...DOCUMENT_COLUMNS].join(', ');

/** Writes a new infrastructure. */
export async function insertInfrastructure(
  batch: Batch,
  infrastructure: Infrastructure,
  updatedAt = batch.now,
): Promise<void> {
  const { session, sealer } = batch;
  const { id, owners, isDeleted } = infrastructure;
  await insertRow(session, 'infrastructures', headerColumns(sealer, infrastructure, updatedAt));
  await insertRow(session, 'infrastructure_documents', {
    infrastructure_id: id,
    ...documentColumns(sealer, id, infrastructure, isDeleted),
  });
  await indexOwners(batch, id, owners);
}

/** Writes columns of an infrastructure; `isDeleted` itself is written by the scrub. */
export async function updateInfrastructure(batch: Batch, id: string, set: InfrastructureChanges): Promise<void> {
  const { session, sealer } = batch;
  const isDeleted = await batch.isDeleted(id);
  await updateRows(session, 'infrastructures', headerChangeColumns(sealer, id, set, isDeleted), { id });
  await updateRows(session, 'infrastructure_documents', documentColumns(sealer, id, set, isDeleted), {
    infrastructure_id: id,
  });
  if (set.owners !== undefined) {
    await indexOwners(batch, id, set.owners);
  }
}

/** Adds owners to those that there are. The row is locked already (see `raiseVersion`). */
export async function addOwners(batch: Batch, id: string, added: readonly Owner[]): Promise<void> {
  const { session, sealer, forUpdate } = batch;
  const row = await session.first(`SELECT ${HEADER} FROM infrastructures WHERE id = ?${forUpdate}`, [id]);
  const present = row === undefined ? [] : readHeader(row, sealer).owners;
  const owners = withOwners(present, added);
  if (owners.length > present.length) {
    await updateInfrastructure(batch, id, { owners });
  }
}

/** Marks the row as deleted and takes its secrets away. The owners' hashes stay those of the whole identity. */
export async function scrubInfrastructureRows({ session, sealer }: Batch, id: string): Promise<void> {
  const infrastructure = await getInfrastructure(session, sealer, id);
  if (infrastructure === undefined) {
    return;
  }
  const { header, documents } = scrubbedColumns(sealer, infrastructure);
  await updateRows(session, 'infrastructures', header, { id });
  await updateRows(session, 'infrastructure_documents', documents, { infrastructure_id: id });
}

/**
 * Raises the version of an infrastructure that a batch touches. It is the first statement on it, so that on databases with row locks
 * batches on one infrastructure come one after another.
 * @throws ImError `internal` when there is no such infrastructure
 */
export async function raiseVersion({ session, now }: Batch, id: string): Promise<void> {
  const found = await session.run('UPDATE infrastructures SET version = version + 1, updated_at = ? WHERE id = ?', [
    now,
    id,
  ]);
  if (found === 0) {
    throw new ImError('internal', `There is no infrastructure ${id} to change: nothing was written.`);
  }
}

/** Reads a header by a keyed read. */
export async function getHeader(
  session: SqlSession,
  sealer: Sealer,
  id: string,
): Promise<InfrastructureHeader | undefined> {
  const row = await session.first(`SELECT ${HEADER} FROM infrastructures WHERE id = ?`, [id]);
  return row && readHeader(row, sealer);
}

/** Reads an infrastructure. */
export async function getInfrastructure(
  session: SqlSession,
  sealer: Sealer,
  id: string,
): Promise<Infrastructure | undefined> {
  const row = await session.first(
    `SELECT ${ALL} FROM infrastructures JOIN infrastructure_documents ON infrastructure_id = id WHERE id = ?`,
    [id],
  );
  return row && readInfrastructure(row, sealer);
}

/** Infrastructures by the time of their last change. */
export async function listChangedSince(
  session: SqlSession,
  ownerHash: OwnerHash,
  time: number,
  ownedBy: readonly Owner[] | undefined,
): Promise<readonly InfrastructureVersion[]> {
  const owned = ownedByCondition(ownedBy, ownerHash);
  const rows = await session.all(
    `SELECT id, version, updated_at FROM infrastructures WHERE updated_at >= ? ${owned ? `AND ${owned.sql}` : ''} ORDER BY updated_at, sequence`,
    [time, ...(owned?.values ?? [])],
  );
  return rows.map((row) => ({
    id: textOf(row, 'id'),
    version: integerOf(row, 'version'),
    updatedAt: integerOf(row, 'updated_at'),
  }));
}

/** Ids of living infrastructures, newest first; those of some owners are found by their hashes. */
export async function listInfrastructureIds(
  session: SqlSession,
  ownerHash: OwnerHash,
  ownedBy: readonly Owner[] | undefined,
): Promise<readonly string[]> {
  const owned = ownedByCondition(ownedBy, ownerHash);
  const rows = await session.all(
    `SELECT id FROM infrastructures WHERE is_deleted = 0 ${owned ? `AND ${owned.sql}` : ''} ORDER BY created_at DESC, sequence DESC`,
    owned?.values,
  );
  return rows.map((row) => textOf(row, 'id'));
}
