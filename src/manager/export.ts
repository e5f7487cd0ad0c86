// SPDX-License-Identifier: Apache-2.0
// Use case: the whole record of an infrastructure as the document that grycap/im reads and writes (persistence.md §5).
import {
  deriveVmState,
  type Infrastructure,
  infrastructureNotFound,
  type JsonObject,
  type VirtualMachine,
} from '../domain/index.js';
import { withConfiguration } from '../operations/index.js';
import { printRadl } from '../radl/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** JSON text of the record; with `isDeleted` it is forgotten here afterwards and its machines are left running. */
export async function exportInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  { isDeleted }: { readonly isDeleted: boolean },
): Promise<string> {
  await admitToInfrastructure(environment, call, infrastructureId, isDeleted ? 'delete' : 'read');
  const { store } = environment;
  const infrastructure = await store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined) {
    throw infrastructureNotFound();
  }
  const vms = await store.listVms(infrastructureId, { includeDestroyed: true });
  const logs = await store.readVmLogs(infrastructureId);
  const record = infrastructureRecord(
    infrastructure,
    vms.map((vm) => vmRecord(environment, infrastructure, vm, logs.get(vm.number) ?? '')),
    (await store.readLog(infrastructureId, null)).text,
  );
  const text = JSON.stringify(record);
  if (isDeleted) {
    await environment.engine.release(infrastructureId);
  }
  return text;
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

function infrastructureRecord(infrastructure: Infrastructure, vms: readonly JsonObject[], log: string): JsonObject {
  const { TOSCA, ...others } = infrastructure.extra;
  return {
    id: infrastructure.id,
    vm_list: vms,
    auth: infrastructure.owners.map((owner) => ({ type: 'InfrastructureManager', ...owner })),
    radl: printRadl(infrastructure.radl),
    private_networks: Object.fromEntries(infrastructure.privateNetworks),
    system_counter: 0,
    deleted: infrastructure.isDeleted,
    vm_master: infrastructure.masterVm,
    vm_id: 0,
    cont_out: log,
    ansible_configured: infrastructure.configured,
    configured: infrastructure.configured,
    extra_info: { ...(TOSCA !== undefined && { TOSCA }), im: others },
    snapshots: [...infrastructure.snapshots],
    creation_date: seconds(infrastructure.createdAt),
  };
}

function vmRecord(
  environment: ManagerEnvironment,
  infrastructure: Infrastructure,
  vm: VirtualMachine,
  log: string,
): JsonObject {
  const grace = environment.settings.vmInfoUpdateErrorGracePeriodMs;
  return {
    last_update: seconds(vm.lastUpdate),
    destroy: vm.isDestroyed,
    state: deriveVmState(vm, infrastructure.configured, environment.now(), grace),
    id: vm.providerId,
    im_id: vm.number,
    creation_im_id: vm.number,
    cloud: { ...vm.cloud },
    info: printRadl(withConfiguration(vm.info, infrastructure.radl)),
    requested_radl: printRadl(withConfiguration(vm.requested, infrastructure.radl)),
    cont_out: log,
    configured: vm.configured,
    ctxt_pid: null,
    ssh_connect_errors: 0,
    creating: vm.isCreating,
    error_msg: vm.errorMessage === '' ? null : vm.errorMessage,
    deleting: vm.isDeleting,
    creation_date: seconds(vm.createdAt),
    ...vm.extra,
  };
}
