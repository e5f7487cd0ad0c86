// SPDX-License-Identifier: Apache-2.0
// Turns changes into drafted writes: the same rules as on SQL, with documents instead of rows.
import {
  ImError,
  type Infrastructure,
  isFinal,
  type Operation,
  type Owner,
  type Resource,
  type Revision,
  type VirtualMachine,
  withOwners,
} from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import {
  documentColumns,
  headerChangeColumns,
  headerColumns,
  readHeader,
  readInfrastructure,
  scrubbedColumns,
} from '../rows/infrastructure-row.js';
import { hasEnded, operationChangeColumns, operationColumns } from '../rows/operation-row.js';
import type { OwnerHash } from '../rows/owner-hash.js';
import { resourceChangeColumns, resourceColumns } from '../rows/resource-row.js';
import { revisionColumns } from '../rows/revision-row.js';
import { type Columns, flagOf, integerOf, type Row, type SqlValue, textOf } from '../rows/row.js';
import { hasVmDocuments, vmChangeColumns, vmColumns, vmDocumentColumns } from '../rows/vm-row.js';
import type { Sealer } from '../sealing.js';
import type { Change, InfrastructureChanges, OperationChanges, VmChanges } from '../store.js';
import { touchedInfrastructures } from '../touched-infrastructures.js';
import { type CollectionName, type MongoFields, vmKey } from './collections.js';
import type { Draft } from './draft.js';
import { stageAppend, stageReset } from './stage-logs.js';

/** What staging needs. */
export interface Staging {
  readonly draft: Draft;
  readonly sealer: Sealer;
  readonly ownerHash: OwnerHash;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly newId: () => string;
  /** Bound of one log. */
  readonly maxLogCharacters: number;
}

/** Collections whose documents go with their infrastructure. */
const OF_INFRASTRUCTURE: readonly CollectionName[] = [
  'infrastructures',
  'infrastructure_documents',
  'vms',
  'vm_documents',
  'operations',
  'resources',
  'revisions',
  'log_heads',
  'log_chunks',
];

/**
 * Drafts the changes of one batch.
 * @throws ImError `internal` when a document to change does not exist, or a new one does
 */
export async function stageChanges(staging: Staging, changes: readonly Change[]): Promise<void> {
  for (const id of touchedInfrastructures(changes)) {
    await raiseVersion(staging, id);
  }
  for (const change of changes) {
    await stageChange(staging, change);
  }
}

async function stageChange(staging: Staging, change: Change): Promise<void> {
  switch (change.kind) {
    case 'insert-infrastructure':
      return await insertInfrastructure(staging, change.infrastructure, change.updatedAt);
    case 'update-infrastructure':
      await updateInfrastructure(staging, change.id, change.set);
      return change.set.isDeleted ? await deleteInfrastructure(staging, change.id) : undefined;
    case 'add-owners':
      return await addOwners(staging, change.id, change.owners);
    case 'purge-infrastructure':
      return await purgeInfrastructure(staging, change.id);
    case 'insert-vm':
      return await insertVm(staging, change.vm);
    case 'update-vm':
      return await updateVm(staging, change.infrastructureId, change.number, change.set);
    case 'insert-operation':
      return await insertOperation(staging, change.operation);
    case 'update-operation':
      return await updateOperation(staging, change.id, change.set);
    case 'insert-resource':
      return await insertResource(staging, change.resource);
    case 'update-resource':
      return required(
        await staging.draft.update('resources', change.id, given(resourceChangeColumns(change.set))),
        `resource ${change.id}`,
      );
    case 'insert-revision':
      return await insertRevision(staging, change.revision);
    case 'append-log':
      return (await isDeleted(staging, change.infrastructureId))
        ? undefined
        : await stageAppend(staging, change.infrastructureId, change.vm, change.text);
    case 'reset-log':
      return await stageReset(staging, change.infrastructureId, change.vm);
  }
}

async function raiseVersion(staging: Staging, id: string): Promise<void> {
  const row = await headerOf(staging, id);
  await staging.draft.update('infrastructures', id, {
    version: integerOf(row, 'version') + 1,
    updated_at: staging.now,
  });
}

