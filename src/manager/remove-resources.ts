// SPDX-License-Identifier: Apache-2.0
// Use case: remove VMs (core.md §17).
import { admitToInfrastructure, findVm } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { neededResultOf } from './outcome.js';

/** All ids are checked before anything is touched; each is removed once, however often it is named. */
export async function removeResources(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmIds: readonly (string | number)[],
  { isContextualized }: { readonly isContextualized: boolean },
): Promise<number> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write', 'people-and-nodes');
  const numbers = new Set<number>();
  for (const vmId of vmIds) {
    numbers.add((await findVm(environment, infrastructureId, vmId)).number);
  }
  const accepted = await environment.engine.accept({
    kind: 'remove',
    infrastructureId,
    caller: caller.owners[0].username,
    request: { vmNumbers: [...numbers], isContextualized },
    credentials: caller.items,
  });
  const { removed } = await neededResultOf(accepted);
  return Number(removed);
}
