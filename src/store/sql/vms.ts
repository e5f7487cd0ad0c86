// SPDX-License-Identifier: Apache-2.0
// VM rows: the status columns in one table, the sealed documents in another, so that states are read and written without documents.
import { type CloudState, ImError, type VirtualMachine, type VmStatus } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { VmChanges } from '../store.js';
import type { Batch } from './batch.js';
import { cloudOf, fromCloud } from './cloud-column.js';
import type { SqlSession } from './database.js';
import { openJson, openRadl, sealJson, sealRadl } from './documents.js';
import { once } from './lazy.js';
import {
  flagOf,
  fromFlag,
  fromOptionalFlag,
  integerOf,
  optionalFlagOf,
  optionalTextOf,
  type Row,
  textOf,
  wordOf,
} from './row.js';
import { insertRow, updateRows } from './statements.js';
import { sizeColumns } from './statistics.js';

/** Which VMs to list. */
export interface VmListOptions {
  readonly includeDestroyed?: boolean;
}

const CLOUD_STATES: Readonly<Record<CloudState, true>> = {
  pending: true,
  running: true,
  stopped: true,
  off: true,
  failed: true,
  unknown: true,
};

const STATUS = [
  'infrastructure_id',
  'vm_number',
  'provider_id',
  'cloud',
  'cloud_state',
  'configured',
  'is_deleting',
  'is_creating',
  'is_destroyed',
  'last_update',
  'is_update_failing',
]
  .map((column) => `vms.${column}`)
  .join(', ');

const FULL = `SELECT ${STATUS}, system_name, error_message, created_at, operation_id, info, requested, extra
  FROM vms JOIN vm_documents
    ON vm_documents.infrastructure_id = vms.infrastructure_id AND vm_documents.vm_number = vms.vm_number`;

type DocumentName = 'info' | 'requested' | 'extra';

const context = (name: DocumentName, infrastructureId: string, number: number): string =>
  `vm_documents/${name}/${infrastructureId}/${number}`;

/** Writes a new VM. */
export async function insertVm(batch: Batch, vm: VirtualMachine): Promise<void> {
  const { infrastructureId, number, info } = vm;
  await insertRow(batch.session, 'vms', {
    infrastructure_id: infrastructureId,
    vm_number: number,
    provider_id: vm.providerId,
    cloud_type: vm.cloud.type,
    cloud_server: vm.cloud.server,
    cloud: fromCloud(vm.cloud),
    cloud_state: vm.cloudState,
    configured: fromOptionalFlag(vm.configured),
    is_deleting: fromFlag(vm.isDeleting),
    is_creating: fromFlag(vm.isCreating),
    is_destroyed: fromFlag(vm.isDestroyed),
    last_update: vm.lastUpdate,
    is_update_failing: fromFlag(vm.isUpdateFailing),
    system_name: vm.systemName,
    error_message: vm.errorMessage,
    created_at: vm.createdAt,
    operation_id: vm.operationId,
    ...sizeColumns(info),
  });
  await insertRow(batch.session, 'vm_documents', {
    infrastructure_id: infrastructureId,
    vm_number: number,
    ...(await documentColumns(batch, infrastructureId, number, vm)),
  });
}

/**
 * Writes columns of a VM.
 * @throws ImError `internal` when there is no such VM
 */
export async function updateVm(batch: Batch, infrastructureId: string, number: number, set: VmChanges): Promise<void> {
  const where = { infrastructure_id: infrastructureId, vm_number: number };
  const inStatus = await updateRows(
    batch.session,
    'vms',
    {
      provider_id: set.providerId,
      cloud_state: set.cloudState,
      configured: set.configured === undefined ? undefined : fromOptionalFlag(set.configured),
      is_deleting: set.isDeleting === undefined ? undefined : fromFlag(set.isDeleting),
      is_creating: set.isCreating === undefined ? undefined : fromFlag(set.isCreating),
      is_destroyed: set.isDestroyed === undefined ? undefined : fromFlag(set.isDestroyed),
      last_update: set.lastUpdate,
      is_update_failing: set.isUpdateFailing === undefined ? undefined : fromFlag(set.isUpdateFailing),
      error_message: set.errorMessage,
      ...(set.info && sizeColumns(set.info)),
    },
    where,
  );
  const inDocuments = await updateRows(
    batch.session,
    'vm_documents',
    await documentColumns(batch, infrastructureId, number, set),
    where,
  );
  if (inStatus === 0 || inDocuments === 0) {
    throw new ImError(
      'internal',
      `There is no VM ${number} of infrastructure ${infrastructureId} to change: nothing was written.`,
    );
  }
}