async function insertInfrastructure(
  staging: Staging,
  infrastructure: Infrastructure,
  updatedAt = staging.now,
): Promise<void> {
  const { draft, sealer, ownerHash } = staging;
  const { id, owners } = infrastructure;
  await insertNew(draft, 'infrastructures', id, {
    ...given(headerColumns(sealer, infrastructure, updatedAt)),
    infrastructure_id: id,
    sequence: await nextSequence(draft),
    owner_hashes: owners.map(ownerHash),
    user_name: owners[0]?.username ?? '',
  });
  draft.create('infrastructure_documents', id, {
    infrastructure_id: id,
    ...given(documentColumns(sealer, id, infrastructure, infrastructure.isDeleted)),
  });
}

async function updateInfrastructure(staging: Staging, id: string, set: InfrastructureChanges): Promise<void> {
  const { draft, sealer, ownerHash } = staging;
  const deleted = await isDeleted(staging, id);
  await draft.update('infrastructures', id, {
    ...given(headerChangeColumns(sealer, id, set, deleted)),
    ...(set.owners && { owner_hashes: set.owners.map(ownerHash), user_name: set.owners[0]?.username ?? '' }),
  });
  const documents = given(documentColumns(sealer, id, set, deleted));
  if (Object.keys(documents).length > 0) {
    draft.updateKnown('infrastructure_documents', id, { infrastructure_id: id }, documents);
  }
}

async function addOwners(staging: Staging, id: string, added: readonly Owner[]): Promise<void> {
  const present = readHeader(await headerOf(staging, id), staging.sealer).owners;
  const owners = withOwners(present, added);
  if (owners.length > present.length) {
    await updateInfrastructure(staging, id, { owners });
  }
}

/** As on SQL: secrets and documents go, what statistics and the leak report need stays (persistence.md §8). */
async function deleteInfrastructure(staging: Staging, id: string): Promise<void> {
  const { draft, sealer } = staging;
  if (await isDeleted(staging, id)) {
    return;
  }
  const where = { infrastructureId: id };
  const documentsRow = (await draft.get('infrastructure_documents', id)) ?? {};
  const infrastructure = readInfrastructure({ ...documentsRow, ...(await headerOf(staging, id)) }, sealer);
  const { header, documents } = scrubbedColumns(sealer, infrastructure);
  await draft.update('infrastructures', id, given(header));
  await draft.update('infrastructure_documents', id, given(documents));
  draft.updateMany('vms', where, { is_of_deleted: 1 });
  draft.updateMany('vm_documents', where, { info: null, requested: null, extra: null });
  draft.updateMany('revisions', where, { content: null });
  draft.removeMany('log_heads', where);
  draft.removeMany('log_chunks', where);
  // The operation that is deleting it still runs; it is scrubbed when it ends.
  draft.updateMany(
    'operations',
    { ...where, field: 'state', values: ['done', 'failed', 'cancelled'] },
    { request: null, progress: null, result: null, credentials: null },
  );
}

async function purgeInfrastructure(staging: Staging, id: string): Promise<void> {
  if (!(await isDeleted(staging, id))) {
    throw new ImError('internal', `The infrastructure ${id} is not deleted: it cannot be purged.`);
  }
  for (const collection of OF_INFRASTRUCTURE) {
    staging.draft.removeMany(collection, { infrastructureId: id });
  }
}

async function insertVm(staging: Staging, vm: VirtualMachine): Promise<void> {
  const { draft, sealer } = staging;
  const { infrastructureId, number } = vm;
  const deleted = await isDeleted(staging, infrastructureId);
  const key = vmKey(infrastructureId, number);
  await insertNew(draft, 'vms', key, { ...given(vmColumns(vm)), is_of_deleted: deleted ? 1 : 0 });
  draft.create('vm_documents', key, {
    infrastructure_id: infrastructureId,
    vm_number: number,
    ...given(vmDocumentColumns(sealer, infrastructureId, number, vm, deleted)),
  });
}

