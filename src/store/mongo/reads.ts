// SPDX-License-Identifier: Apache-2.0
// Indexed reads of records from MongoDB.
import type { Db, Filter } from 'mongodb';
import type {
  CloudState,
  Infrastructure,
  InfrastructureHeader,
  Operation,
  Owner,
  Resource,
  ResourceState,
  Revision,
  VirtualMachine,
  VmStatus,
} from '../../domain/index.js';
import { HEADER_COLUMNS, readHeader, readInfrastructure } from '../rows/infrastructure-row.js';
import { readOperation } from '../rows/operation-row.js';
import type { OwnerHash } from '../rows/owner-hash.js';
import { readResource } from '../rows/resource-row.js';
import { readRevision } from '../rows/revision-row.js';
import { integerOf, type Row, textOf } from '../rows/row.js';
import { CLOUD_STATE_WORDS, readVm, readVmStatus, VM_STATUS_COLUMNS } from '../rows/vm-row.js';
import type { Sealer } from '../sealing.js';
import type { InfrastructureVersion, OperationFilter } from '../store.js';
import { documentsOf, type MongoDocument, vmKey } from './collections.js';

const projection = (columns: readonly string[]): Record<string, 1> =>
  Object.fromEntries(columns.map((column) => [column, 1]));

const HEADER = projection(HEADER_COLUMNS);
const STATUS = projection(VM_STATUS_COLUMNS);

/** Reads a header by its key. */
export async function getHeader(db: Db, sealer: Sealer, id: string): Promise<InfrastructureHeader | undefined> {
  const row = await documentsOf(db, 'infrastructures').findOne({ _id: id }, { projection: HEADER });
  return row === null ? undefined : readHeader(row, sealer);
}

/** Reads an infrastructure by its key. */
export async function getInfrastructure(db: Db, sealer: Sealer, id: string): Promise<Infrastructure | undefined> {
  const header = await documentsOf(db, 'infrastructures').findOne({ _id: id }, { projection: HEADER });
  const documents = await documentsOf(db, 'infrastructure_documents').findOne({ _id: id });
  return header === null || documents === null ? undefined : readInfrastructure({ ...documents, ...header }, sealer);
}

/** Condition on infrastructures for having one of the owners. */
export function ownedByFilter(ownedBy: readonly Owner[] | undefined, ownerHash: OwnerHash): Filter<MongoDocument> {
  return ownedBy === undefined ? {} : { owner_hashes: { $in: [...new Set(ownedBy.map(ownerHash))] } };
}

/** Ids of living infrastructures, newest first. */
export async function listInfrastructureIds(
  db: Db,
  ownerHash: OwnerHash,
  ownedBy: readonly Owner[] | undefined,
): Promise<readonly string[]> {
  const rows = await documentsOf(db, 'infrastructures')
    .find({ is_deleted: 0, ...ownedByFilter(ownedBy, ownerHash) }, { projection: { _id: 1 } })
    .sort({ created_at: -1, sequence: -1 })
    .toArray();
  return rows.map(({ _id }) => _id);
}

/** Infrastructures by the time of their last change. */
export async function listChangedSince(
  db: Db,
  ownerHash: OwnerHash,
  time: number,
  ownedBy: readonly Owner[] | undefined,
): Promise<readonly InfrastructureVersion[]> {
  const rows = await documentsOf(db, 'infrastructures')
    .find(
      { updated_at: { $gte: time }, ...ownedByFilter(ownedBy, ownerHash) },
      { projection: { version: 1, updated_at: 1 } },
    )
    .sort({ updated_at: 1, sequence: 1 })
    .toArray();
  return rows.map((row) => ({
    id: row._id,
    version: integerOf(row, 'version'),
    updatedAt: integerOf(row, 'updated_at'),
  }));
}

/** Reads a VM by its key. */
export async function getVm(
  db: Db,
  sealer: Sealer,
  infrastructureId: string,
  number: number,
): Promise<VirtualMachine | undefined> {
  const _id = vmKey(infrastructureId, number);
  const status = await documentsOf(db, 'vms').findOne({ _id });
  const documents = await documentsOf(db, 'vm_documents').findOne({ _id });
  return status === null || documents === null ? undefined : readVm({ ...documents, ...status }, sealer);
}