/** Reads one VM; its documents are opened when they are first looked at. */
export async function getVm(
  session: SqlSession,
  sealer: Sealer,
  infrastructureId: string,
  number: number,
): Promise<VirtualMachine | undefined> {
  const row = await session.first(`${FULL} WHERE vms.infrastructure_id = ? AND vms.vm_number = ?`, [
    infrastructureId,
    number,
  ]);
  return row && readVm(row, sealer);
}

/** Reads the VMs of an infrastructure in number order. */
export async function listVms(
  session: SqlSession,
  sealer: Sealer,
  infrastructureId: string,
  options: VmListOptions = {},
): Promise<readonly VirtualMachine[]> {
  const rows = await session.all(`${FULL} ${ofInfrastructure(options)}`, [infrastructureId]);
  return rows.map((row) => readVm(row, sealer));
}

/** Reads the status columns alone. */
export async function listVmStatuses(
  session: SqlSession,
  infrastructureId: string,
  options: VmListOptions = {},
): Promise<readonly VmStatus[]> {
  const rows = await session.all(`SELECT ${STATUS} FROM vms ${ofInfrastructure(options)}`, [infrastructureId]);
  return rows.map(readStatus);
}

/** Counts living VMs of living infrastructures from an index. */
export async function countVms(
  session: SqlSession,
): Promise<readonly { readonly cloudType: string; readonly cloudState: CloudState; readonly count: number }[]> {
  const rows = await session.all(
    `SELECT cloud_type, cloud_state, COUNT(*) AS vm_count FROM vms
      WHERE is_destroyed = 0 AND infrastructure_id IN (SELECT id FROM infrastructures WHERE is_deleted = 0)
      GROUP BY cloud_type, cloud_state ORDER BY cloud_type, cloud_state`,
  );
  return rows.map((row) => ({
    cloudType: textOf(row, 'cloud_type'),
    cloudState: wordOf(row, 'cloud_state', CLOUD_STATES),
    count: integerOf(row, 'vm_count'),
  }));
}

function ofInfrastructure({ includeDestroyed = false }: VmListOptions): string {
  const living = includeDestroyed ? '' : 'AND vms.is_destroyed = 0';
  return `WHERE vms.infrastructure_id = ? ${living} ORDER BY vms.vm_number`;
}

async function documentColumns(
  batch: Batch,
  infrastructureId: string,
  number: number,
  { info, requested, extra }: Pick<VmChanges, DocumentName>,
) {
  if (info === undefined && requested === undefined && extra === undefined) {
    return {};
  }
  const { sealer } = batch;
  const isDeleted = await batch.isDeleted(infrastructureId);
  const place = (name: DocumentName) => context(name, infrastructureId, number);
  return {
    info: info && (isDeleted ? null : sealRadl(sealer, info, place('info'))),
    requested: requested && (isDeleted ? null : sealRadl(sealer, requested, place('requested'))),
    extra: extra && (isDeleted ? null : sealJson(sealer, extra, place('extra'))),
  };
}

function readStatus(row: Row): VmStatus {
  return {
    infrastructureId: textOf(row, 'infrastructure_id'),
    number: integerOf(row, 'vm_number'),
    providerId: optionalTextOf(row, 'provider_id'),
    cloud: cloudOf(row),
    cloudState: wordOf(row, 'cloud_state', CLOUD_STATES),
    configured: optionalFlagOf(row, 'configured'),
    isDeleting: flagOf(row, 'is_deleting'),
    isCreating: flagOf(row, 'is_creating'),
    isDestroyed: flagOf(row, 'is_destroyed'),
    lastUpdate: integerOf(row, 'last_update'),
    isUpdateFailing: flagOf(row, 'is_update_failing'),
  };
}

function readVm(row: Row, sealer: Sealer): VirtualMachine {
  const status = readStatus(row);
  const place = (name: DocumentName) => context(name, status.infrastructureId, status.number);
  const info = once(() => openRadl(sealer, optionalTextOf(row, 'info'), place('info')));
  const requested = once(() => openRadl(sealer, optionalTextOf(row, 'requested'), place('requested')));
  const extra = once(() => openJson(sealer, optionalTextOf(row, 'extra'), place('extra')));
  return {
    ...status,
    systemName: textOf(row, 'system_name'),
    errorMessage: textOf(row, 'error_message'),
    createdAt: integerOf(row, 'created_at'),
    operationId: textOf(row, 'operation_id'),
    get info() {
      return info();
    },
    get requested() {
      return requested();
    },
    get extra() {
      return extra();
    },
  };
}
