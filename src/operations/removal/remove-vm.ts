// SPDX-License-Identifier: Apache-2.0
// Deletes one VM at its provider and confirms it in VM row and ledger (core.md §17.1).
import { errorText, type Resource, type VirtualMachine } from '../../domain/index.js';
import { isLaunched, vmReference } from '../cloud-session.js';
import type { OperationContext } from '../context.js';
import { brokenLaunch } from '../unexpected-end.js';
import { revokeTunnel } from './revoke-tunnel.js';

/**
 * Deletes a VM, also one whose launch was interrupted. "Already gone" is success.
 * @param resource its ledger entry; absent for records that never had one
 * @returns text of the failure; undefined when the VM is gone
 */
export async function removeVm(
  context: OperationContext,
  vm: VirtualMachine,
  resource: Resource | undefined,
): Promise<string | undefined> {
  const { committer } = context.workspace;
  const row = { infrastructureId: vm.infrastructureId, number: vm.number };
  await committer.commit([
    { kind: 'update-vm', ...row, set: { isDeleting: true } },
    ...(resource === undefined || resource.state === 'deleted'
      ? []
      : [{ kind: 'update-resource' as const, id: resource.id, set: { state: 'deleting' as const } }]),
  ]);
  try {
    await context.limits.run(vm.cloud.id, context.signal, () => destroyAtProvider(context, vm, resource));
  } catch (error) {
    context.signal.throwIfAborted();
    await committer.commit([
      vm.isCreating
        ? brokenLaunch(vm, `The launch was cancelled, and the VM cannot be deleted: ${errorText(error)}`)
        : { kind: 'update-vm', ...row, set: { isDeleting: false } },
    ]);
    context.environment.logger.error(`The VM cannot be finalized: ${errorText(error)}`, {
      infId: vm.infrastructureId,
      vmId: vm.number,
    });
    return errorText(error);
  }
  await revokeTunnel(context, vm);
  await committer.commit([
    { kind: 'update-vm', ...row, set: { isDestroyed: true, isDeleting: false, isCreating: false } },
    ...(resource === undefined
      ? []
      : [{ kind: 'update-resource' as const, id: resource.id, set: { state: 'deleted' as const } }]),
  ]);
  return undefined;
}

async function destroyAtProvider(
  context: OperationContext,
  vm: VirtualMachine,
  resource: Resource | undefined,
): Promise<void> {
  if (isLaunched(vm)) {
    await context.clouds.connectorFor(vm.cloud).destroy(vmReference(vm), context.signal);
    return;
  }
  if (resource === undefined || resource.state === 'deleted') {
    return;
  }
  // The launch was interrupted between the provider's call and our record: ask for it by its token.
  const connector = context.clouds.connectorFor(vm.cloud);
  const found = await connector.findByToken([resource.token], vm.infrastructureId, context.signal, 'whole-window', [
    vm.info,
  ]);
  for (const { providerId } of found) {
    await connector.destroy({ ...vmReference({ ...vm, providerId }) }, context.signal);
  }
}
