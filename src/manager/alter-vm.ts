// SPDX-License-Identifier: Apache-2.0
// Use case: alter a VM (core.md §16).
import { badRequest, infrastructureNotFound } from '../domain/index.js';
import { withConfiguration } from '../operations/index.js';
import { Radl, serializeRadl, visibleRadl } from '../radl/index.js';
import { admitToInfrastructure, findVm } from './access.js';
import { type DeploymentDocument, readDocument } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { resultOf } from './outcome.js';
import { shownTo } from './secret-features.js';
import { storedToscaOf } from './stored-tosca.js';
import { shownDocument } from './vm-info.js';

/** @returns the VM's whole live document after the change */
export async function alterVm(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  vmId: string | number,
  deployment: DeploymentDocument,
): Promise<Radl> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  const vm = await findVm(environment, infrastructureId, vmId);
  const stored = deployment instanceof Radl ? undefined : await storedToscaOf(environment, infrastructureId);
  const { radl: document } = await readDocument(environment, call, caller, deployment, stored);
  if (document.getSystem(vm.systemName) === undefined) {
    throw badRequest(`Incorrect RADL no system with name ${vm.systemName} provided.`);
  }
  const accepted = await environment.engine.accept({
    kind: 'alter-vm',
    infrastructureId,
    caller: caller.owners[0].username,
    request: { vmNumber: vm.number, document: serializeRadl(document) },
    credentials: caller.items,
  });
  await resultOf(accepted);
  const infrastructure = await environment.store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined) {
    throw infrastructureNotFound();
  }
  const altered = await findVm(environment, infrastructureId, vm.number);
  const live = withConfiguration(shownDocument(environment, altered, infrastructure), visibleRadl(infrastructure.radl));
  return shownTo(environment, caller, live);
}
