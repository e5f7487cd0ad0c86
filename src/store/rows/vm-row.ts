// SPDX-License-Identifier: Apache-2.0
// A VM as columns and back: the status apart from the sealed documents.
import type { CloudState, VirtualMachine, VmStatus } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { VmChanges } from '../store.js';
import { cloudOf, fromCloud } from './cloud-column.js';
import { openJson, openRadl, sealJson, sealRadl } from './documents.js';
import { once } from './lazy.js';
import {
  type Columns,
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
import { sizeColumns } from './statistics.js';

/** Every word that a provider can say about a VM. */
export const CLOUD_STATE_WORDS: readonly CloudState[] = ['pending', 'running', 'stopped', 'off', 'failed', 'unknown'];

/** What a provider can say about a VM. */
export const CLOUD_STATES: Readonly<Record<CloudState, true>> = {
  pending: true,
  running: true,
  stopped: true,
  off: true,
  failed: true,
  unknown: true,
};

/** The columns of {@link readVmStatus}. */
export const VM_STATUS_COLUMNS = [
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
] as const;

type DocumentName = 'info' | 'requested' | 'extra';

const context = (name: DocumentName, infrastructureId: string, number: number): string =>
  `vm_documents/${name}/${infrastructureId}/${number}`;

/** The status columns of a new VM. */
export function vmColumns(vm: VirtualMachine): Columns {
  return {
    infrastructure_id: vm.infrastructureId,
    vm_number: vm.number,
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
    ...sizeColumns(vm.info),
  };
}

/** The status columns that a change sets. */
export function vmChangeColumns(set: VmChanges): Columns {
  return {
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
  };
}

/** Does a change set documents? */
export function hasVmDocuments({ info, requested, extra }: Pick<VmChanges, DocumentName>): boolean {
  return info !== undefined || requested !== undefined || extra !== undefined;
}

/** The document columns, as far as they are given. Those of a deleted infrastructure stay empty. */
export function vmDocumentColumns(
  sealer: Sealer,
  infrastructureId: string,
  number: number,
  { info, requested, extra }: Pick<VmChanges, DocumentName>,
  isDeleted: boolean,
): Columns {
  const place = (name: DocumentName) => context(name, infrastructureId, number);
  return {
    info: info && (isDeleted ? null : sealRadl(sealer, info, place('info'))),
    requested: requested && (isDeleted ? null : sealRadl(sealer, requested, place('requested'))),
    extra: extra && (isDeleted ? null : sealJson(sealer, extra, place('extra'))),
  };
}

/** A VM's status of its columns. */
export function readVmStatus(row: Row): VmStatus {
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

/** A VM of all its columns; its documents are opened when they are first looked at. */
export function readVm(row: Row, sealer: Sealer): VirtualMachine {
  const status = readVmStatus(row);
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
