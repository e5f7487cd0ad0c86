// SPDX-License-Identifier: Apache-2.0
// Use case: say whether the machines of an infrastructure shall run; only those that do not are started or stopped.
import { badRequest, type CloudState } from '../domain/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, DesiredState, DesiredStatePlan } from './manager.js';
import { resultOf } from './outcome.js';

const OPERATIONS = { STARTED: 'start', STOPPED: 'stop' } as const;

/** States of machines that need nothing done. A failed one cannot be switched. */
const SATISFIED: Readonly<Record<DesiredState, ReadonlySet<CloudState>>> = {
  STARTED: new Set<CloudState>(['running', 'pending', 'failed']),
  STOPPED: new Set<CloudState>(['stopped', 'off', 'failed']),
};

/** Compares, and carries out what is missing unless it is a dry run. */
export async function setDesiredState(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  desiredState: DesiredState,
  { isDryRun, isAsync }: { readonly isDryRun: boolean; readonly isAsync: boolean },
): Promise<DesiredStatePlan> {
  const { caller, header } = await admitToInfrastructure(
    environment,
    call,
    infrastructureId,
    isDryRun ? 'read' : 'write',
  );
  if (header.isDestroying) {
    throw badRequest(`The infrastructure is being destroyed: it cannot be ${desiredState.toLowerCase()}.`);
  }
  const changed: number[] = [];
  const unchanged: number[] = [];
  for (const vm of await environment.store.listVmStatuses(infrastructureId)) {
    const isSatisfied = vm.providerId === null || SATISFIED[desiredState].has(vm.cloudState);
    (isSatisfied ? unchanged : changed).push(vm.number);
  }
  if (isDryRun || changed.length === 0) {
    return { changed, unchanged };
  }
  const accepted = await environment.engine.accept({
    kind: OPERATIONS[desiredState],
    infrastructureId,
    caller: caller.owners[0].username,
    request: { vmNumbers: changed },
    credentials: caller.items,
  });
  if (!isAsync) {
    await resultOf(accepted);
  }
  return { changed, unchanged, operationId: accepted.id };
}
