// SPDX-License-Identifier: Apache-2.0
// What a VM was allowed on its master goes with the VM (contextualization.md §18).
import { tunnelTargetOf } from '../../contextualization/index.js';
import { errorText, tunnelKeyOf, type VirtualMachine } from '../../domain/index.js';
import type { OperationContext } from '../context.js';

const TIMEOUT_MS = 15_000;

/**
 * Takes the key of the VM's tunnel away from where it leads to, unless that goes as well. A failure is a warning: nobody has the
 * key any more, and all that it opens is one port of the loopback interface.
 * @throws the reason of the operation's signal
 */
export async function revokeTunnel(context: OperationContext, vm: VirtualMachine): Promise<void> {
  if (tunnelKeyOf(vm.extra) === undefined) return;
  const { environment, signal } = context;
  const { store, tunnelKeys, logger } = environment;
  const infrastructure = await store.getInfrastructure(vm.infrastructureId);
  if (infrastructure === undefined) return;
  const { masterVm, isDestroying } = infrastructure;
  const stored = masterVm === null || isDestroying ? undefined : await store.getVm(vm.infrastructureId, masterVm);
  const master = stored?.isDeleting || stored?.isDestroyed ? undefined : stored;
  const target = tunnelTargetOf(infrastructure, master, vm);
  if (target === undefined) return;
  const place = { infrastructureId: vm.infrastructureId, vmNumber: vm.number };
  try {
    await tunnelKeys.revoke(target, place, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(
      `The key of the reverse tunnel of the VM stays in the authorized_keys of ${target.host}: ${errorText(error)}`,
      { infId: vm.infrastructureId, vmId: vm.number },
    );
  }
}
