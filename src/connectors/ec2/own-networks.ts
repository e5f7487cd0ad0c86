// SPDX-License-Identifier: Apache-2.0
// Networks of the RADL with `create = 'yes'`: one VPC per infrastructure with a gateway to the internet, one subnet per network (ec2.md §3.2).
import type { Vpc } from '@aws-sdk/client-ec2';
import { ImError, type JsonObject, type ResourceKind } from '../../domain/index.js';
import { isPublicNetwork, type Network, type Radl } from '../../radl/index.js';
import { type Cidr, cidrContains, formatCidr, parseCidr } from '../../util/ip.js';
import type { LaunchRequest } from '../connector.js';
import { DEFAULT_CIDR_PATTERN, pickCidr } from '../shared/cidr.js';
import { providerNetworkName } from '../shared/network-names.js';
import type { Ec2, Engine } from './engine.js';
import { unlessCode } from './failure.js';
import { findGateway, findSubnet, findVpc } from './find-networks.js';
import { listSubnets } from './network.js';
import { TAG_INFRASTRUCTURE, TAG_SUBNET, tagValue } from './tags.js';
import { parseRegionalId, regionalId } from './vm-id.js';

/** A network of the RADL with its subnet. */
export interface OwnNetwork {
  readonly networkId: string;
  readonly cidr: string;
  /** `<vpc>.<subnet>`. */
  readonly providerId: string;
}

/** `*` of a pattern begins after this number (common.md A4). */
const FIRST_WILDCARD = 127;
/** The largest range that a VPC takes. */
const VPC_PREFIX = 16;

/** Networks that are to be made: of the whole document, so that all systems share one VPC. */
export function networksToCreate(document: Radl): readonly Network[] {
  return document.networks.filter(
    (network) =>
      !isPublicNetwork(network) &&
      network.features.getText('create') === 'yes' &&
      (network.features.getText('provider_id') ?? '') === '',
  );
}

const vpcToken = (infrastructureId: string): string => `im-${infrastructureId}`;

/** Makes sure that VPC, gateway and subnets exist; what is there already is used. */
export async function prepareOwnNetworks(
  engine: Engine,
  ec2: Ec2,
  request: LaunchRequest,
  zone: string | undefined,
): Promise<readonly OwnNetwork[]> {
  const wanted = networksToCreate(request.concrete);
  if (wanted.length === 0) return [];
  const key = `${engine.account.key} ${ec2.region} network ${request.infrastructureId}`;
  return engine.shared.creation.run(key, () => prepare(ec2, request, wanted, zone), request.signal);
}

async function prepare(
  ec2: Ec2,
  request: LaunchRequest,
  wanted: readonly Network[],
  zone: string | undefined,
): Promise<readonly OwnNetwork[]> {
  const { infrastructureId, signal } = request;
  const subnets = await listSubnets(ec2, [], signal);
  const used = subnets.map(({ CidrBlock = '' }) => parseCidr(CidrBlock)).filter((range) => range !== undefined);
  const existing = new Map(
    subnets
      .filter(({ Tags }) => tagValue(Tags, TAG_INFRASTRUCTURE) === infrastructureId)
      .map((subnet) => [tagValue(subnet.Tags, TAG_SUBNET), subnet]),
  );
  const ranges = new Map<string, Cidr>();
  for (const network of wanted) {
    const known = existing.get(network.id)?.CidrBlock;
    const range = known === undefined ? freeRange(network, used) : parseCidr(known);
    if (range === undefined)
      throw new ImError('provider', `The range ${known} of network ${network.id} cannot be read.`);
    used.push(range);
    ranges.set(network.id, range);
  }
  const vpcId = await ensureVpc(ec2, request, [...ranges.values()]);
  await ensureGateway(ec2, request, vpcId);
  const networks: OwnNetwork[] = [];
  for (const [networkId, range] of ranges) {
    const cidr = formatCidr(range);
    const subnetId = await madeOnce(ec2, request, {
      kind: 'subnet',
      token: providerNetworkName(infrastructureId, networkId),
      data: { networkId },
      find: () => findSubnet(ec2, infrastructureId, networkId, signal),
      create: () => createSubnet(ec2, request, vpcId, networkId, cidr, zone),
    });
    networks.push({ networkId, cidr, providerId: `${vpcId}.${subnetId}` });
  }
  return networks;
}

/** Something of an infrastructure's network that there is one of in a region. */
interface NetworkPart {
  readonly kind: ResourceKind;
  readonly token: string;
  readonly data: JsonObject;
  readonly find: () => Promise<string | undefined>;
  readonly create: () => Promise<string>;
}

/** Finds or creates it, with an entry in the ledger. @returns its id */
async function madeOnce(
  { region }: Ec2,
  { resources }: LaunchRequest,
  { kind, token, data, find, create }: NetworkPart,
): Promise<string> {
  const existing = await find();
  const recorded = await resources.record(
    {
      kind,
      token: `${token} ${region}`,
      vmNumber: null,
      data: { ...data, region, existed: existing !== undefined },
    },
    async () => regionalId(region, existing ?? (await create())),
    async () => (existing === undefined ? undefined : regionalId(region, existing)),
  );
  return parseRegionalId(recorded).id;
}

function freeRange(network: Network, used: readonly Cidr[]): Cidr {
  const pattern = network.features.getText('cidr') || DEFAULT_CIDR_PATTERN;
  const picked = pickCidr(pattern, used, FIRST_WILDCARD);
  const range = picked === undefined ? undefined : parseCidr(picked);
  if (range === undefined) {
    throw new ImError('provider', `Error creating network ${network.id}: no free range is left in ${pattern}.`);
  }
  return range;
}

