// SPDX-License-Identifier: Apache-2.0
// Looks for an image when the user named none: the first match of each cloud (core.md §7).
import { badRequest, errorText } from '../domain/index.js';
import { createSystem, Features, type System } from '../radl/index.js';
import { type CloudOption, isUsable } from './cloud-option.js';

/**
 * Partial systems (an image URL each) that clouds offer for a system without image.
 * Empty when none is needed, because a cloud takes existing machines.
 * @throws ImError `bad-request` `No VMI obtained from Sites to system ...` when no cloud has an image
 */
export async function searchImages(
  system: System,
  clouds: readonly CloudOption[],
  signal: AbortSignal,
): Promise<readonly System[]> {
  const filters: Record<string, string> = {};
  const flavour = system.features.getText('disk.0.os.flavour');
  const version = system.features.getText('disk.0.os.version');
  if (flavour !== undefined) {
    filters.distribution = flavour;
  }
  if (version !== undefined) {
    filters.version = version;
  }
  const usable = clouds.filter(isUsable);
  const answers = await Promise.all(
    usable.map(async ({ cloud, connector }) => {
      if (connector.listImages === undefined) {
        return { cloud, failure: 'Should have implemented this' };
      }
      try {
        const images = await connector.listImages(filters, signal);
        return { cloud, url: images[0]?.uri };
      } catch (error) {
        return { cloud, failure: errorText(error) };
      }
    }),
  );
  const urls = answers.flatMap(({ url }) => (url === undefined ? [] : [url]));
  if (urls.length > 0) {
    return urls.map((url) => imageSystem(system.name, url));
  }
  if (usable.some(({ connector }) => connector.capabilities.has('existing-hosts'))) {
    return [];
  }
  const messages = answers
    .filter(({ failure }) => failure !== undefined)
    .map(({ cloud, failure }) => `Error getting images from cloud: ${cloud.id} (${failure})\n`)
    .join('');
  throw badRequest(`No VMI obtained from Sites to system '${system.name}'${messages === '' ? '' : `: ${messages}`}`);
}

function imageSystem(name: string, url: string): System {
  const features = new Features();
  features.setText('disk.0.image.url', url);
  return createSystem(name, features);
}
