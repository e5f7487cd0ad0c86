// SPDX-License-Identifier: Apache-2.0
// Use case: what was done to an infrastructure and how it ended, without what was asked for in detail: requests hold secrets.
import type { Operation } from '../domain/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, OperationSummary } from './manager.js';

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

/** An operation as its owner may see it. */
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
    ...(error !== null && { error }),
  };
}