/** The VPC of the infrastructure, with every range inside its address space. */
async function ensureVpc(ec2: Ec2, request: LaunchRequest, ranges: readonly Cidr[]): Promise<string> {
  const { infrastructureId, signal } = request;
  const vpcId = await madeOnce(ec2, request, {
    kind: 'network',
    token: vpcToken(infrastructureId),
    data: {},
    find: async () => (await findVpc(ec2, infrastructureId, signal))?.VpcId,
    create: () => createVpc(ec2, request, ranges),
  });
  const { Vpcs: [vpc] = [] } = await ec2.call('describeVpcs', { VpcIds: [vpcId] }, signal);
  await ec2.call('modifyVpcAttribute', { VpcId: vpcId, EnableDnsHostnames: { Value: true } }, signal);
  for (const range of ranges) {
    const blocks = blocksOf(vpc);
    if (blocks.some((block) => holds(block, range))) continue;
    const { CidrBlockAssociation } = await ec2.call(
      'associateVpcCidrBlock',
      { VpcId: vpcId, CidrBlock: formatCidr(range) },
      signal,
    );
    vpc?.CidrBlockAssociationSet?.push(CidrBlockAssociation ?? {});
  }
  return vpcId;
}

function blocksOf(vpc: Vpc | undefined): readonly Cidr[] {
  const texts = [vpc?.CidrBlock, ...(vpc?.CidrBlockAssociationSet ?? []).map(({ CidrBlock }) => CidrBlock)];
  return texts.map((text) => parseCidr(text ?? '')).filter((range) => range !== undefined);
}

const holds = (outer: Cidr, inner: Cidr): boolean =>
  outer.prefix <= inner.prefix && cidrContains(outer, { family: inner.family, value: inner.network });

async function createVpc(ec2: Ec2, request: LaunchRequest, ranges: readonly Cidr[]): Promise<string> {
  const { Vpc: made } = await ec2.call(
    'createVpc',
    {
      CidrBlock: formatCidr(commonRange(ranges)),
      TagSpecifications: [
        {
          ResourceType: 'vpc',
          Tags: [
            { Key: 'Name', Value: vpcToken(request.infrastructureId) },
            { Key: TAG_INFRASTRUCTURE, Value: request.infrastructureId },
          ],
        },
      ],
    },
    request.signal,
  );
  return made?.VpcId ?? '';
}

/** The smallest range that holds all; not larger than a VPC can be: what is outside gets a block of its own. */
export function commonRange(ranges: readonly Cidr[]): Cidr {
  const [first = { family: 4, network: 0n, prefix: VPC_PREFIX }, ...others] = ranges;
  let { network, prefix } = first;
  for (const range of others) {
    prefix = Math.min(prefix, range.prefix);
    while (prefix > 0 && network >> BigInt(32 - prefix) !== range.network >> BigInt(32 - prefix)) prefix -= 1;
  }
  prefix = Math.max(prefix, VPC_PREFIX);
  network = (first.network >> BigInt(32 - prefix)) << BigInt(32 - prefix);
  return { family: 4, network, prefix };
}

async function createSubnet(
  ec2: Ec2,
  request: LaunchRequest,
  vpcId: string,
  networkId: string,
  cidr: string,
  zone: string | undefined,
): Promise<string> {
  const { infrastructureId, signal } = request;
  const { Subnet: made } = await ec2.call(
    'createSubnet',
    {
      VpcId: vpcId,
      CidrBlock: cidr,
      ...(zone !== undefined && { AvailabilityZone: zone }),
      TagSpecifications: [
        {
          ResourceType: 'subnet',
          Tags: [
            { Key: 'Name', Value: providerNetworkName(infrastructureId, networkId) },
            { Key: TAG_INFRASTRUCTURE, Value: infrastructureId },
            { Key: TAG_SUBNET, Value: networkId },
          ],
        },
      ],
    },
    signal,
  );
  return made?.SubnetId ?? '';
}

/** A gateway that is attached, and the way to it in every route table of the VPC. */
async function ensureGateway(ec2: Ec2, request: LaunchRequest, vpcId: string): Promise<void> {
  const { infrastructureId, signal } = request;
  const gateway = await madeOnce(ec2, request, {
    kind: 'router',
    token: vpcToken(infrastructureId),
    data: {},
    find: () => findGateway(ec2, infrastructureId, signal),
    create: async () => {
      const Tags = [{ Key: TAG_INFRASTRUCTURE, Value: infrastructureId }];
      const { InternetGateway: made } = await ec2.call(
        'createInternetGateway',
        { TagSpecifications: [{ ResourceType: 'internet-gateway', Tags }] },
        signal,
      );
      return made?.InternetGatewayId ?? '';
    },
  });
  await unlessCode('Resource.AlreadyAssociated', () =>
    ec2.call('attachInternetGateway', { InternetGatewayId: gateway, VpcId: vpcId }, signal),
  );
  const ofVpc = { Filters: [{ Name: 'vpc-id', Values: [vpcId] }] };
  const { RouteTables = [] } = await ec2.call('describeRouteTables', ofVpc, signal);
  for (const { RouteTableId, Routes = [] } of RouteTables) {
    if (Routes.some(({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0')) continue;
    await unlessCode('RouteAlreadyExists', () =>
      ec2.call('createRoute', { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway }, signal),
    );
  }
}
