// SPDX-License-Identifier: Apache-2.0
// Use cases: what was done to an infrastructure and how it ended, without what was asked for in detail: requests hold secrets.
import { ImError, isCancelRequested, isFinal, type Operation } from '../domain/index.js';
import { sleep } from '../util/deadline.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, OperationSummary } from './manager.js';

/** How often the end of a cancelled operation is looked for, which another daemon may bring about. */
const POLL_MS = 200;

/** The newest operations first, at most `limit`. */
export async function listOperations(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  limit: number,
): Promise<readonly OperationSummary[]> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const operations = await environment.store.listOperations({ infrastructureId });
  return operations.slice(-limit).reverse().map(operationSummary);
}

/** One of them. @throws ImError `not-found` */
export async function getOperation(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  operationId: string,
): Promise<OperationSummary> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read');
  return operationSummary(await find(environment, infrastructureId, operationId));
}

/**
 * Cancels an operation and waits until it has ended. What a running add has launched is removed again by an operation of its own.
 * @throws ImError `not-found`; `incorrect-state` for one that has ended, or that would leave things half-made
 */
export async function cancelOperation(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  operationId: string,
): Promise<OperationSummary> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  const operation = await find(environment, infrastructureId, operationId);
  await environment.engine.cancel(operation, caller.owners[0].username);
  for (;;) {
    const present = await find(environment, infrastructureId, operationId);
    if (isFinal(present.state)) {
      return operationSummary(present);
    }
    await sleep(POLL_MS, call.signal);
  }
}

async function find({ store }: ManagerEnvironment, infrastructureId: string, operationId: string): Promise<Operation> {
  const operation = await store.getOperation(operationId);
  if (operation?.infrastructureId !== infrastructureId) {
    throw new ImError('not-found', 'Operation not found in this infrastructure.');
  }
  return operation;
}

/** What users see of a journal entry. */
export function operationSummary(operation: Operation): OperationSummary {
  const { id, kind, state, caller, createdAt, startedAt, finishedAt, error } = operation;
  return {
    id,
    kind,
    state,
    caller,
    createdAt,
    ...(startedAt !== null && { startedAt }),
    ...(finishedAt !== null && { finishedAt }),
    ...(error !== null && !isCancelRequested(operation) && { error }),
    ...(isCancelRequested(operation) && { isCancelling: true }),
  };
}
