// SPDX-License-Identifier: Apache-2.0
// Use cases: a VM's document, one of its properties, its log (core.md §15).
import { deriveVmState, type InfrastructureHeader, type VirtualMachine } from '../domain/index.js';
import type { Radl } from '../radl/index.js';
import { admitAndRefresh, admitToInfrastructure, findVm } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, PropertyValue } from './manager.js';
import { shownTo } from './secret-features.js';

/** Live document of a VM: networks and its system, with the state word of this moment. */
export async function vmInfo(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
): Promise<Radl> {
  const { caller, header } = await admitAndRefresh(environment, call, infrastructureId);
  const vm = await findVm(environment, infrastructureId, vmId);
  return shownTo(environment, caller, shownDocument(environment, vm, header));
}

/** The VM's document as users see it. */
export function shownDocument(
  environment: ManagerEnvironment,
  vm: VirtualMachine,
  header: Pick<InfrastructureHeader, 'configured'>,
): Radl {
  const document = vm.info.clone();
  const state = deriveVmState(
    vm,
    header.configured,
    environment.now(),
    environment.settings.vmInfoUpdateErrorGracePeriodMs,
  );
  document.systems[0]?.features.setText('state', state);
  return document;
}

/** One feature of the VM's system; undefined when it has none of that name. */
export async function vmProperty(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
  property: string,
): Promise<PropertyValue | undefined> {
  const features = (await vmInfo(environment, call, infrastructureId, vmId)).systems[0]?.features;
  if (features === undefined) {
    return undefined;
  }
  const value = features.getValue(property);
  if (value !== undefined) {
    return value;
  }
  const items = features.getContained(property);
  return items.size === 0 ? undefined : items;
}

/** The VM's log: why its launch failed or why it is not running, then the configuration's output. */
export async function vmContMsg(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
): Promise<string> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read', 'people-and-nodes');
  const vm = await findVm(environment, infrastructureId, vmId);
  const { text } = await environment.store.readLog(infrastructureId, vm.number);
  return vmMessage(vm.errorMessage, text);
}

/** Error message and log of a VM as one text (core.md §15). */
export function vmMessage(errorMessage: string, log: string): string {
  return errorMessage === '' ? log : `${errorMessage}\n${log}`;
}
