// SPDX-License-Identifier: Apache-2.0
// Writes down how the launch of a VM ended (core.md §12.4).
import type { CloudConnector, LaunchOutcome } from '../../connectors/index.js';
import { credentials, setCredentials } from '../../radl/index.js';
import type { OperationContext } from '../context.js';
import { fillHostNames } from '../observer.js';
import type { PendingVm } from './pending-vm.js';
import { vmDocument } from './vm-document.js';

/** VM row and ledger of a launched VM in one batch. */
export async function recordLaunched(
  context: OperationContext,
  { vm, resource }: PendingVm,
  outcome: Extract<LaunchOutcome, { ok: true }>,
  connector: CloudConnector,
): Promise<void> {
  const { environment, workspace } = context;
  const launched = outcome.info.systems[0];
  const info = launched === undefined ? outcome.info.clone() : vmDocument(outcome.info, launched);
  const system = info.systems[0];
  if (system !== undefined && !connector.capabilities.has('existing-hosts')) {
    const current = credentials(system);
    if (current.password && !credentials(system, { isNew: true }).password) {
      setCredentials(system, { password: environment.randomText(8) }, { isNew: true });
    }
  }
  fillHostNames(info, vm, environment.settings);
  // The machine may call home already.
  const present = (await environment.store.getVm(vm.infrastructureId, vm.number))?.extra ?? {};
  await workspace.committer.commit([
    {
      kind: 'update-vm',
      infrastructureId: vm.infrastructureId,
      number: vm.number,
      set: {
        providerId: outcome.providerId,
        info,
        cloudState: outcome.cloudState,
        isCreating: false,
        lastUpdate: environment.now(),
        errorMessage: '',
        extra: { ...present, ...outcome.extra },
      },
    },
    { kind: 'update-resource', id: resource.id, set: { state: 'created', providerId: outcome.providerId } },
  ]);
}

/** The permanent record of a failed launch (core.md §12.4). */
export async function recordFailed(
  context: OperationContext,
  { vm, resource, mayExist }: PendingVm,
  text: string,
): Promise<void> {
  await context.workspace.committer.commit([
    {
      kind: 'update-vm',
      infrastructureId: vm.infrastructureId,
      number: vm.number,
      set: {
        cloudState: 'failed',
        isCreating: false,
        errorMessage: `Error launching the VMs of type ${vm.systemName} to cloud ID ${vm.cloud.id} of type ${vm.cloud.type}. ${text}`,
      },
    },
    // What may exist stays an intent: removing the VM then asks the provider for its token.
    ...(mayExist ? [] : [{ kind: 'update-resource' as const, id: resource.id, set: { state: 'deleted' as const } }]),
  ]);
}

/** `Attempt 1: <t>\nAttempt 2: <t>\n` (core.md §12.3). */
export function attemptTexts(failures: readonly string[]): string {
  return failures.map((failure, index) => `Attempt ${index + 1}: ${failure}\n`).join('');
}
