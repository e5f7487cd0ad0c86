// SPDX-License-Identifier: Apache-2.0
// Volumes attached to a machine (spec tosca 8.6).
import type { Features } from '../radl/index.js';
import { relationshipsOf } from './graph.js';
import { pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import { sizeInBytes } from './scalar-unit.js';
import type { NodeTemplate, Relationship } from './template.js';
import { evaluateIn, propertyOf, type Translation } from './translation.js';
import { isTruthy, type Value } from './value.js';

/** Adds disks 1, 2, ... for the volumes in order of the relationships. @throws ToscaError for unreadable sizes */
export function addDisks(translation: Translation, node: NodeTemplate, features: Features): void {
  let count = 0;
  for (const relationship of relationshipsOf(translation.template, node)) {
    if (!relationship.baseType.endsWith('AttachesTo') || !relationship.target.type.endsWith('.BlockStorage')) continue;
    if (addDisk(translation, relationship, features, count + 1)) count += 1;
  }
}

function addDisk(translation: Translation, relationship: Relationship, features: Features, number: number): boolean {
  const { target } = relationship;
  const ofVolume = (name: string): Value => propertyOf(translation, target, name);
  const ofAttachment = (name: string): Value => {
    const value = relationship.properties.get(name);
    return value === undefined ? null : evaluateIn(translation, relationship, value);
  };
  const size = sizeInBytes(ofVolume('size'));
  const volume = ofVolume('volume_id');
  if (Number(size) === 0 && !isTruthy(volume) && !isTruthy(ofVolume('snapshot_id'))) return false;
  const disk = `disk.${number}`;
  if (isTruthy(volume)) {
    put(features, `${disk}.image.url`, pythonText(volume));
  } else {
    const type = ofVolume('type');
    if (isTruthy(type)) put(features, `${disk}.type`, pythonText(type));
    put(features, `${disk}.size`, size, '=', 'B');
  }
  const device = ofAttachment('device');
  if (isTruthy(device)) put(features, `${disk}.device`, pythonText(device));
  const location = ofAttachment('location');
  if (isTruthy(location)) {
    const fileSystem = ofAttachment('fs_type');
    put(features, `${disk}.mount_path`, pythonText(location));
    put(features, `${disk}.fstype`, isTruthy(fileSystem) ? pythonText(fileSystem) : 'ext4');
  }
  return true;
}
