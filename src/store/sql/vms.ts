// SPDX-License-Identifier: Apache-2.0
// VM rows: the status columns in one table, the sealed documents in another, so that states are read and written without documents.
import { type CloudState, ImError, type VirtualMachine, type VmStatus } from '../../domain/index.js';
import { integerOf, textOf, wordOf } from '../rows/row.js';
import {
  CLOUD_STATES,
  hasVmDocuments,
  readVm,
  readVmStatus,
  VM_STATUS_COLUMNS,
  vmChangeColumns,
  vmColumns,
  vmDocumentColumns,
} from '../rows/vm-row.js';
import type { Sealer } from '../sealing.js';
import type { VmChanges } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { insertRow, updateRows } from './statements.js';

/** Which VMs to list. */
export interface VmListOptions {
  readonly includeDestroyed?: boolean;
}

const STATUS = VM_STATUS_COLUMNS.map((column) => `vms.${column}`).join(', ');

const FULL = `SELECT ${STATUS}, system_name, error_message, created_at, operation_id, info, requested, extra
  FROM vms JOIN vm_documents
    ON vm_documents.infrastructure_id = vms.infrastructure_id AND vm_documents.vm_number = vms.vm_number`;

/** Writes a new VM. */
export async function insertVm(batch: Batch, vm: VirtualMachine): Promise<void> {
  const { infrastructureId, number } = vm;
  await insertRow(batch.session, 'vms', vmColumns(vm));
  const isDeleted = await batch.isDeleted(infrastructureId);
  await insertRow(batch.session, 'vm_documents', {
    infrastructure_id: infrastructureId,
    vm_number: number,
    ...vmDocumentColumns(batch.sealer, infrastructureId, number, vm, isDeleted),
  });
}

/**
 * Writes columns of a VM.
 * @throws ImError `internal` when there is no such VM
 */
export async function updateVm(batch: Batch, infrastructureId: string, number: number, set: VmChanges): Promise<void> {
  const where = { infrastructure_id: infrastructureId, vm_number: number };
  const inStatus = await updateRows(batch.session, 'vms', vmChangeColumns(set), where);
  const inDocuments = hasVmDocuments(set)
    ? await updateRows(
        batch.session,
        'vm_documents',
        vmDocumentColumns(batch.sealer, infrastructureId, number, set, await batch.isDeleted(infrastructureId)),
        where,
      )
    : undefined;
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
  return rows.map(readVmStatus);
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
