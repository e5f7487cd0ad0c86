// SPDX-License-Identifier: Apache-2.0
// What all VMs of a launch share: everything that must be known or made before the first instance (ec2.md §3.1).
import { gzipSync } from 'node:zlib';
import type { Image, RunInstancesRequest } from '@aws-sdk/client-ec2';
import { ImError } from '../../domain/index.js';
import { credentials, hasPublicNetwork, type System } from '../../radl/index.js';
import type { CallHome, LaunchRequest } from '../connector.js';
import { cloudInit } from '../shared/cloud-init.js';
import { systemOf } from '../shared/first-system.js';
import { instanceName } from '../shared/instance-name.js';
import { allPages } from './client.js';
import { type DataDisk, planDisks } from './disks.js';
import type { Ec2, Engine } from './engine.js';
import { parseEc2Url } from './image-url.js';
import { type ChosenSubnet, defaultSubnet, namedSubnet, userSubnet } from './network.js';
import { type OwnNetwork, prepareOwnNetworks } from './own-networks.js';
import { prepareGroups } from './security-groups.js';

/** A prepared launch. */
export interface LaunchPlan {
  readonly ec2: Ec2;
  readonly system: System;
  readonly instanceName: string;
  readonly networks: readonly OwnNetwork[];
  readonly subnet: ChosenSubnet;
  readonly disks: readonly DataDisk[];
  /** The request without token, tags and user data, which are each VM's own. */
  readonly input: Omit<RunInstancesRequest, 'MinCount' | 'MaxCount'>;
  /** In base64; undefined: none. */
  readonly userData: (callHome: CallHome | undefined) => string | undefined;
  /** How failure texts call the launch. */
  readonly description: string;
}

/** Shorter texts that are no keys are names of key pairs. */
const SHORTEST_KEY = 128;
const LARGEST_USER_DATA_BYTES = 16 * 1024;

/** Region of the launch. @throws ImError when the image of the system is none of EC2 */
export function launchRegion(system: System): string {
  return parseEc2Url(system.features.getText('disk.0.image.url') ?? '').region;
}

/** Looks up the image, makes networks and groups, and puts the create call together. */
export async function launchPlan(engine: Engine, request: LaunchRequest): Promise<LaunchPlan> {
  const { concrete, signal } = request;
  const system = systemOf(concrete);
  const { features } = system;
  const { region, name: imageId } = parseEc2Url(features.getText('disk.0.image.url') ?? '');
  const ec2 = engine.clients.ec2(region);
  const isSpot = features.getText('spot') === 'yes';
  if (isSpot && !features.getText('disk.0.os.name')) {
    throw new ImError('provider', 'Error launching the image: spot instances need the OS defined in the RADL');
  }
  const instanceType = features.getText('instance_type') ?? '';
  if (instanceType === '') throw new ImError('provider', 'Error no instance type available for the requirements.');
  const image = await describeImage(ec2, imageId, signal);
  const disks = await planDisks(ec2, system, image, signal);
  const { userData, keyName } = loginOf(request);
  // What is too long is said before anything is made.
  userData(request.vms[0]?.callHome);

  const zone = features.getText('availability_zone') || disks.zone;
  const networks = await prepareOwnNetworks(engine, ec2, request, zone);
  const subnet = await chooseSubnet(ec2, request, networks, { zone, instanceType, isSpot });
  const groups = await prepareGroups(engine, ec2, request, subnet.vpcId);
  const isWithoutPublicIp =
    !hasPublicNetwork(concrete, system.name) && features.getText('ec2.associate_public_ip_address') === 'no';
  const price = systemOf(request.requested).features.getNumber('price');
  return {
    ec2,
    system,
    networks,
    subnet,
    disks: disks.disks,
    userData,
    instanceName: instanceName(system),
    description: `Error Launching in region ${region} with image: ${imageId} in VPC: ${subnet.vpcId}-${subnet.subnetId}  an ${isSpot ? 'spot' : 'ondemand'} instance  of type: ${instanceType} . `,
    input: {
      ImageId: imageId,
      InstanceType: instanceType as NonNullable<RunInstancesRequest['InstanceType']>,
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: subnet.subnetId,
          Groups: [...groups],
          AssociatePublicIpAddress: !isWithoutPublicIp,
          DeleteOnTermination: true,
        },
      ],
      ...(disks.mappings.length > 0 && { BlockDeviceMappings: [...disks.mappings] }),
      ...(keyName !== undefined && { KeyName: keyName }),
      ...(zone !== undefined && { Placement: { AvailabilityZone: zone } }),
      ...(isSpot && {
        InstanceMarketOptions: {
          MarketType: 'spot' as const,
          SpotOptions: {
            SpotInstanceType: 'one-time' as const,
            ...(price !== undefined && { MaxPrice: String(price) }),
          },
        },
      }),
    },
  };
}