async function updateVm(staging: Staging, infrastructureId: string, number: number, set: VmChanges): Promise<void> {
  const { draft, sealer } = staging;
  const key = vmKey(infrastructureId, number);
  const known = await draft.update('vms', key, given(vmChangeColumns(set)));
  required(known, `VM ${number} of infrastructure ${infrastructureId}`);
  if (hasVmDocuments(set)) {
    const deleted = await isDeleted(staging, infrastructureId);
    const documents = vmDocumentColumns(sealer, infrastructureId, number, set, deleted);
    draft.updateKnown('vm_documents', key, { infrastructure_id: infrastructureId }, given(documents));
  }
}

async function insertOperation(staging: Staging, operation: Omit<Operation, 'sequence'>): Promise<void> {
  const { draft, sealer } = staging;
  await keep(staging, operation.infrastructureId);
  await insertNew(draft, 'operations', operation.id, {
    ...given(operationColumns(sealer, operation)),
    sequence: await nextSequence(draft),
  });
}

async function updateOperation(staging: Staging, id: string, set: OperationChanges): Promise<void> {
  const { draft, sealer } = staging;
  const row = await draft.get('operations', id);
  if (row === undefined) {
    throw missing(`operation ${id}`);
  }
  const isScrubbed =
    set.state !== undefined && isFinal(set.state) && (await isDeleted(staging, textOf(row, 'infrastructure_id')));
  await draft.update('operations', id, {
    ...given(operationChangeColumns(sealer, id, set, hasEnded(row))),
    // The operation that deleted its infrastructure ends after the scrub; its result is kept for the waiting caller.
    ...(isScrubbed && { request: null, progress: null }),
  });
}

async function insertResource(staging: Staging, resource: Resource): Promise<void> {
  await keep(staging, resource.infrastructureId);
  await insertNew(staging.draft, 'resources', resource.id, {
    ...given(resourceColumns(resource)),
    sequence: await nextSequence(staging.draft),
  });
}

async function insertRevision(staging: Staging, revision: Omit<Revision, 'number'>): Promise<void> {
  const { draft, sealer } = staging;
  const { infrastructureId } = revision;
  const deleted = await isDeleted(staging, infrastructureId);
  const header = await headerOf(staging, infrastructureId);
  const number = (header.revision_count === undefined ? 0 : integerOf(header, 'revision_count')) + 1;
  await draft.update('infrastructures', infrastructureId, { revision_count: number });
  draft.create(
    'revisions',
    `${infrastructureId}/${number}`,
    given(revisionColumns(sealer, { ...revision, number }, deleted)),
  );
}

/** The header as it will be. */
async function headerOf({ draft }: Staging, id: string): Promise<Row> {
  const row = await draft.get('infrastructures', id);
  if (row === undefined) {
    throw missing(`infrastructure ${id}`);
  }
  return row;
}

/** Makes sure that the infrastructure is there and stays as it is: others must not delete it in the same moment. */
async function keep(staging: Staging, id: string): Promise<Row> {
  const row = await headerOf(staging, id);
  await staging.draft.touch('infrastructures', id);
  return row;
}

/** A deleted infrastructure takes no documents and no logs any more: they would outlive the scrub (persistence.md §8). */
async function isDeleted(staging: Staging, id: string): Promise<boolean> {
  return flagOf(await keep(staging, id), 'is_deleted');
}

async function nextSequence(draft: Draft): Promise<number> {
  const row = await draft.get('counters', 'sequence');
  if (row === undefined) {
    await draft.insert('counters', 'sequence', { value: 1 });
    return 1;
  }
  const value = integerOf(row, 'value') + 1;
  await draft.update('counters', 'sequence', { value });
  return value;
}

async function insertNew(draft: Draft, collection: CollectionName, id: string, fields: MongoFields): Promise<void> {
  if (!(await draft.insert(collection, id, fields))) {
    throw new ImError('internal', `There is a document ${id} in ${collection} already: nothing was written.`);
  }
}

function required(isThere: boolean, what: string): void {
  if (!isThere) {
    throw missing(what);
  }
}

function missing(what: string): ImError {
  return new ImError('internal', `There is no ${what} to change: nothing was written.`);
}

/** The columns that are written. */
function given(columns: Columns): Readonly<Record<string, SqlValue>> {
  const fields: Record<string, SqlValue> = {};
  for (const [name, value] of Object.entries(columns)) {
    if (value !== undefined) {
      fields[name] = value;
    }
  }
  return fields;
}
