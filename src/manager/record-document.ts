// SPDX-License-Identifier: Apache-2.0
// The whole record of an infrastructure as the document that grycap/im reads and writes (persistence.md §5).
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  deriveVmState,
  type Infrastructure,
  infrastructureNotFound,
  type JsonObject,
  type VirtualMachine,
  withoutCallHome,
  withoutInfrastructureToken,
} from '../domain/index.js';
import { PartsBySystem, withConfiguration } from '../operations/index.js';
import { printRadl, Radl } from '../radl/index.js';
import type { Store } from '../store/index.js';

/** What the words of the VMs' states depend on. */
export interface RecordClock {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** VM_INFO_UPDATE_ERROR_GRACE_PERIOD, milliseconds. */
  readonly graceMs: number;
}

/** Then other work has its turn. */
const VMS_PER_TURN = 100;

/** Characters that recipes and deploy lines may take in the documents of all VMs together. */
const MOST_REPEATED = 1_000_000;

/**
 * Makes the document. It holds the credentials of owners and machines.
 * @throws ImError `infrastructure-not-found`
 */
export async function recordDocument(store: Store, infrastructureId: string, clock: RecordClock): Promise<JsonObject> {
  const infrastructure = await store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined) {
    throw infrastructureNotFound();
  }
  const vms = await store.listVms(infrastructureId, { includeDestroyed: true });
  const logs = await store.readVmLogs(infrastructureId);
  const withParts = partsAdder(infrastructure.radl, vms.length);
  const records: JsonObject[] = [];
  for (const vm of vms) {
    records.push(vmRecord(infrastructure, vm, withParts, logs.get(vm.number) ?? '', clock));
    if (records.length % VMS_PER_TURN === 0) await nextTurn();
  }
  return infrastructureRecord(infrastructure, records, (await store.readLog(infrastructureId, null)).text);
}

/**
 * Adds recipes and deploy lines to the document of a VM. grycap/im repeats all of them with each; where that is much, each gets those of its
 * system: the document of the infrastructure has them all.
 */
function partsAdder(radl: Radl, vmCount: number): (document: Radl) => Radl {
  const repeated = 2 * vmCount * printRadl(withConfiguration(Radl.empty(), radl)).length;
  if (repeated <= MOST_REPEATED) {
    return (document) => withConfiguration(document, radl);
  }
  const parts = new PartsBySystem(radl);
  return (document) => parts.addTo(document);
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

function infrastructureRecord(infrastructure: Infrastructure, vms: readonly JsonObject[], log: string): JsonObject {
  // What opens this service to the nodes is good here only.
  const { TOSCA, ...others } = withoutInfrastructureToken(infrastructure.extra);
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
  infrastructure: Infrastructure,
  vm: VirtualMachine,
  withParts: (document: Radl) => Radl,
  log: string,
  { now, graceMs }: RecordClock,
): JsonObject {
  return {
    last_update: seconds(vm.lastUpdate),
    destroy: vm.isDestroyed,
    state: deriveVmState(vm, infrastructure.configured, now, graceMs),
    id: vm.providerId,
    im_id: vm.number,
    creation_im_id: vm.number,
    cloud: { ...vm.cloud },
    info: printRadl(withParts(vm.info)),
    requested_radl: printRadl(withParts(vm.requested)),
    cont_out: log,
    configured: vm.configured,
    ctxt_pid: null,
    ssh_connect_errors: 0,
    // Whoever reads "creating" of a removed one has to look for a machine.
    creating: vm.isCreating && !vm.isDestroyed,
    error_msg: vm.errorMessage === '' ? null : vm.errorMessage,
    deleting: vm.isDeleting,
    creation_date: seconds(vm.createdAt),
    ...withoutCallHome(vm.extra),
  };
}
