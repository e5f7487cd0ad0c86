// SPDX-License-Identifier: Apache-2.0
// Use case: the state of an infrastructure (core.md §4). Answers from the store; providers are asked in the background.
import {
  aggregateStates,
  deriveVmState,
  type InfrastructureHeader,
  infrastructureStateReason,
  type VmState,
  type VmStatus,
  vmStateReason,
} from '../domain/index.js';
import { admitAndRefresh } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, ExplainedState, InfrastructureState } from './manager.js';

/** VMs whose own error message is read for their reason: each one costs a read of its documents. */
const MOST_ERROR_MESSAGES = 20;

/** State words of the infrastructure and its living VMs. */
export async function infrastructureState(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<InfrastructureState> {
  const { header } = await admitAndRefresh(environment, call, infrastructureId);
  return statesOf(environment, header, await environment.store.listVmStatuses(infrastructureId));
}

/** As infrastructureState, with the reason of each state that needs one. */
export async function explainedState(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<ExplainedState> {
  const { header } = await admitAndRefresh(environment, call, infrastructureId);
  return explain(environment, header);
}

/** State and reasons of an infrastructure that somebody else has checked the access to. */
export async function explain(
  environment: Pick<ManagerEnvironment, 'store' | 'now' | 'settings'>,
  header: InfrastructureHeader,
): Promise<ExplainedState> {
  const { store } = environment;
  const { id } = header;
  const vms = await store.listVmStatuses(id);
  const work = await store.listOperations({ infrastructureId: id, states: ['queued', 'running'] });
  const { state, vmStates } = statesOf(environment, header, vms);
  const vmReasons = new Map<number, string>();
  let errorMessages = 0;
  for (const vm of vms) {
    const vmState = vmStates.get(vm.number) ?? 'unknown';
    let errorMessage = '';
    if ((vmState === 'failed' || vmState === 'off') && errorMessages < MOST_ERROR_MESSAGES) {
      errorMessages += 1;
      errorMessage = (await store.getVm(id, vm.number))?.errorMessage ?? '';
    }
    const reason = vmStateReason(vm, vmState, header.configured, work, errorMessage);
    if (reason !== undefined) {
      vmReasons.set(vm.number, reason);
    }
  }
  const reason = infrastructureStateReason(state, vmStates, work);
  return { state, vmStates, vmReasons, ...(reason !== undefined && { reason }) };
}

function statesOf(
  { now, settings }: Pick<ManagerEnvironment, 'now' | 'settings'>,
  header: InfrastructureHeader,
  vms: readonly VmStatus[],
): InfrastructureState {
  const time = now();
  const vmStates = new Map<number, VmState>(
    vms.map((vm) => [vm.number, deriveVmState(vm, header.configured, time, settings.vmInfoUpdateErrorGracePeriodMs)]),
  );
  return { state: aggregateStates([...vmStates.values()], header.configured, header.isDestroying), vmStates };
}
