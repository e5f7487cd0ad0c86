// SPDX-License-Identifier: Apache-2.0
// Use cases: start, stop and reboot (core.md §16).
import type { OperationKind } from '../domain/index.js';
import { admitToInfrastructure, findVm } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { resultOf } from './outcome.js';

/** Starts or stops all VMs and waits. */
export async function powerInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  kind: Extract<OperationKind, 'start' | 'stop'>,
): Promise<void> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write', 'people-and-nodes');
  const accepted = await environment.engine.accept({
    kind,
    infrastructureId,
    caller: caller.owners[0].username,
    request: {},
    credentials: caller.items,
  });
  await resultOf(accepted);
}

/** Starts, stops or reboots one VM and waits. */
export async function powerVm(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
  kind: Extract<OperationKind, 'start-vm' | 'stop-vm' | 'reboot-vm'>,
): Promise<void> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write', 'people-and-nodes');
  const vm = await findVm(environment, infrastructureId, vmId);
  const accepted = await environment.engine.accept({
    kind,
    infrastructureId,
    caller: caller.owners[0].username,
    request: { vmNumber: vm.number },
    credentials: caller.items,
  });
  await resultOf(accepted);
}
