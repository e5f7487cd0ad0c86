// SPDX-License-Identifier: Apache-2.0
// The story of removing VMs (core.md §17): delete each, then what only they used, then configure the rest.
import { badRequest } from '../../domain/index.js';
import type { Change } from '../../store/index.js';
import { pythonReprList } from '../../util/python-repr.js';
import { configureOperation, resetForConfiguration } from '../configure/trigger.js';
import type { OperationContext, OperationOutcome } from '../context.js';
import { takeUpInherited } from './inherited.js';
import { removeVm } from './remove-vm.js';
import { removeUnusedResources } from './shared-resources.js';

/** Removes the VMs of the request; those already gone count as removed. */
export async function remove(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation } = context;
  const { store } = environment;
  const numbers = Array.isArray(operation.request.vmNumbers) ? operation.request.vmNumbers.map(Number) : [];
  const wanted = new Set(numbers);
  const leaving = (await store.listVms(operation.infrastructureId)).filter(({ number }) => wanted.has(number));
  const resources = new Map(
    (await store.listResources(operation.infrastructureId))
      .filter(({ kind }) => kind === 'vm')
      .map((resource) => [resource.vmNumber, resource]),
  );
  await takeUpInherited(context, leaving, resources);
  const failures: string[] = [];
  await Promise.all(
    leaving.map(async (vm) => {
      const failure = await removeVm(context, vm, resources.get(vm.number));
      if (failure !== undefined) {
        failures.push(failure);
      }
    }),
  );
  failures.push(...(await removeUnusedResources(context)));
  const rest = await store.listVmStatuses(operation.infrastructureId);
  const removed = numbers.length - rest.filter(({ number }) => wanted.has(number)).length;
  const changes: Change[] = [];
  const header = await store.getHeader(operation.infrastructureId);
  if (header?.masterVm !== null && wanted.has(header?.masterVm ?? -1)) {
    changes.push({ kind: 'update-infrastructure', id: operation.infrastructureId, set: { masterVm: null } });
  }
  const isConfiguring = removed > 0 && rest.length > 0 && operation.request.isContextualized === true;
  const after = {
    changes: [...changes, ...(isConfiguring ? resetForConfiguration(operation.infrastructureId, rest) : [])],
    ...(isConfiguring && { next: configureOperation(operation, {}) }),
  };
  return failures.length === 0
    ? { ok: true, result: { removed }, ...after }
    : { ok: false, error: badRequest(`Error removing resources: ${pythonReprList(failures)}`), ...after };
}
