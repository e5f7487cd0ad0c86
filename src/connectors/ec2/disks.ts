// SPDX-License-Identifier: Apache-2.0
// Disks of a VM: block devices that are made with the instance, and volumes of the user that are attached to it (ec2.md §3.4).
import type { BlockDeviceMapping, Image, Volume } from '@aws-sdk/client-ec2';
import { ImError } from '../../domain/index.js';
import { dataDisks, type Features, type System } from '../../radl/index.js';
import type { Ec2 } from './engine.js';
import { parseEc2Url } from './image-url.js';
import { tagged } from './tags.js';

const DEFAULT_TYPE = 'gp3';

/** A data disk. */
export interface DataDisk {
  readonly index: number;
  /** As the instance knows it: `/dev/sdb`. */
  readonly device: string;
  readonly type: string;
  /** In gigabytes; undefined: that of the snapshot. */
  readonly sizeGb: number | undefined;
  readonly snapshotId: string | undefined;
  /** A volume of the user, which is attached and never deleted. */
  readonly volumeId: string | undefined;
}

/** What a launch has to know of the disks. */
export interface DiskPlan {
  readonly mappings: readonly BlockDeviceMapping[];
  readonly disks: readonly DataDisk[];
  /** Zone of the user's volumes: the VM has to be there. */
  readonly zone: string | undefined;
}

/**
 * Reads the disks of a system.
 * @throws ImError `provider` `No snapshot/volume found with name: <x>` and the like
 */
export async function planDisks(ec2: Ec2, system: System, image: Image, signal: AbortSignal): Promise<DiskPlan> {
  const disks: DataDisk[] = [];
  const zones = new Set<string>();
  const devices = namedDevices(system);
  for (const index of dataDisks(system)) {
    const { source, volume } = await diskSource(ec2, system.features, index, signal);
    if (volume?.AvailabilityZone !== undefined) zones.add(volume.AvailabilityZone);
    disks.push({
      index,
      device: devices.take(index),
      type: system.features.getText(`disk.${index}.type`) || DEFAULT_TYPE,
      sizeGb: sizeOf(system.features, index),
      snapshotId: source,
      volumeId: volume?.VolumeId,
    });
  }
  if (zones.size > 1) {
    throw new ImError(
      'provider',
      `The volumes of system ${system.name} are in different availability zones: ${[...zones].join(', ')}.`,
    );
  }
  const [zone] = zones;
  return { disks, zone, mappings: [...imageMappings(system.features, image), ...disks.flatMap(dataMapping)] };
}

/** Size in whole gigabytes, rounded up. */
export function sizeOf(features: Features, index: number): number | undefined {
  const size = features.getNumber(`disk.${index}.size`, 'G');
  const exact = features.getNumber(`disk.${index}.size`);
  return size === undefined || exact === undefined ? undefined : Math.max(1, Math.ceil(exact / 1e9));
}

/** Devices that the document names, and free letters for the other disks. */
export function namedDevices(system: System): { take(index: number): string } {
  const named = new Map<number, string>();
  for (const index of dataDisks(system)) {
    const device = system.features.getText(`disk.${index}.device`) ?? '';
    if (device !== '') named.set(index, `/dev/sd${device.at(-1)}`);
  }
  const taken = new Set(named.values());
  return {
    take: (index) => {
      const known = named.get(index);
      if (known !== undefined) return known;
      const free = [...'bcdefghijklmnop'].map((letter) => `/dev/sd${letter}`).find((device) => !taken.has(device));
      if (free === undefined)
        throw new ImError('provider', `System ${system.name} has more disks than EC2 has device names.`);
      taken.add(free);
      return free;
    },
  };
}

/** The disks of the image: all go with the instance, the root disk with the size and type that the document wishes. */
function imageMappings(features: Features, image: Image): readonly BlockDeviceMapping[] {
  const size = sizeOf(features, 0);
  const type = features.getText('disk.0.type') ?? '';
  return (image.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }): BlockDeviceMapping[] => {
    if (Ebs === undefined) return [];
    const isRoot = DeviceName === image.RootDeviceName;
    const isChanged = isRoot && (size !== undefined || type !== '');
    if (!isChanged && Ebs.DeleteOnTermination === true) return [];
    const VolumeSize = (isRoot ? size : undefined) ?? Ebs.VolumeSize;
    const VolumeType = isRoot && isChanged ? type || DEFAULT_TYPE : undefined;
    return [
      {
        ...(DeviceName !== undefined && { DeviceName }),
        Ebs: {
          DeleteOnTermination: true,
          ...(VolumeSize !== undefined && { VolumeSize }),
          ...(VolumeType !== undefined && { VolumeType: VolumeType as NonNullable<typeof Ebs.VolumeType> }),
        },
      },
    ];
  });
}

function dataMapping({ device, type, sizeGb, snapshotId, volumeId }: DataDisk): readonly BlockDeviceMapping[] {
  if (volumeId !== undefined) return [];
  return [
    {
      DeviceName: device,
      Ebs: {
        DeleteOnTermination: true,
        VolumeType: type as NonNullable<NonNullable<BlockDeviceMapping['Ebs']>['VolumeType']>,
        ...(sizeGb !== undefined && { VolumeSize: sizeGb }),
        ...(snapshotId !== undefined && { SnapshotId: snapshotId }),
      },
    },
  ];
}

async function diskSource(
  ec2: Ec2,
  features: Features,
  index: number,
  signal: AbortSignal,
): Promise<{ readonly source: string | undefined; readonly volume: Volume | undefined }> {
  const url = features.getText(`disk.${index}.image.url`) ?? '';
  if (url === '') return { source: undefined, volume: undefined };
  const { region, name } = parseEc2Url(url);
  if (region !== ec2.region) {
    throw new ImError('provider', `The disk ${url} is not in region ${ec2.region}, where the VM is launched.`);
  }
  if (name.startsWith('snap-')) return { source: name, volume: undefined };
  if (name.startsWith('vol-'))
    return { source: undefined, volume: await findVolume(ec2, [{ Name: 'volume-id', Values: [name] }], name, signal) };
  const { Snapshots = [] } = await ec2.call('describeSnapshots', { Filters: [tagged('Name', name)] }, signal);
  const time = (date: Date | undefined): number => date?.getTime() ?? 0;
  const [newest] = [...Snapshots].sort((left, right) => time(right.StartTime) - time(left.StartTime));
  if (newest?.SnapshotId !== undefined) return { source: newest.SnapshotId, volume: undefined };
  return { source: undefined, volume: await findVolume(ec2, [tagged('Name', name)], name, signal) };
}

async function findVolume(
  ec2: Ec2,
  filters: readonly { readonly Name?: string | undefined; readonly Values?: string[] | undefined }[],
  name: string,
  signal: AbortSignal,
): Promise<Volume> {
  const { Volumes = [] } = await ec2.call('describeVolumes', { Filters: [...filters] }, signal);
  const [volume] = Volumes;
  if (volume === undefined) throw new ImError('provider', `No snapshot/volume found with name: ${name}`);
  return volume;
}
