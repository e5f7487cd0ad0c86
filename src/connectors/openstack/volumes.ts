// SPDX-License-Identifier: Apache-2.0
// Volumes that are made for a running machine, and what the machine's document says of its disks (openstack.md §4, §7.2).
import { ImError, type Resource } from '../../domain/index.js';
import type { Features, System } from '../../radl/index.js';
import { poll } from '../../util/deadline.js';
import type { ResourceRecorder, VmReference } from '../connector.js';
import { gigabytes } from './block-devices.js';
import { statusOf } from './errors.js';
import { imageUrl } from './image-url.js';
import { recorded } from './recorded.js';
import { META_INFRASTRUCTURE, META_VM, type Site } from './site.js';
import type { ServerView, VolumeView } from './views.js';

const CHANGE_TIMEOUT_MS = 120_000;
const CHANGE_INTERVAL_MS = 500;

const volumeMetadata = (infrastructureId: string, vmNumber: number): Readonly<Record<string, string>> => ({
  [META_INFRASTRUCTURE]: infrastructureId,
  [META_VM]: String(vmNumber),
});

/** Volumes that alters made for a VM; none where there is no volume service. */
export async function vmVolumes(
  site: Site,
  infrastructureId: string,
  vmNumber: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!(await site.cinder.isThere(signal))) return [];
  return (await site.cinder.volumes(volumeMetadata(infrastructureId, vmNumber), signal)).map(({ id }) => id);
}

/**
 * Makes and attaches one disk. A failure leaves no volume.
 * @throws ImError `provider` `Error creating or attaching the Volume: ...`
 */
export async function addDisk(
  site: Site,
  vm: VmReference,
  server: ServerView,
  wanted: System,
  disk: number,
  resources: ResourceRecorder,
  signal: AbortSignal,
): Promise<VolumeView> {
  const { infrastructureId, number } = vm;
  const type = wanted.features.getText(`disk.${disk}.type`) ?? '';
  const device = wanted.features.getText(`disk.${disk}.device`) ?? '';
  const name = `im-${infrastructureId}-${number}-disk${disk}`;
  const body = {
    name,
    description: name,
    size: gigabytes(wanted, disk),
    metadata: volumeMetadata(infrastructureId, number),
    ...(type !== '' && { volume_type: type }),
  };
  const find = async (): Promise<VolumeView | undefined> =>
    (await namedVolumes(site, infrastructureId, number, name, signal))[0];
  let id: string | undefined;
  try {
    const volume = await recorded(
      resources,
      { kind: 'volume', token: name, vmNumber: number },
      { create: () => createVolume(site, body, server.availabilityZone, signal), find },
      await find(),
    );
    id = volume.id;
    await untilStatus(site, id, 'available', signal);
    await site.nova.attachVolume(server.id, id, device === '' ? undefined : `/dev/vd${device.slice(-1)}`, signal);
    return await untilStatus(site, id, 'in-use', signal);
  } catch (error) {
    if (id !== undefined) await removeVolume(site, id, AbortSignal.timeout(CHANGE_TIMEOUT_MS)).catch(() => {});
    signal.throwIfAborted();
    throw new ImError('provider', `Error creating or attaching the Volume: ${messageOf(error)}`, { cause: error });
  }
}

/** In the zone of the server, unless the volume service knows no such zone. */
async function createVolume(
  site: Site,
  body: Readonly<Record<string, unknown>>,
  zone: string,
  signal: AbortSignal,
): Promise<VolumeView> {
  try {
    return await site.cinder.createVolume({ ...body, ...(zone !== '' && { availability_zone: zone }) }, signal);
  } catch (error) {
    if (zone === '' || statusOf(error) !== 400 || !messageOf(error).includes('vailability zone')) throw error;
    return site.cinder.createVolume(body, signal);
  }
}

async function untilStatus(site: Site, id: string, status: string, signal: AbortSignal): Promise<VolumeView> {
  return poll(
    { timeoutMs: CHANGE_TIMEOUT_MS, intervalMs: CHANGE_INTERVAL_MS, what: `volume ${id} to be ${status}`, signal },
    async () => {
      const volume = await site.cinder.volume(id, signal);
      if (volume === undefined) throw new ImError('provider', `the volume ${id} is gone`);
      if (volume.status.startsWith('error'))
        throw new ImError('provider', `the volume ${id} is in state ${volume.status}`);
      return volume.status === status ? volume : undefined;
    },
  );
}

/** Deletes a volume when it is free. */
export async function removeVolume(site: Site, id: string, signal: AbortSignal): Promise<void> {
  let status = '';
  const isGone = async (): Promise<true | undefined> => {
    const volume = await site.cinder.volume(id, signal);
    if (volume === undefined) return true;
    if ((volume.status === 'available' || volume.status.startsWith('error')) && volume.status !== status) {
      await site.cinder.deleteVolume(id, signal);
    }
    status = volume.status;
    return undefined;
  };
  await poll(
    { timeoutMs: CHANGE_TIMEOUT_MS, intervalMs: CHANGE_INTERVAL_MS, what: `volume ${id} to be gone`, signal },
    isGone,
  );
}

/** Id of a registered volume when it exists. */
export async function findVolume(site: Site, resource: Resource, signal: AbortSignal): Promise<string | undefined> {
  const { infrastructureId, vmNumber, token } = resource;
  return (await namedVolumes(site, infrastructureId, vmNumber ?? -1, token, signal))[0]?.id;
}

async function namedVolumes(
  site: Site,
  infrastructureId: string,
  vmNumber: number,
  name: string,
  signal: AbortSignal,
): Promise<readonly VolumeView[]> {
  const volumes = await site.cinder.volumes(volumeMetadata(infrastructureId, vmNumber), signal);
  return volumes.filter((volume) => volume.name === name);
}

/**
 * Writes the volumes of a server on its document: the boot volume first when the system has one, then the data disks in the order of their devices.
 */
export function writeVolumes(site: Site, features: Features, attached: readonly VolumeView[]): void {
  const ordered = [...attached].sort((left, right) => left.device.localeCompare(right.device));
  const isBooted =
    features.has('disk.0.size') || /:\/\/[^/]*\/volumes?\//.test(features.getTexts('disk.0.image.url')[0] ?? '');
  for (const [position, volume] of ordered.entries()) {
    const disk = isBooted ? position : position + 1;
    const size = features.getNumber(`disk.${disk}.size`, 'G');
    if (size !== undefined && Math.max(1, Math.ceil(size)) !== volume.sizeGb) {
      site.environment.logger.warn(
        `disk.${disk} asks for ${size} GB and volume ${volume.id} has ${volume.sizeGb}: it is not described.`,
      );
      continue;
    }
    if (size === undefined) features.setInteger(`disk.${disk}.size`, volume.sizeGb, 'G');
    if (disk > 0) features.setText(`disk.${disk}.image.url`, imageUrl(site.cloud, volume.id));
    const device = volume.device.slice(volume.device.lastIndexOf('/') + 1);
    if (device !== '') features.setText(`disk.${disk}.device`, device);
    if (volume.type !== '') features.setText(`disk.${disk}.type`, volume.type);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
