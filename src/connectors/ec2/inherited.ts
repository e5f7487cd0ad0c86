// SPDX-License-Identifier: Apache-2.0
// What grycap/im made for an infrastructure that was imported, of which it kept no ledger: security groups by their names and description,
// VPC, gateway and subnets by their tag (ec2.md §6).
import { createHash } from 'node:crypto';
import type { Resource } from '../../domain/index.js';
import type { Network } from '../../radl/index.js';
import type { InheritedResource, VmReference } from '../connector.js';
import { collectFailures } from '../shared/failures.js';
import { asTexts } from '../shared/json-reader.js';
import type { Ec2, Engine } from './engine.js';
import { commonGroupName, groupName, groupsMadeFor } from './find-groups.js';
import { networksOf } from './find-networks.js';
import { removeGroup } from './remove-group.js';
import { removeGateway, removeSubnet, removeVpc } from './remove-networks.js';
import { parseRegionalId, regionalId } from './vm-id.js';

/** One entry per region: everything that was made there for the infrastructure. */
export function inherited(vms: readonly VmReference[], networks: readonly Network[]): readonly InheritedResource[] {
  const byRegion = new Map<string, { readonly infrastructureId: string; readonly groups: Set<string> }>();
  for (const { providerId, infrastructureId, info, requested } of vms) {
    const region = regionOf(providerId);
    if (region === undefined) continue;
    const { groups } = byRegion.get(region) ?? { groups: new Set([commonGroupName(infrastructureId)]) };
    for (const network of [...networks, ...info.networks, ...requested.networks]) {
      groups.add(groupName(infrastructureId, network));
    }
    byRegion.set(region, { infrastructureId, groups });
  }
  return [...byRegion].map(([region, { infrastructureId, groups }]) => {
    const names = [...groups].sort();
    // A later VM may know of further groups: that is another entry.
    const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 16);
    return {
      kind: 'other',
      token: `inherited ${region} ${digest}`,
      providerId: regionalId(region, commonGroupName(infrastructureId)),
      data: { region, groups: names },
    };
  });
}

/** undefined: no id of EC2; its VM cannot be deleted either, and says so. */
function regionOf(providerId: string): string | undefined {
  try {
    return parseRegionalId(providerId).region;
  } catch {
    return undefined;
  }
}

/**
 * Deletes what was made for the infrastructure, also what later launches of ours added to it; what others use stays. Subnets that cannot be
 * deleted keep gateway and VPC as they are.
 * @throws ImError `provider` with the texts of everything that could not be deleted
 */
export async function removeInherited(
  engine: Engine,
  ec2: Ec2,
  { infrastructureId, data }: Resource,
  living: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const failures = collectFailures(signal);
  const attempt = (what: string, task: () => Promise<void>): Promise<void> =>
    failures.attempt(task, (text) => `Error deleting ${what}: ${text}.`);
  await attempt('security group', async () => {
    const groups = await groupsMadeFor(ec2, infrastructureId, asTexts(data.groups), signal);
    for (const { GroupId: id = '', GroupName: name = '' } of groups) {
      await attempt('security group', () => removeGroup(engine, ec2, { infrastructureId, name, id, living }, signal));
    }
  });
  await attempt('networks', async () => {
    const { subnets, gateways, vpcs } = await networksOf(ec2, infrastructureId, signal);
    for (const id of subnets) await removeSubnet(ec2, id, signal);
    for (const id of gateways) await removeGateway(ec2, id, signal);
    for (const id of vpcs) await removeVpc(ec2, id, signal);
  });
  failures.throwAny(' ');
}
