// SPDX-License-Identifier: Apache-2.0
// In single-site mode every requested boot image is taken from the one site (configuration.md §4).
import type { Radl } from '../radl/index.js';
import type { ManagerEnvironment } from './environment.js';

/** The document with its image URLs moved to the single site; the same document when that mode is off. */
export function withSiteImages({ settings }: Pick<ManagerEnvironment, 'settings'>, document: Radl): Radl {
  const { imageUrlOnSite } = settings;
  if (imageUrlOnSite === undefined) {
    return document;
  }
  const moved = document.clone();
  for (const { features } of moved.systems) {
    const urls = features.getTexts('disk.0.image.url');
    const [first, ...others] = urls.map(imageUrlOnSite);
    if (first !== undefined) {
      features.setText('disk.0.image.url', others.length === 0 ? first : [first, ...others]);
    }
  }
  return moved;
}
