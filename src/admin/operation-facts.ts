// SPDX-License-Identifier: Apache-2.0
// What im-admin tells of an operation: everything but its request, progress and result, which can hold secrets.
import { ImError, type JsonObject, type Operation } from '../domain/index.js';
import type { Store } from '../store/index.js';

/** The facts of an operation. Times in milliseconds since 1970. */
export function operationFacts(operation: Operation): JsonObject {
  const { id, infrastructureId, kind, state, caller, createdAt, startedAt, finishedAt, error } = operation;
  return {
    id,
    infrastructureId,
    kind,
    state,
    caller,
    createdAt,
    startedAt,
    finishedAt,
    error: error && { code: error.code, message: error.message },
  };
}

/** @throws ImError `not-found` */
export async function requireOperation(store: Store, id: string): Promise<Operation> {
  const operation = await store.getOperation(id);
  if (operation === undefined) {
    throw new ImError('not-found', `There is no operation ${id}: im-admin operations list shows their ids.`);
  }
  return operation;
}
