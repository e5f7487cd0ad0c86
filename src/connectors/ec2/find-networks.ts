// SPDX-License-Identifier: Apache-2.0
// Finds what was made for the networks of an infrastructure, by its tags (ec2.md §3.2).
import type { Vpc } from '@aws-sdk/client-ec2';
import type { Resource } from '../../domain/index.js';
import type { Ec2 } from './engine.js';
import { listSubnets } from './network.js';
import { TAG_INFRASTRUCTURE, TAG_SUBNET, tagged } from './tags.js';
import { regionalId } from './vm-id.js';

/** The VPC of an infrastructure. */
export async function findVpc(ec2: Ec2, infrastructureId: string, signal: AbortSignal): Promise<Vpc | undefined> {
  const { Vpcs = [] } = await ec2.call(
    'describeVpcs',
    { Filters: [tagged(TAG_INFRASTRUCTURE, infrastructureId)] },
    signal,
  );
  return Vpcs[0];
}

/** Ids of everything that was made for the networks of an infrastructure. */
export async function networksOf(
  ec2: Ec2,
  infrastructureId: string,
  signal: AbortSignal,
): Promise<{
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
  readonly vpcs: readonly string[];
}> {
  const filter = tagged(TAG_INFRASTRUCTURE, infrastructureId);
  const subnets = await listSubnets(ec2, [filter], signal);
  const { InternetGateways = [] } = await ec2.call('describeInternetGateways', { Filters: [filter] }, signal);
  const { Vpcs = [] } = await ec2.call('describeVpcs', { Filters: [filter] }, signal);
  return {
    subnets: subnets.flatMap(({ SubnetId }) => SubnetId ?? []),
    gateways: InternetGateways.flatMap(({ InternetGatewayId }) => InternetGatewayId ?? []),
    vpcs: Vpcs.flatMap(({ VpcId }) => VpcId ?? []),
  };
}

/** The gateway of an infrastructure. */
export async function findGateway(
  ec2: Ec2,
  infrastructureId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const Filters = [tagged(TAG_INFRASTRUCTURE, infrastructureId)];
  const { InternetGateways = [] } = await ec2.call('describeInternetGateways', { Filters }, signal);
  return InternetGateways[0]?.InternetGatewayId;
}

/** The subnet of one network of the RADL. */
export async function findSubnet(
  ec2: Ec2,
  infrastructureId: string,
  networkId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const filters = [tagged(TAG_INFRASTRUCTURE, infrastructureId), tagged(TAG_SUBNET, networkId)];
  const found = await listSubnets(ec2, filters, signal);
  return found[0]?.SubnetId;
}

/** Provider id of a registered VPC, gateway or subnet whose creation was interrupted. */
export async function findOwnNetwork(ec2: Ec2, resource: Resource, signal: AbortSignal): Promise<string | undefined> {
  const { infrastructureId, kind, data } = resource;
  const id =
    kind === 'network'
      ? (await findVpc(ec2, infrastructureId, signal))?.VpcId
      : kind === 'router'
        ? await findGateway(ec2, infrastructureId, signal)
        : await findSubnet(ec2, infrastructureId, String(data.networkId), signal);
  return id === undefined ? undefined : regionalId(ec2.region, id);
}
