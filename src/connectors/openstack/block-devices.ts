// SPDX-License-Identifier: Apache-2.0
// Disks of the RADL as the block devices of a new server (openstack.md §3.4).
import { ImError } from '../../domain/index.js';
import { dataDisks, type System } from '../../radl/index.js';
import { parseImageUrl } from '../shared/image-candidates.js';
import { type BootSource, bootSource, lastPart, resolveImage } from './image-url.js';
import type { Site } from './site.js';

/** What a server boots from, and its disks. */
export interface Disks {
  /** Empty for a server that boots from a volume. */
  readonly imageRef: string;
  readonly blockDevices: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Looks up what the disks name.
 * @throws ImError `provider` when the image or a volume does not exist
 */
export async function planDisks(site: Site, system: System, signal: AbortSignal): Promise<Disks> {
  const { features } = system;
  const url = features.getTexts('disk.0.image.url')[0] ?? '';
  const source = await resolveImage(site, parseImageUrl(url));
  await checkSource(site, source, signal);
  const takesType = await site.nova.takesVolumeType(signal);
  const volumeType = (disk: number): Readonly<Record<string, string>> => {
    const type = features.getText(`disk.${disk}.type`) ?? '';
    if (type === '' || type === 'ephemeral') return {};
    if (!takesType) {
      site.environment.logger.warn(
        `The compute service is too old to choose a volume type: disk ${disk} is not '${type}'.`,
      );
      return {};
    }
    return { volume_type: type };
  };

  const devices: Readonly<Record<string, unknown>>[] = [];
  const bootSize = gigabytes(system, 0);
  const boot = { boot_index: 0, uuid: source.id };
  if (source.kind === 'volume') {
    devices.push({ ...boot, source_type: 'volume', destination_type: 'volume', delete_on_termination: false });
  } else if (bootSize !== undefined) {
    devices.push({
      ...boot,
      source_type: 'image',
      destination_type: 'volume',
      volume_size: bootSize,
      delete_on_termination: true,
      ...volumeType(0),
    });
  } else {
    devices.push({ ...boot, source_type: 'image', destination_type: 'local', delete_on_termination: true });
  }
  for (const disk of dataDisks(system)) {
    const device = features.getText(`disk.${disk}.device`) ?? '';
    const common = { boot_index: -1, ...(device !== '' && { device_name: `vd${device.slice(-1)}` }) };
    const volume = features.getTexts(`disk.${disk}.image.url`)[0] ?? '';
    if (volume !== '') {
      const id = await volumeId(site, volume, signal);
      devices.push({
        ...common,
        source_type: 'volume',
        destination_type: 'volume',
        uuid: id,
        delete_on_termination: false,
      });
      continue;
    }
    devices.push({
      ...common,
      source_type: 'blank',
      guest_format: features.getText(`disk.${disk}.fstype`) || 'ext3',
      destination_type: features.getText(`disk.${disk}.type`) === 'ephemeral' ? 'local' : 'volume',
      volume_size: gigabytes(system, disk),
      delete_on_termination: true,
      ...volumeType(disk),
    });
  }
  return { imageRef: source.kind === 'image' ? source.id : '', blockDevices: devices };
}

/** Whole gigabytes, at least one; undefined when the disk has no size. */
export function gigabytes(system: System, disk: number): number | undefined {
  const size = system.features.getNumber(`disk.${disk}.size`, 'G');
  return size === undefined ? undefined : Math.max(1, Math.ceil(size));
}

async function checkSource(site: Site, source: BootSource, signal: AbortSignal): Promise<void> {
  if (source.kind === 'volume') {
    if ((await site.cinder.volume(source.id, signal)) === undefined) {
      throw new ImError('provider', `Incorrect OpenStack volume id. Volume ${source.id} not found.`);
    }
  } else if ((await site.glance.image(source.id, signal)) === undefined) {
    throw new ImError('provider', `404 Not Found: there is no image ${source.id} in ${site.cloud.id}.`);
  }
}

/** A volume of the user, given by URL or id. */
async function volumeId(site: Site, url: string, signal: AbortSignal): Promise<string> {
  const id = bootSource(parseImageUrl(url))?.id ?? lastPart(url);
  if ((await site.cinder.volume(id, signal)) === undefined) {
    throw new ImError('provider', `Volume ${id} not found. (${url})`);
  }
  return id;
}
