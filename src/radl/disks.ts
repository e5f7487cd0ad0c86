// SPDX-License-Identifier: Apache-2.0
// The data disks of a system: `disk.N.*` from 1 on; `disk.0` is the boot disk (spec radl 12.2).
import type { System } from './aspects.js';

/** Options of the walk over disks. */
export interface DiskWalk {
  /** Also count disks that only have `disk.N.content` (Kubernetes). */
  readonly alsoContent?: boolean;
}

/** Indices of the data disks: from 1 while the disk has a size or an image; the walk stops at the first gap. */
export function dataDisks(system: System, { alsoContent = false }: DiskWalk = {}): number[] {
  const properties = alsoContent ? ['size', 'image.url', 'content'] : ['size', 'image.url'];
  const indices: number[] = [];
  for (let index = 1; properties.some((property) => isSet(system, `disk.${index}.${property}`)); index++) {
    indices.push(index);
  }
  return indices;
}

function isSet({ features }: System, property: string): boolean {
  const value = features.getValue(property);
  return typeof value === 'object' ? value.length > 0 : Boolean(value);
}
