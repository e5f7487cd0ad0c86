// SPDX-License-Identifier: Apache-2.0
// Security groups of an infrastructure at EC2: their names, and how those are found that were made for it (ec2.md §3.3).
import type { Filter, SecurityGroup } from '@aws-sdk/client-ec2';
import type { Resource } from '../../domain/index.js';
import type { Network } from '../../radl/index.js';
import { providerNetworkName } from '../shared/network-names.js';
import { allPages } from './client.js';
import type { Ec2 } from './engine.js';
import { TAG_INFRASTRUCTURE, tagged, tagValue } from './tags.js';
import { regionalId } from './vm-id.js';

/** That of every group which an Infrastructure Manager made; the reference marks its groups by nothing else. */
export const DESCRIPTION = 'Security group created by the IM';
/** Values that one filter takes. */
const MOST_VALUES = 200;

/** Name of the group of all machines of an infrastructure. */
export const commonGroupName = (infrastructureId: string): string => `im-${infrastructureId}`;

/** Name of the group of a network: the user's `sg_name`, or ours. */
export function groupName(infrastructureId: string, network: Network): string {
  return network.features.getText('sg_name') || providerNetworkName(infrastructureId, network.id);
}

/** Name of a group in the ledger. */
export const registeredName = ({ data, token }: Resource): string =>
  typeof data.name === 'string' ? data.name : token;

/** Made for this infrastructure, by us or by the reference. */
export function isOurs(group: SecurityGroup, infrastructureId: string): boolean {
  const owner = tagValue(group.Tags, TAG_INFRASTRUCTURE);
  const isMarked = owner === '' && (group.GroupName ?? '').startsWith(commonGroupName(infrastructureId));
  return group.Description === DESCRIPTION && (owner === infrastructureId || isMarked);
}

/** The group of that name in the VPC. */
export async function findGroup(
  ec2: Ec2,
  vpcId: string,
  name: string,
  signal: AbortSignal,
): Promise<SecurityGroup | undefined> {
  const groups = await listGroups(ec2, named(name, vpcId), signal);
  // EC2 takes a star in a name of the user for whatever.
  return groups.find(({ GroupName }) => GroupName === name);
}

/** Provider id of a registered group whose creation was interrupted. */
export async function findRegisteredGroup(
  ec2: Ec2,
  resource: Resource,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { infrastructureId, data } = resource;
  const group = await findGroup(ec2, String(data.vpcId), registeredName(resource), signal);
  const id = group !== undefined && isOurs(group, infrastructureId) ? group.GroupId : undefined;
  return id === undefined ? undefined : regionalId(ec2.region, id);
}

/**
 * Groups that were made for the infrastructure, in whatever VPC: by us, with our tag, or by the reference, which told its own only by name
 * and description.
 * @param names of groups that the networks have, or had
 */
export async function groupsMadeFor(
  ec2: Ec2,
  infrastructureId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly SecurityGroup[]> {
  // Ids of infrastructures are all of one length: no other one's names begin like this.
  const prefix = `${commonGroupName(infrastructureId)}-`;
  const wanted = [...new Set([commonGroupName(infrastructureId), `${prefix}*`, ...names])];
  const found = [...(await listGroups(ec2, [tagged(TAG_INFRASTRUCTURE, infrastructureId)], signal))];
  for (let first = 0; first < wanted.length; first += MOST_VALUES) {
    const Values = wanted.slice(first, first + MOST_VALUES);
    found.push(...(await listGroups(ec2, [{ Name: 'group-name', Values }], signal)));
  }
  // EC2 takes a star in a name of the user for whatever: what it found is compared again.
  const isNamed = new Set(wanted);
  const made = found.filter(({ Description, Tags, GroupName = '' }) => {
    const owner = tagValue(Tags, TAG_INFRASTRUCTURE);
    const isOfName = isNamed.has(GroupName) || GroupName.startsWith(prefix);
    return Description === DESCRIPTION && (owner === infrastructureId || (owner === '' && isOfName));
  });
  return [...new Map(made.map((group) => [group.GroupId, group])).values()];
}

const named = (name: string, vpcId: string): readonly Filter[] => [
  { Name: 'group-name', Values: [name] },
  { Name: 'vpc-id', Values: [vpcId] },
];

function listGroups(ec2: Ec2, filters: readonly Filter[], signal: AbortSignal): Promise<readonly SecurityGroup[]> {
  return allPages(async (NextToken) => {
    const { SecurityGroups = [], NextToken: next } = await ec2.call(
      'describeSecurityGroups',
      {
        Filters: [...filters],
        ...(NextToken !== undefined && { NextToken }),
      },
      signal,
    );
    return { items: SecurityGroups, next };
  });
}
