// SPDX-License-Identifier: Apache-2.0
// Use case: the whole record of an infrastructure as a document, on request together with forgetting it here.
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { recordDocument } from './record-document.js';

/** JSON text of the record; with `isDeleted` it is forgotten here afterwards and its machines are left running. */
export async function exportInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  { isDeleted }: { readonly isDeleted: boolean },
): Promise<string> {
  await admitToInfrastructure(environment, call, infrastructureId, isDeleted ? 'delete' : 'read');
  const { store, settings } = environment;
  const clock = { now: environment.now(), graceMs: settings.vmInfoUpdateErrorGracePeriodMs };
  const text = JSON.stringify(await recordDocument(store, infrastructureId, clock));
  if (isDeleted) {
    await environment.engine.release(infrastructureId);
  }
  return text;
}
