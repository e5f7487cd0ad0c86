// SPDX-License-Identifier: Apache-2.0
// Volumes that an alter adds to a machine; they are in the ledger and go with it (ec2.md §5).
import { createHash } from 'node:crypto';
import type { Instance, VolumeType } from '@aws-sdk/client-ec2';
import { ImError, type Resource } from '../../domain/index.js';
import type { ResourceRecorder, VmReference } from '../connector.js';
import type { Ec2 } from './engine.js';
import { isNotFound } from './failure.js';
import { pollPatiently, untilDeleted } from './patience.js';
import { ownTags, TAG_LAUNCH, tagged } from './tags.js';
import { parseRegionalId, regionalId } from './vm-id.js';

const AVAILABLE_TIMEOUT_MS = 120_000;

/** A disk that a machine is to get. */
export interface NewDisk {
  readonly index: number;
  readonly device: string;
  readonly type: string;
  readonly sizeGb: number | undefined;
  readonly snapshotId: string | undefined;
}

/** Makes a volume beside a machine and attaches it; does nothing twice. @returns its id */
export async function addVolume(
  ec2: Ec2,
  vm: VmReference,
  instance: Instance,
  disk: NewDisk,
  resources: ResourceRecorder | undefined,
  signal: AbortSignal,
): Promise<string> {
  const token = `${vm.infrastructureId}-${vm.number}-disk-${disk.index}`;
  const create = async (): Promise<string> => {
    const { VolumeId = '' } = await ec2.call(
      'createVolume',
      {
        AvailabilityZone: instance.Placement?.AvailabilityZone,
        VolumeType: disk.type as VolumeType,
        ...(disk.sizeGb !== undefined && { Size: disk.sizeGb }),
        ...(disk.snapshotId !== undefined && { SnapshotId: disk.snapshotId }),
        ClientToken: createHash('sha256').update(token).digest('hex'),
        TagSpecifications: [{ ResourceType: 'volume', Tags: [...ownTags(vm.infrastructureId, vm.number, token)] }],
      },
      signal,
    );
    return regionalId(ec2.region, VolumeId);
  };
  const find = () => findByToken(ec2, token, signal);
  const recorded =
    resources === undefined
      ? ((await find()) ?? (await create()))
      : await resources.record(
          { kind: 'volume', token, vmNumber: vm.number, data: { region: ec2.region } },
          async () => (await find()) ?? create(),
          find,
        );
  const { id } = parseRegionalId(recorded);
  await attach(ec2, id, instance.InstanceId ?? '', disk.device, signal);
  return id;
}

async function attach(
  ec2: Ec2,
  volumeId: string,
  instanceId: string,
  device: string,
  signal: AbortSignal,
): Promise<void> {
  const isAttached = await pollPatiently(
    `volume ${volumeId} to be available`,
    AVAILABLE_TIMEOUT_MS,
    signal,
    async () => {
      const { Volumes: [volume] = [] } = await ec2.call(
        'describeVolumes',
        { Filters: [{ Name: 'volume-id', Values: [volumeId] }] },
        signal,
      );
      if (volume?.Attachments?.some(({ InstanceId }) => InstanceId === instanceId)) return true;
      if (volume?.State === 'error') throw new ImError('provider', `The volume ${volumeId} could not be made.`);
      return volume?.State === 'available' ? false : undefined;
    },
  );
  if (!isAttached)
    await ec2.call('attachVolume', { VolumeId: volumeId, InstanceId: instanceId, Device: device }, signal);
}

async function findByToken(ec2: Ec2, token: string, signal: AbortSignal): Promise<string | undefined> {
  const { Volumes = [] } = await ec2.call('describeVolumes', { Filters: [tagged(TAG_LAUNCH, token)] }, signal);
  const id = Volumes.find(({ State }) => State !== 'deleting' && State !== 'deleted')?.VolumeId;
  return id === undefined ? undefined : regionalId(ec2.region, id);
}

/** Provider id of a registered volume whose creation was interrupted. */
export const findVolumeByToken = (ec2: Ec2, resource: Resource, signal: AbortSignal): Promise<string | undefined> =>
  findByToken(ec2, resource.token, signal);

/** Deletes a volume, detaching it from a machine that stays. */
export async function removeVolume(ec2: Ec2, id: string, signal: AbortSignal): Promise<void> {
  await untilDeleted(
    `volume ${id}`,
    signal,
    () => ec2.call('deleteVolume', { VolumeId: id }, signal),
    async () => {
      try {
        await ec2.call('detachVolume', { VolumeId: id }, signal);
      } catch (error) {
        // It detaches by itself when its machine is gone.
        if (!isNotFound(error) && !(error instanceof ImError)) throw error;
      }
      return undefined;
    },
  );
}