async function describeImage(ec2: Ec2, imageId: string, signal: AbortSignal): Promise<Image> {
  const { Images: [image] = [] } = await ec2.call('describeImages', { ImageIds: [imageId] }, signal);
  if (image === undefined) throw new ImError('provider', 'Incorrect AMI selected');
  const hasRoot = image.BlockDeviceMappings?.some(
    ({ DeviceName, Ebs }) => Ebs !== undefined && DeviceName === image.RootDeviceName,
  );
  if (!hasRoot) throw new ImError('provider', `Error getting correct block_device name from AMI: ${imageId}`);
  return image;
}

async function chooseSubnet(
  ec2: Ec2,
  request: LaunchRequest,
  networks: readonly OwnNetwork[],
  wishes: { readonly zone: string | undefined; readonly instanceType: string; readonly isSpot: boolean },
): Promise<ChosenSubnet> {
  const { concrete, signal } = request;
  const document = concrete.clone();
  for (const { networkId, providerId } of networks) {
    document.getNetwork(networkId)?.features.setText('provider_id', providerId);
  }
  const named = namedSubnet(document);
  if (named === undefined) {
    const preferredZones =
      wishes.isSpot && wishes.zone === undefined ? await cheapestZones(ec2, wishes.instanceType, signal) : [];
    return defaultSubnet(ec2, { ...wishes, preferredZones }, signal);
  }
  const own = networks.find(({ providerId }) => providerId === named);
  if (own !== undefined) {
    const [vpcId = '', subnetId = ''] = own.providerId.split('.');
    return { vpcId, subnetId };
  }
  return userSubnet(ec2, named, signal);
}

/** Zones by their present spot price, the cheapest first. */
async function cheapestZones(ec2: Ec2, instanceType: string, signal: AbortSignal): Promise<readonly string[]> {
  const prices = await allPages(async (NextToken) => {
    const { SpotPriceHistory = [], NextToken: next } = await ec2.call(
      'describeSpotPriceHistory',
      {
        InstanceTypes: [instanceType as NonNullable<RunInstancesRequest['InstanceType']>],
        ProductDescriptions: ['Linux/UNIX'],
        // From now on: the prices that are valid at present.
        StartTime: new Date(),
        ...(NextToken !== undefined && { NextToken }),
      },
      signal,
    );
    return { items: SpotPriceHistory, next };
  });
  const byZone = new Map<string, number>();
  for (const { AvailabilityZone = '', SpotPrice } of prices) {
    byZone.set(AvailabilityZone, Math.min(Number(SpotPrice), byZone.get(AvailabilityZone) ?? Number.POSITIVE_INFINITY));
  }
  return [...byZone].sort((left, right) => left[1] - right[1]).map(([zone]) => zone);
}

/** How the VM is logged in to: by user data for cloud-init, or by a key pair of EC2 where the public key names one. */
function loginOf(request: LaunchRequest): Pick<LaunchPlan, 'userData'> & { readonly keyName: string | undefined } {
  const { concrete } = request;
  const { username = '', publicKey = '' } = credentials(systemOf(concrete));
  const isKey = publicKey.length >= SHORTEST_KEY || /^(ssh-|ecdsa-|sk-)\S+ /.test(publicKey);
  const login = { username, publicKey: isKey ? publicKey.trim() : undefined };
  return {
    userData: (callHome) => {
      const text = cloudInit(concrete, login, callHome);
      return text === undefined ? undefined : encodeUserData(text);
    },
    keyName: isKey || publicKey === '' ? undefined : publicKey,
  };
}

/** What does not fit is compressed, which cloud-init understands. */
function encodeUserData(text: string): string {
  const plain = Buffer.from(text);
  if (plain.length <= LARGEST_USER_DATA_BYTES) return plain.toString('base64');
  const packed = gzipSync(plain);
  if (packed.length > LARGEST_USER_DATA_BYTES) {
    throw new ImError(
      'provider',
      `The cloud-init data has ${plain.length} bytes (${packed.length} compressed), and EC2 takes ${LARGEST_USER_DATA_BYTES}: shorten the recipe that is used with cloud_init.`,
    );
  }
  return packed.toString('base64');
}
