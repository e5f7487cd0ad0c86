// SPDX-License-Identifier: Apache-2.0
// The story of altering a VM (core.md §16).
import { badRequest, errorText, ImError, vmNotFound } from '../domain/index.js';
import { deserializeRadl } from '../radl/index.js';
import { isLaunched, vmReference } from './cloud-session.js';
import type { OperationContext, OperationOutcome } from './context.js';

/** Changes a VM towards the system of the request that has its name. */
export async function alterVm(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation, workspace } = context;
  const vm = await environment.store.getVm(operation.infrastructureId, Number(operation.request.vmNumber));
  if (vm === undefined || vm.isDestroyed) {
    return { ok: false, error: vmNotFound() };
  }
  const document = deserializeRadl(String(operation.request.document));
  const wanted = document.getSystem(vm.systemName);
  if (wanted === undefined) {
    return { ok: false, error: badRequest(`Incorrect RADL no system with name ${vm.systemName} provided.`) };
  }
  try {
    if (!isLaunched(vm)) {
      throw new ImError('incorrect-state', `VM ${vm.number} was never launched.`);
    }
    const connector = context.clouds.connectorFor(vm.cloud);
    if (connector.alter === undefined) {
      throw new ImError('not-supported', 'Not supported');
    }
    const networks = document.networks.filter(({ isReference }) => !isReference);
    const resources = workspace.ledger.recorder(operation.id, connector, environment.now, environment.newId);
    const { info, extra } = await connector.alter(vmReference(vm), wanted, context.signal, networks, resources);
    await workspace.vms.set(vm.number, { info, ...(extra !== undefined && { extra }) });
    await context.observer.observe(workspace, context.clouds, context.signal, new Set([vm.number]));
    return { ok: true };
  } catch (error) {
    context.signal.throwIfAborted();
    return {
      ok: false,
      error: badRequest(`Error modifying the information about the VM ${vm.number}: ${errorText(error)}`),
    };
  }
}
