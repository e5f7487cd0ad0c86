// SPDX-License-Identifier: Apache-2.0
// Infrastructure rows: a narrow one that every change touches, and one with the documents.
import { ImError, type Infrastructure, type InfrastructureHeader, type Owner } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { InfrastructureChanges } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { openJson, openRadl, sealJson, sealRadl } from './documents.js';
import { once } from './lazy.js';
import type { OwnerHash } from './owner-key.js';
import { indexOwners, openOwners, ownedByCondition, scrubbedOwners, sealOwners } from './owners.js';
import {
  flagOf,
  fromFlag,
  fromOptionalFlag,
  integerOf,
  optionalFlagOf,
  optionalIntegerOf,
  optionalTextOf,
  parseJsonList,
  parseTextRecord,
  type Row,
  textOf,
} from './row.js';
import { insertRow, updateRows } from './statements.js';
import { scrubbedExtra, templateNameOf } from './statistics.js';

const HEADER = 'id, version, created_at, configured, master_vm, is_destroying, is_deleted, next_vm_number, owners';

const radlContext = (id: string): string => `infrastructure_documents/radl/${id}`;
const extraContext = (id: string): string => `infrastructure_documents/extra/${id}`;

/** Writes a new infrastructure. */
export async function insertInfrastructure(batch: Batch, infrastructure: Infrastructure): Promise<void> {
  const { session, sealer } = batch;
  const { id, owners } = infrastructure;
  await insertRow(session, 'infrastructures', {
    id,
    version: infrastructure.version,
    created_at: infrastructure.createdAt,
    updated_at: batch.now,
    configured: fromOptionalFlag(infrastructure.configured),
    master_vm: infrastructure.masterVm,
    is_destroying: fromFlag(infrastructure.isDestroying),
    is_deleted: fromFlag(infrastructure.isDeleted),
    next_vm_number: infrastructure.nextVmNumber,
    template_name: templateNameOf(infrastructure.extra),
    owners: sealOwners(sealer, id, infrastructure.isDeleted ? scrubbedOwners(owners) : owners),
  });
  await insertRow(session, 'infrastructure_documents', {
    infrastructure_id: id,
    private_networks: fromNetworks(infrastructure.privateNetworks),
    snapshots: JSON.stringify(infrastructure.snapshots),
    ...documentColumns(batch, id, infrastructure, infrastructure.isDeleted),
  });
  await indexOwners(batch, id, owners);
}

/** Writes columns of an infrastructure; `isDeleted` itself is written by the scrub. */
export async function updateInfrastructure(batch: Batch, id: string, set: InfrastructureChanges): Promise<void> {
  const { session, sealer } = batch;
  const isDeleted = await batch.isDeleted(id);
  await updateRows(
    session,
    'infrastructures',
    {
      configured: set.configured === undefined ? undefined : fromOptionalFlag(set.configured),
      master_vm: set.masterVm,
      is_destroying: set.isDestroying === undefined ? undefined : fromFlag(set.isDestroying),
      next_vm_number: set.nextVmNumber,
      template_name: set.extra && templateNameOf(set.extra),
      owners: set.owners && sealOwners(sealer, id, isDeleted ? scrubbedOwners(set.owners) : set.owners),
    },
    { id },
  );
  await updateRows(
    session,
    'infrastructure_documents',
    {
      private_networks: set.privateNetworks && fromNetworks(set.privateNetworks),
      snapshots: set.snapshots && JSON.stringify(set.snapshots),
      ...documentColumns(batch, id, set, isDeleted),
    },
    { infrastructure_id: id },
  );
  if (set.owners !== undefined) {
    await indexOwners(batch, id, set.owners);
  }
}

/** Marks the row as deleted and takes its secrets away. The owners' hashes stay those of the whole identity. */
export async function scrubInfrastructureRows({ session, sealer }: Batch, id: string): Promise<void> {
  const infrastructure = await getInfrastructure(session, sealer, id);
  if (infrastructure === undefined) {
    return;
  }
  await session.run('UPDATE infrastructures SET is_deleted = 1, owners = ? WHERE id = ?', [
    sealOwners(sealer, id, scrubbedOwners(infrastructure.owners)),
    id,
  ]);
  await session.run('UPDATE infrastructure_documents SET radl = NULL, extra = ? WHERE infrastructure_id = ?', [
    sealJson(sealer, scrubbedExtra(infrastructure.extra), extraContext(id)),
    id,
  ]);
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

/** Reads an infrastructure; its documents are opened when they are first looked at. */
export async function getInfrastructure(
  session: SqlSession,
  sealer: Sealer,
  id: string,
): Promise<Infrastructure | undefined> {
  const row = await session.first(
    `SELECT ${HEADER}, radl, private_networks, snapshots, extra
       FROM infrastructures JOIN infrastructure_documents ON infrastructure_id = id WHERE id = ?`,
    [id],
  );
  if (row === undefined) {
    return undefined;
  }
  const [sealedRadl, sealedExtra] = [optionalTextOf(row, 'radl'), textOf(row, 'extra')];
  const radl = once(() => openRadl(sealer, sealedRadl, radlContext(id)));
  const extra = once(() => openJson(sealer, sealedExtra, extraContext(id)));
  return {
    ...readHeader(row, sealer),
    privateNetworks: new Map(Object.entries(parseTextRecord(textOf(row, 'private_networks'), 'private_networks'))),
    snapshots: parseJsonList(textOf(row, 'snapshots'), 'snapshots', (value) =>
      typeof value === 'string' ? value : undefined,
    ),
    get radl() {
      return radl();
    },
    get extra() {
      return extra();
    },
  };
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

/** The two sealed columns, as far as they are given. */
function documentColumns(
  { sealer }: Batch,
  id: string,
  { radl, extra }: Pick<InfrastructureChanges, 'radl' | 'extra'>,
  isDeleted: boolean,
) {
  return {
    radl: radl && (isDeleted ? null : sealRadl(sealer, radl, radlContext(id))),
    extra: extra && sealJson(sealer, isDeleted ? scrubbedExtra(extra) : extra, extraContext(id)),
  };
}

function readHeader(row: Row, sealer: Sealer): InfrastructureHeader {
  const id = textOf(row, 'id');
  return {
    id,
    version: integerOf(row, 'version'),
    createdAt: integerOf(row, 'created_at'),
    configured: optionalFlagOf(row, 'configured'),
    masterVm: optionalIntegerOf(row, 'master_vm'),
    isDestroying: flagOf(row, 'is_destroying'),
    isDeleted: flagOf(row, 'is_deleted'),
    nextVmNumber: integerOf(row, 'next_vm_number'),
    owners: openOwners(sealer, id, textOf(row, 'owners')),
  };
}

function fromNetworks(networks: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries(networks));
}
