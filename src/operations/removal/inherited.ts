// SPDX-License-Identifier: Apache-2.0
// Enters into the ledger what imported VMs share, before they are deleted: grycap/im kept no ledger, and the VMs are the last who tell where
// it is.
import type { Resource, VirtualMachine } from '../../domain/index.js';
import { isLaunched, vmReference } from '../cloud-session.js';
import type { OperationContext } from '../context.js';

/**
 * Takes up what the connectors say that these VMs share; it goes with the last VM of their cloud (shared-resources.ts).
 * @param entries ledger entries of VMs by number; a VM without one was not launched here
 */
export async function takeUpInherited(
  context: OperationContext,
  vms: readonly VirtualMachine[],
  entries: ReadonlyMap<number | null, Resource>,
): Promise<void> {
  const { environment, operation, workspace, clouds } = context;
  const imported = vms.filter(isLaunched).filter(({ number }) => !entries.has(number));
  if (imported.length === 0) return;
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  const byCloud = new Map<string, typeof imported>();
  for (const vm of imported) {
    const key = JSON.stringify(vm.cloud);
    const members = byCloud.get(key) ?? [];
    members.push(vm);
    byCloud.set(key, members);
  }
  for (const members of byCloud.values()) {
    const cloud = members[0]?.cloud;
    if (cloud === undefined) continue;
    // Without a credential they are not deleted either, and say so themselves.
    const connector = clouds.findConnector(cloud);
    const inherited = connector?.inherited?.(members.map(vmReference), infrastructure?.radl.networks ?? []) ?? [];
    await workspace.ledger.inherit(operation.id, cloud, inherited, environment.now, environment.newId);
  }
}
