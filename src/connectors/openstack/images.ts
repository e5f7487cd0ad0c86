// SPDX-License-Identifier: Apache-2.0
// Images of the cloud, and images made of machines (openstack.md §5).
import { badRequest, errorText, ImError } from '../../domain/index.js';
import type { CloudImage, VmReference } from '../connector.js';
import { parseImageUrl } from '../shared/image-candidates.js';
import { statusOf } from './errors.js';
import { imageRefusal, imageUrl, lastPart } from './image-url.js';
import { existing } from './power.js';
import type { Site } from './site.js';
import type { ImageView } from './views.js';

/** Active images. Filters: `distribution` and `version` of the operating system. */
export async function listImages(
  site: Site,
  filters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly CloudImage[]> {
  const { distribution = '', version = '' } = filters;
  return (await site.glance.images(signal))
    .filter((image) => image.status === 'active' && isOf(image, distribution, version))
    .map(({ id, name }) => ({ uri: imageUrl(site.cloud, id), name }));
}

function isOf(image: ImageView, distribution: string, version: string): boolean {
  const name = image.name.toLowerCase();
  const wanted = distribution.toLowerCase();
  const isDistribution =
    wanted === '' || (image.distribution === '' ? name.includes(wanted) : image.distribution.toLowerCase() === wanted);
  const isVersion =
    version === '' || (image.version === '' ? name.includes(version.toLowerCase()) : isPrefix(version, image.version));
  return isDistribution && isVersion;
}

/** `22` is a version like `22.04`. */
function isPrefix(wanted: string, version: string): boolean {
  const parts = version.split('.');
  return wanted.split('.').every((part, index) => parts[index] === part);
}

/** Makes an image of a machine. It is usable once its state is active, which may take minutes. */
export async function snapshot(site: Site, vm: VmReference, imageName: string, signal: AbortSignal): Promise<string> {
  await existing(site, vm, signal);
  let id = '';
  try {
    const answer = await site.nova.action(vm.providerId, { createImage: { name: imageName } }, signal);
    id = lastPart(answer.headers.get('location') ?? '') || imageIdOf(answer.body);
    if (id === '') throw new ImError('provider', 'the compute service did not say which image it makes');
    const image = await site.glance.image(id, signal);
    if (image === undefined) throw new ImError('provider', `the image ${id} is not to be found`);
  } catch (error) {
    signal.throwIfAborted();
    throw new ImError('provider', `Error creating image: ${errorText(error)}.`, { cause: error });
  }
  return imageUrl(site.cloud, id);
}

/** Since microversion 2.45 the id stands in the body. */
function imageIdOf(body: Buffer): string {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && 'image_id' in parsed ? String(parsed.image_id) : '';
  } catch {
    return '';
  }
}

/** Deletes an image, with the volume snapshots that it stands for. "Already gone" is success. */
export async function deleteImage(site: Site, url: string, signal: AbortSignal): Promise<void> {
  const parsed = parseImageUrl(url);
  const refusal = imageRefusal(site.cloud, parsed);
  if (refusal !== undefined) throw badRequest(`Error deleting image ${url}: ${refusal}`);
  const id = lastPart(parsed.path);
  let image: ImageView | undefined;
  try {
    image = await site.glance.image(id, signal);
  } catch (error) {
    throw new ImError('provider', `Error getting image ${id}: ${errorText(error)}`, { cause: error });
  }
  if (image === undefined) return;
  try {
    await site.glance.deleteImage(id, signal);
    for (const snapshotId of image.snapshotIds) await site.cinder.deleteSnapshot(snapshotId, signal);
  } catch (error) {
    signal.throwIfAborted();
    const hint = statusOf(error) === 403 ? ' (protected images and those of other projects cannot be deleted)' : '';
    throw new ImError('provider', `Error deleting image.: ${errorText(error)}${hint}`, { cause: error });
  }
}
