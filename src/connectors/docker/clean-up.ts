// SPDX-License-Identifier: Apache-2.0
// A launch that fails leaves nothing behind: whatever it made for the VM is removed before the failure is told (common.md A3).
import { errorText } from '../../domain/index.js';
import type { LaunchOutcome, LaunchRequest, LaunchVm } from '../connector.js';
import { CLEANUP_TIMEOUT_MS, type Engine } from './engine.js';
import { removeOwnVolumes } from './storage.js';

/**
 * Runs the launch of one VM and turns a failure into its outcome.
 * @param removeNode removes the node that carries the launch token, if there is one
 */
export async function orCleanUp(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  removeNode: (token: string, signal: AbortSignal) => Promise<void>,
  task: () => Promise<LaunchOutcome>,
): Promise<LaunchOutcome> {
  try {
    return await task();
  } catch (error) {
    const message = request.signal.aborted ? 'The launch was cancelled.' : errorText(error);
    // Not the signal of the launch: a cancelled launch has to be cleaned up too.
    const signal = AbortSignal.timeout(CLEANUP_TIMEOUT_MS);
    try {
      await removeNode(vm.token, signal);
      await removeOwnVolumes(engine, request.infrastructureId, vm.number, signal);
      return { number: vm.number, ok: false, message };
    } catch (cleanupError) {
      // The ledger still holds the VM and its volumes, so they are taken up again or removed later.
      return {
        number: vm.number,
        ok: false,
        message: `${message} (not removed yet: ${errorText(cleanupError)})`,
        mayExist: true,
      };
    }
  }
}
