// SPDX-License-Identifier: Apache-2.0
// The subnet that a VM goes to: the user's, one made for a network of the RADL, or one of the default VPC (ec2.md §3.2).
import type { Filter, Subnet } from '@aws-sdk/client-ec2';
import { ImError } from '../../domain/index.js';
import { networkIds, type Radl } from '../../radl/index.js';
import { systemOf } from '../shared/first-system.js';
import { allPages } from './client.js';
import type { Ec2 } from './engine.js';
import { tagged } from './tags.js';

/** Where a VM goes. */
export interface ChosenSubnet {
  readonly vpcId: string;
  readonly subnetId: string;
}

/** What narrows the choice among the subnets of the default VPC. */
export interface SubnetWishes {
  /** `availability_zone`, or the zone of a volume that is to be attached. */
  readonly zone: string | undefined;
  /** Zones in order of preference (spot prices); others come after them. */
  readonly preferredZones: readonly string[];
  readonly instanceType: string;
}

/** All subnets that the filters leave. */
export function listSubnets(ec2: Ec2, filters: readonly Filter[], signal: AbortSignal): Promise<readonly Subnet[]> {
  return allPages(async (NextToken) => {
    const { Subnets = [], NextToken: next } = await ec2.call(
      'describeSubnets',
      { ...(filters.length > 0 && { Filters: [...filters] }), ...(NextToken !== undefined && { NextToken }) },
      signal,
    );
    return { items: Subnets, next };
  });
}

/** `provider_id` of the first network of the system that has one; it counts for the whole VM. */
export function namedSubnet(document: Radl): string | undefined {
  return networkIds(systemOf(document))
    .map((id) => document.getNetwork(id)?.features.getText('provider_id'))
    .find((text) => text !== undefined && text !== '');
}

/**
 * The subnet of a `provider_id`.
 * @throws ImError `provider` when it has another form, or VPC or subnet do not exist
 */
export async function userSubnet(
  ec2: Ec2,
  providerId: string,
  signal: AbortSignal,
): Promise<ChosenSubnet & { readonly zone: string }> {
  const [vpcId = '', subnetId = '', ...rest] = providerId.split('.');
  if (subnetId === '' || rest.length > 0) {
    throw new ImError('provider', `Incorrect provider_id value: ${providerId}. It must be <vpc-id>.<subnet-id>.`);
  }
  if (!vpcId.startsWith('vpc-') || !(await hasVpc(ec2, vpcId, signal))) {
    throw new ImError('provider', `Incorrect vpc value in provider_id value: ${providerId}`);
  }
  const [subnet] = subnetId.startsWith('subnet-')
    ? await listSubnets(
        ec2,
        [
          { Name: 'subnet-id', Values: [subnetId] },
          { Name: 'vpc-id', Values: [vpcId] },
        ],
        signal,
      )
    : [];
  if (subnet === undefined) {
    throw new ImError('provider', `Incorrect subnet value in provider_id value: ${providerId}`);
  }
  return { vpcId, subnetId, zone: subnet.AvailabilityZone ?? '' };
}

async function hasVpc(ec2: Ec2, vpcId: string, signal: AbortSignal): Promise<boolean> {
  const { Vpcs = [] } = await ec2.call('describeVpcs', { Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }, signal);
  return Vpcs.length > 0;
}

/** Subnets of the default VPC, else of the one that is called `default`. @throws ImError when there is neither */
export async function defaultSubnets(
  ec2: Ec2,
  signal: AbortSignal,
): Promise<{ readonly vpcId: string; readonly subnets: readonly Subnet[] }> {
  for (const filter of [{ Name: 'is-default', Values: ['true'] }, tagged('Name', 'default')]) {
    const { Vpcs = [] } = await ec2.call('describeVpcs', { Filters: [filter] }, signal);
    const vpcId = Vpcs[0]?.VpcId;
    if (vpcId === undefined) continue;
    const subnets = await listSubnets(ec2, [{ Name: 'vpc-id', Values: [vpcId] }], signal);
    if (subnets.length > 0) return { vpcId, subnets };
  }
  throw new ImError('provider', 'No VPC.subnet specified and no VPC default found.');
}

/** The best subnet of the default VPC: in the wished zone, else in a zone that offers the instance type. */
export async function defaultSubnet(ec2: Ec2, wishes: SubnetWishes, signal: AbortSignal): Promise<ChosenSubnet> {
  const { vpcId, subnets } = await defaultSubnets(ec2, signal);
  const { zone, preferredZones } = wishes;
  if (zone !== undefined) {
    const subnetId = subnets.find(({ AvailabilityZone }) => AvailabilityZone === zone)?.SubnetId;
    if (subnetId !== undefined) return { vpcId, subnetId };
    const zones = [...new Set(subnets.map(({ AvailabilityZone = '' }) => AvailabilityZone))].sort().join(', ');
    throw new ImError('provider', `The VPC ${vpcId} has no subnet in availability zone ${zone}, only in: ${zones}.`);
  }
  const offering = subnets.length > 1 ? await zonesOffering(ec2, wishes.instanceType, signal) : new Set<string>();
  const rank = ({ AvailabilityZone = '' }: Subnet): number => {
    const preference = preferredZones.indexOf(AvailabilityZone);
    const isMissing = offering.size > 0 && !offering.has(AvailabilityZone);
    return (isMissing ? 10_000 : 0) + (preference === -1 ? preferredZones.length : preference);
  };
  const [best] = [...subnets].sort((left, right) => rank(left) - rank(right) || compareZones(left, right));
  return { vpcId, subnetId: best?.SubnetId ?? '' };
}

/** The order of an answer may change; the choice must not, since a repeated launch has to be the same. */
function compareZones(left: Subnet, right: Subnet): number {
  const key = ({ AvailabilityZone = '', SubnetId = '' }: Subnet): string => `${AvailabilityZone} ${SubnetId}`;
  return key(left) < key(right) ? -1 : 1;
}

async function zonesOffering(ec2: Ec2, instanceType: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { InstanceTypeOfferings = [] } = await ec2.call(
    'describeInstanceTypeOfferings',
    { LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: [instanceType] }] },
    signal,
  );
  return new Set(InstanceTypeOfferings.flatMap(({ Location }) => (Location === undefined ? [] : [Location])));
}
