// SPDX-License-Identifier: Apache-2.0
// The JSON in events.
import type { JsonObject, VmState } from '../../domain/index.js';
import type { ExplainedState, OperationSummary } from '../manager.js';

const byNumber = (values: ReadonlyMap<number, VmState | string>): JsonObject =>
  Object.fromEntries([...values].map(([number, value]) => [String(number), value]));

/** As `GET .../state` answers it. */
export function stateData({ state, vmStates, reason, vmReasons }: ExplainedState): JsonObject {
  return {
    state,
    ...(reason !== undefined && { reason }),
    vm_states: byNumber(vmStates),
    vm_reasons: byNumber(vmReasons),
  };
}

/** As `GET .../operations` answers it. */
export function operationData(operation: OperationSummary): JsonObject {
  const { id, kind, state, caller, createdAt, startedAt, finishedAt, error, isCancelling } = operation;
  return {
    id,
    kind,
    state,
    caller,
    created: new Date(createdAt).toISOString(),
    ...(startedAt !== undefined && { started: new Date(startedAt).toISOString() }),
    ...(finishedAt !== undefined && { finished: new Date(finishedAt).toISOString() }),
    ...(error && { error: { code: error.code, message: error.message } }),
    ...(isCancelling && { cancelling: true }),
  };
}
