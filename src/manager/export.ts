// SPDX-License-Identifier: Apache-2.0
// Use case: the whole record of an infrastructure as a document, on request together with forgetting it here.
import { type Caller, incorrectState } from '../domain/index.js';
import { machinesOf } from '../operations/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { resultOf } from './outcome.js';
import { recordDocument } from './record-document.js';

/** JSON text of the record; with `isDeleted` it is forgotten here afterwards and its machines are left running. */
export async function exportInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  { isDeleted }: { readonly isDeleted: boolean },
): Promise<string> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, isDeleted ? 'delete' : 'read');
  const { store, settings } = environment;
  const clock = { now: environment.now(), graceMs: settings.vmInfoUpdateErrorGracePeriodMs };
  if (!isDeleted) {
    return JSON.stringify(await recordDocument(store, infrastructureId, clock));
  }
  await requireRest(environment, infrastructureId);
  const machines = machinesOf(await store.listVmStatuses(infrastructureId));
  const text = JSON.stringify(await recordDocument(store, infrastructureId, clock));
  await forget(environment, caller, infrastructureId, machines);
  return text;
}

/** What is on its way would not be in the document. Configurations change no machines. */
async function requireRest({ store }: ManagerEnvironment, infrastructureId: string): Promise<void> {
  const unfinished = await store.listOperations({ infrastructureId, states: ['queued', 'running'] });
  if (unfinished.some(({ kind }) => kind !== 'configure')) {
    throw incorrectState();
  }
}

async function forget(
  environment: ManagerEnvironment,
  caller: Caller,
  infrastructureId: string,
  machines: ReturnType<typeof machinesOf>,
): Promise<void> {
  const accepted = await environment.engine.accept({
    kind: 'release',
    infrastructureId,
    caller: caller.owners[0].username,
    request: { machines },
    credentials: [],
  });
  await resultOf(accepted);
}
