// SPDX-License-Identifier: Apache-2.0
// Cancelling one operation by its user: which ones can be, and what each leaves to do.
import { ImError, isFinal, type Operation, type OperationKind } from '../domain/index.js';
import type { Change } from '../store/index.js';
import type { OperationContext, OperationOutcome } from './context.js';
import { logLine } from './log-line.js';

/** While they run, the others are in the middle of something at a provider that nobody would take back. */
const RUNNING: ReadonlySet<OperationKind> = new Set(['add', 'configure']);

/** @throws ImError `incorrect-state` naming the way out */
export function requireCancellable({ id, kind, state, infrastructureId }: Operation): void {
  const refuse = (reason: string): never => {
    throw new ImError('incorrect-state', `The operation ${id} (${kind}) cannot be cancelled: ${reason}`);
  };
  if (isFinal(state)) {
    refuse(`it has ended (${state}).`);
  }
  if (kind === 'create') {
    refuse(`destroy the infrastructure ${infrastructureId} instead, which ends it.`);
  }
  if (kind === 'destroy') {
    refuse('what it deletes cannot come back.');
  }
  if (state === 'running' && !RUNNING.has(kind)) {
    refuse('it is running. Wait for its end.');
  }
}

/** How an operation ends that its user cancelled while it ran: machines that it launched go, what it left undecided is decided. */
export async function cancelledOutcome(context: OperationContext, message: string): Promise<OperationOutcome> {
  const { environment, operation } = context;
  const { infrastructureId, kind, caller, credentials, id } = operation;
  const error = new ImError('cancelled', message);
  const log: Change = {
    kind: 'append-log',
    infrastructureId,
    vm: null,
    text: logLine(`The operation ${kind} ends: ${message}`, environment.now()),
  };
  if (kind === 'configure') {
    const undecided = (await environment.store.listVmStatuses(infrastructureId)).filter(
      ({ configured }) => configured === null,
    );
    return {
      ok: false,
      error,
      changes: [
        log,
        { kind: 'update-infrastructure', id: infrastructureId, set: { configured: false } },
        ...undecided.map(
          ({ number }): Change => ({ kind: 'update-vm', infrastructureId, number, set: { configured: false } }),
        ),
      ],
    };
  }
  const launched = (await environment.store.listVms(infrastructureId)).filter(({ operationId }) => operationId === id);
  return {
    ok: false,
    error,
    changes: [log],
    ...(launched.length > 0 && {
      next: {
        kind: 'remove',
        infrastructureId,
        caller,
        credentials,
        request: { vmNumbers: launched.map(({ number }) => number), isContextualized: false },
      },
    }),
  };
}
