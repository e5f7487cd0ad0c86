// SPDX-License-Identifier: Apache-2.0
// Use case: make an image of a VM's disk (core.md §16).
import { admitToInfrastructure, findVm } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { neededResultOf } from './outcome.js';

/** @returns URL of the image */
export async function createSnapshot(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
  image: { readonly disk: number; readonly imageName: string; readonly isAutoDelete: boolean },
): Promise<string> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  const vm = await findVm(environment, infrastructureId, vmId);
  const accepted = await environment.engine.accept({
    kind: 'snapshot',
    infrastructureId,
    caller: caller.owners[0].username,
    request: { vmNumber: vm.number, ...image },
    credentials: caller.items,
  });
  const { url } = await neededResultOf(accepted);
  return String(url);
}
