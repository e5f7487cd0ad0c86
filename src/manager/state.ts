// SPDX-License-Identifier: Apache-2.0
// Use case: the state of an infrastructure (core.md §4). Answers from the store; providers are asked in the background.
import { aggregateStates, deriveVmState, type VmState } from '../domain/index.js';
import { admitToInfrastructure, refresh } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, InfrastructureState } from './manager.js';

/** State words of the infrastructure and its living VMs. */
export async function infrastructureState(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<InfrastructureState> {
  const { caller, header } = await admitToInfrastructure(
    environment,
    call,
    infrastructureId,
    'read',
    'people-and-nodes',
  );
  refresh(environment, caller, infrastructureId);
  const now = environment.now();
  const vmStates = new Map<number, VmState>();
  for (const vm of await environment.store.listVmStatuses(infrastructureId)) {
    vmStates.set(
      vm.number,
      deriveVmState(vm, header.configured, now, environment.settings.vmInfoUpdateErrorGracePeriodMs),
    );
  }
  return { state: aggregateStates([...vmStates.values()], header.configured, header.isDestroying), vmStates };
}
