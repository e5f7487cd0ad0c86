// SPDX-License-Identifier: Apache-2.0
// Deletes what VMs of one cloud shared once the last of them is gone (core.md §17.1; "last" is judged per cloud id, spec/README.md).
import type { CloudReference, Resource } from '../../domain/index.js';
import type { OperationContext } from '../context.js';

/** @returns texts of what could not be deleted */
export async function removeUnusedResources(context: OperationContext): Promise<readonly string[]> {
  const { store } = context.environment;
  const infrastructureId = context.operation.infrastructureId;
  const living = await store.listVmStatuses(infrastructureId);
  // Ids that are made from positions move when the user adds a line: one credential of the call is one account, whatever it was called.
  const accountsOf = (cloud: CloudReference): readonly unknown[] => [
    cloud.id,
    context.clouds.findConnector(cloud) ?? cloud.id,
  ];
  const used = new Set(living.flatMap(({ cloud }) => accountsOf(cloud)));
  const livingNumbers = new Set(living.map(({ number }) => number));
  const isUnused = (resource: Resource): boolean =>
    resource.vmNumber === null
      ? !accountsOf(resource.cloud).some((account) => used.has(account))
      : !livingNumbers.has(resource.vmNumber);
  const unused = (await store.listResources(infrastructureId, { states: ['intent', 'created', 'deleting'] })).filter(
    (resource) => resource.kind !== 'vm' && isUnused(resource),
  );
  return context.workspace.ledger.destroy(
    unused,
    (resource) => context.clouds.connectorFor(resource.cloud),
    context.signal,
  );
}
