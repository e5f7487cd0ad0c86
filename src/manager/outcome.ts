// SPDX-License-Identifier: Apache-2.0
// Turns the end of an operation into the answer of the call that waits for it.
import { ImError, infrastructureDeleted, isErrorCode, type JsonObject, type Operation } from '../domain/index.js';
import type { AcceptedOperation } from '../operations/index.js';

/**
 * Waits for an operation.
 * @returns its result
 * @throws ImError with which it ended; `store-unavailable` when the daemon stopped before (the operation goes on later)
 */
export async function resultOf(accepted: AcceptedOperation): Promise<JsonObject> {
  return resultOfEnded(await accepted.ended);
}

/**
 * As {@link resultOf}, for answers that are made of the result.
 * @throws ImError `infrastructure-deleted` as well: the infrastructure was destroyed meanwhile, and the result scrubbed with it
 */
export async function neededResultOf(accepted: AcceptedOperation): Promise<JsonObject> {
  return neededResultOfEnded(await accepted.ended);
}

/** As {@link neededResultOf}, of a journal entry that nobody waits for any more. */
export function neededResultOfEnded(operation: Operation): JsonObject {
  const result = resultOfEnded(operation);
  // Whatever is done has a result, an empty one at the least.
  if (operation.result === null) throw infrastructureDeleted();
  return result;
}

/** As {@link resultOf}, of a journal entry that nobody waits for any more. */
export function resultOfEnded(operation: Operation): JsonObject {
  if (operation.state === 'done') {
    return operation.result ?? {};
  }
  if (operation.error !== null) {
    const { code, message } = operation.error;
    throw new ImError(isErrorCode(code) ? code : 'internal', message);
  }
  throw new ImError(
    'store-unavailable',
    `The daemon is stopping. The operation ${operation.id} is recorded and goes on when it runs again.`,
  );
}
