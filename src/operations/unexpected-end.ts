// SPDX-License-Identifier: Apache-2.0
// The end of an operation whose story broke off: whatever happened, the infrastructure is left in an honest state with a reason.
import { errorText, ImError, type OperationKind, type VmStatus } from '../domain/index.js';
import type { Change } from '../store/index.js';
import type { OperationContext, OperationOutcome } from './context.js';
import { logLine } from './log-line.js';

const LAUNCHING: ReadonlySet<OperationKind> = new Set(['create', 'add', 'update', 'restore']);

/** Outcome for an error that the story did not foresee. */
export async function unexpectedEnd(
  { operation, environment }: OperationContext,
  error: unknown,
): Promise<OperationOutcome> {
  const failure = error instanceof ImError ? error : new ImError('internal', errorText(error), { cause: error });
  const id = operation.infrastructureId;
  const reason = `The operation ${operation.kind} failed: ${failure.message}`;
  const changes: Change[] = [
    { kind: 'append-log', infrastructureId: id, vm: null, text: logLine(reason, environment.now()) },
  ];
  if (operation.kind === 'destroy') {
    changes.push({ kind: 'update-infrastructure', id, set: { isDestroying: false } });
  } else if (operation.kind === 'create' || operation.kind === 'configure') {
    changes.push({ kind: 'update-infrastructure', id, set: { configured: false } });
  }
  if (LAUNCHING.has(operation.kind)) {
    const vms = await environment.store.listVms(id);
    const mine = vms.filter((vm) => vm.isCreating && vm.operationId === operation.id);
    changes.push(...mine.map((vm) => brokenLaunch(vm, reason)));
  }
  return { ok: false, error: failure, changes };
}

/**
 * A launch that nobody goes on with. Its ledger entry stays open, so that a destroy still asks the provider for the machine.
 * @param reason for people
 */
export function brokenLaunch(
  { infrastructureId, number }: Pick<VmStatus, 'infrastructureId' | 'number'>,
  reason: string,
): Change {
  return {
    kind: 'update-vm',
    infrastructureId,
    number,
    set: { isCreating: false, isDeleting: false, cloudState: 'failed', errorMessage: reason },
  };
}
