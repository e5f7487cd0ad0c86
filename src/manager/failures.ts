// SPDX-License-Identifier: Apache-2.0
// Use case: what of an infrastructure is not as asked for, and why.
import { type ConfigurationFailure, failuresFromJson, type Operation, type VirtualMachine } from '../domain/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, FailureReport } from './manager.js';
import { operationSummary } from './operation-list.js';
import { infrastructureState } from './state.js';

const MOST_LINES = 8;
const LONGEST_LINE = 300;

/** The failure report of an infrastructure, from what is stored; nobody is asked. */
export async function infrastructureFailures(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<FailureReport> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const { state } = await infrastructureState(environment, call, infrastructureId);
  const operations = await environment.store.listOperations({ infrastructureId });
  const last = operations.findLast(({ kind }) => kind === 'configure');
  const launches = (await environment.store.listVms(infrastructureId)).flatMap(launchFailure);
  const { failures, leftOut } = last === undefined ? { failures: [], leftOut: 0 } : failuresOf(last);
  return {
    state,
    ...(last !== undefined && { configuration: operationSummary(last) }),
    failures: [...launches, ...failures],
    leftOut,
  };
}

/** A configuration keeps them with its progress, so that they are there while it still runs. */
function failuresOf({ progress }: Operation): {
  readonly failures: readonly ConfigurationFailure[];
  readonly leftOut: number;
} {
  const { failures, failuresLeftOut } = progress;
  return {
    failures: failuresFromJson(failures),
    leftOut: typeof failuresLeftOut === 'number' ? failuresLeftOut : 0,
  };
}

function launchFailure({ number, errorMessage }: VirtualMachine): readonly ConfigurationFailure[] {
  const lines = errorMessage
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, LONGEST_LINE));
  return lines.length === 0 ? [] : [{ phase: 'launch', vm: number, lines }];
}