/** Reads the VMs of an infrastructure in number order. */
export async function listVms(
  db: Db,
  sealer: Sealer,
  infrastructureId: string,
  includeDestroyed: boolean,
): Promise<readonly VirtualMachine[]> {
  const rows = await vmRows(db, infrastructureId, includeDestroyed);
  const documents = new Map<string, Row>();
  for await (const row of documentsOf(db, 'vm_documents').find({ infrastructure_id: infrastructureId })) {
    documents.set(row._id, row);
  }
  return rows.flatMap((row) => {
    const own = documents.get(row._id);
    return own === undefined ? [] : [readVm({ ...own, ...row }, sealer)];
  });
}

/** Reads the status columns alone. */
export async function listVmStatuses(
  db: Db,
  infrastructureId: string,
  includeDestroyed: boolean,
): Promise<readonly VmStatus[]> {
  return (await vmRows(db, infrastructureId, includeDestroyed, STATUS)).map(readVmStatus);
}

function vmRows(
  db: Db,
  infrastructureId: string,
  includeDestroyed: boolean,
  fields?: Record<string, 1>,
): Promise<MongoDocument[]> {
  return documentsOf(db, 'vms')
    .find(
      { infrastructure_id: infrastructureId, ...(includeDestroyed ? {} : { is_destroyed: 0 }) },
      fields === undefined ? {} : { projection: fields },
    )
    .sort({ vm_number: 1 })
    .toArray();
}

/** Counts living VMs of living infrastructures from an index. */
export async function countVms(
  db: Db,
): Promise<readonly { readonly cloudType: string; readonly cloudState: CloudState; readonly count: number }[]> {
  const vms = documentsOf(db, 'vms');
  const living = { is_destroyed: 0, is_of_deleted: 0 };
  const counts = [];
  for (const cloudType of await vms.distinct('cloud_type', living)) {
    for (const cloudState of CLOUD_STATE_WORDS) {
      const count = await vms.countDocuments({ ...living, cloud_type: cloudType, cloud_state: cloudState });
      if (count > 0) {
        counts.push({ cloudType: String(cloudType), cloudState, count });
      }
    }
  }
  return counts;
}

/** Reads an operation by its key. */
export async function getOperation(db: Db, sealer: Sealer, id: string): Promise<Operation | undefined> {
  const row = await documentsOf(db, 'operations').findOne({ _id: id });
  return row === null ? undefined : readOperation(row, sealer);
}

/** Lists operations in order of acceptance. */
export async function listOperations(
  db: Db,
  sealer: Sealer,
  { infrastructureId, states }: OperationFilter,
): Promise<readonly Operation[]> {
  const rows = await documentsOf(db, 'operations')
    .find({
      ...(infrastructureId !== undefined && { infrastructure_id: infrastructureId }),
      ...(states !== undefined && { state: { $in: [...states] } }),
    })
    .sort({ sequence: 1 })
    .toArray();
  return rows.map((row) => readOperation(row, sealer));
}

/** Lists ledger entries in order of creation. */
export async function listResources(
  db: Db,
  infrastructureId: string,
  { states, operationId }: { readonly states?: readonly ResourceState[]; readonly operationId?: string } = {},
): Promise<readonly Resource[]> {
  const rows = await documentsOf(db, 'resources')
    .find({
      infrastructure_id: infrastructureId,
      ...(states !== undefined && { state: { $in: [...states] } }),
      ...(operationId !== undefined && { operation_id: operationId }),
    })
    .sort({ sequence: 1 })
    .toArray();
  return rows.map(readResource);
}

/** Infrastructures with ledger entries in one of the states. */
export async function listInfrastructuresWithResources(
  db: Db,
  states: readonly ResourceState[],
): Promise<readonly string[]> {
  const rows = await documentsOf(db, 'resources')
    .find({ state: { $in: [...states] } }, { projection: { infrastructure_id: 1 } })
    .toArray();
  return [...new Set(rows.map((row) => textOf(row, 'infrastructure_id')))].sort();
}

/** Lists revisions, oldest first. */
export async function listRevisions(db: Db, sealer: Sealer, infrastructureId: string): Promise<readonly Revision[]> {
  const rows = await documentsOf(db, 'revisions')
    .find({ infrastructure_id: infrastructureId })
    .sort({ revision_number: 1 })
    .toArray();
  return rows.map((row) => readRevision(row, sealer));
}
