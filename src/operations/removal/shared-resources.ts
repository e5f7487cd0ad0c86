// SPDX-License-Identifier: Apache-2.0
// Deletes what VMs of one cloud shared once the last of them is gone (core.md §17.1; "last" is judged per cloud id, spec/README.md).
import type { Resource } from '../../domain/index.js';
import type { OperationContext } from '../context.js';

/** @returns texts of what could not be deleted */
export async function removeUnusedResources(context: OperationContext): Promise<readonly string[]> {
  const { store } = context.environment;
  const infrastructureId = context.operation.infrastructureId;
  const living = await store.listVmStatuses(infrastructureId);
  const usedClouds = new Set(living.map(({ cloud }) => cloud.id));
  const livingNumbers = new Set(living.map(({ number }) => number));
  const isUnused = (resource: Resource): boolean =>
    resource.vmNumber === null ? !usedClouds.has(resource.cloud.id) : !livingNumbers.has(resource.vmNumber);
  const unused = (await store.listResources(infrastructureId, { states: ['intent', 'created', 'deleting'] })).filter(
    (resource) => resource.kind !== 'vm' && isUnused(resource),
  );
  return context.workspace.ledger.destroy(
    unused,
    (resource) => context.clouds.connectorFor(resource.cloud),
    context.signal,
  );
}
