// SPDX-License-Identifier: Apache-2.0
// Adding a feature to a group: intersection, conflict and missing modes (spec radl 5.2-5.4).
import { RadlError } from './error.js';
import type { ContainsFeature, FeatureList, FeatureOf, NumberFeature, SimpleFeature, TextFeature } from './feature.js';
import { isNumberFeature, isTextFeature } from './feature.js';
import { featureText } from './feature-text.js';
import { baseValue, type Interval, intersect, intervalOf } from './interval.js';
import { type Slot, type SlotKey, SOFT_SLOT, slotFeatures } from './slot.js';
import { sameText } from './value.js';

/** What wins when the stored and the new feature contradict each other. */
export type ConflictMode = 'error' | 'ignore' | 'me' | 'other';

/** What happens to a feature whose property the group does not have. */
export type MissingMode = 'error' | 'ignore' | 'me' | 'other';

/** Both modes of an addition. */
export interface AddModes {
  readonly conflict: ConflictMode;
  readonly missing: MissingMode;
}

/** Takes back what was done, newest first; so that additions are all or nothing without copying whole groups. */
export type UndoList = (() => void)[];

/** What this rule needs of a group of features. */
export interface SlotGroup<Group extends FeatureList> extends FeatureList {
  slot(key: SlotKey): Slot<Group> | undefined;
  putSlot(key: SlotKey, slot: Slot<Group>): void;
  deleteSlot(key: SlotKey): void;
  features(): readonly FeatureOf<Group>[];
}

/**
 * Adds one feature to the group; nothing changes when it fails. The group takes over groups inside the feature.
 *
 * @throws RadlError on a conflict, a missing property with `missing: 'error'`, or a `contains` whose name is no scalar.
 */
export function addFeature<Group extends SlotGroup<Group>>(
  group: SlotGroup<Group>,
  feature: FeatureOf<Group>,
  modes: AddModes,
  undo: UndoList = [],
): void {
  const key = feature.kind === 'soft' ? SOFT_SLOT : feature.property;
  const stored = group.slot(key);
  if (stored === undefined) {
    if (modes.missing === 'error') throw new RadlError('Property has not set.');
    if (modes.missing !== 'other') return;
    group.putSlot(key, firstSlot(feature));
    undo.push(() => group.deleteSlot(key));
    return;
  }
  const merged = mergeSlot(stored, feature, modes, undo);
  if (merged === stored) return;
  group.putSlot(key, merged);
  undo.push(() => group.putSlot(key, stored));
}

/**
 * Adds features one by one, all or nothing.
 *
 * @throws RadlError as `addFeature`; the group is then as before
 */
export function addFeatures<Group extends SlotGroup<Group>>(
  group: SlotGroup<Group>,
  features: readonly FeatureOf<Group>[],
  modes: AddModes,
  undo: UndoList = [],
): void {
  const done = undo.length;
  try {
    for (const feature of features) addFeature(group, feature, modes, undo);
  } catch (error) {
    for (const step of undo.splice(done).reverse()) step();
    throw error;
  }
}

/** The slot that holds just this feature. */
export function firstSlot<Group extends SlotGroup<Group>>(feature: FeatureOf<Group>): Slot<Group> {
  switch (feature.kind) {
    case 'soft':
      return { kind: 'soft', softs: [feature] };
    case 'contains':
      return { kind: 'contains', items: new Map([[containedKey(feature), feature]]) };
    case 'simple':
      if (isNumberFeature(feature)) return { kind: 'number', interval: intervalOf(feature) };
      if (isTextFeature(feature)) return { kind: 'text', feature };
      throw new TypeError(`A feature holds neither number nor text: ${feature.property}`);
  }
}

function mergeSlot<Group extends SlotGroup<Group>>(
  stored: Slot<Group>,
  feature: FeatureOf<Group>,
  modes: AddModes,
  undo: UndoList,
): Slot<Group> {
  // Slots belong to one group alone (clones copy them), so lists grow in place, in constant time per feature.
  if (feature.kind === 'soft') {
    if (stored.kind !== 'soft') return stored;
    stored.softs.push(feature);
    undo.push(() => stored.softs.pop());
    return stored;
  }
  if (feature.kind === 'contains') {
    if (stored.kind !== 'contains') return conflict(stored, feature, modes);
    mergeContained(stored, feature, modes, undo);
    return stored;
  }
  if (stored.kind === 'number' && isNumberFeature(feature)) return mergeNumber(stored, feature, modes);
  if (stored.kind === 'text' && isTextFeature(feature)) return mergeText(stored, feature, modes);
  return conflict(stored, feature, modes);
}

type NumberSlot = Extract<Slot<never>, { kind: 'number' }>;
type TextSlot = Extract<Slot<never>, { kind: 'text' }>;
type ContainsSlot<Group> = Extract<Slot<Group>, { kind: 'contains' }>;

function mergeNumber(stored: NumberSlot, feature: NumberFeature, modes: AddModes): NumberSlot {
  const added = intervalOf(feature);
  const merged = intersect(stored.interval, added);
  if (merged !== undefined) return { kind: 'number', interval: merged };
  if (modes.conflict === 'other') return { kind: 'number', interval: added };
  if (modes.conflict !== 'error') return stored;
  throw disjoint(stored.interval, feature);
}

function disjoint(stored: Interval, feature: NumberFeature): RadlError {
  const bounds = [stored.lower, stored.upper].map((bound) => (bound === undefined ? 'None' : featureText(bound)));
  return new RadlError(`Disjoint intervals!. Involved features: [${bounds.map((text) => `'${text}'`).join(', ')}]`, {
    ...place(feature),
    found: featureText(feature),
    hint: `no value of '${feature.property}' satisfies both; drop or change one of the features`,
  });
}

function mergeText(stored: TextSlot, feature: TextFeature, modes: AddModes): TextSlot {
  if (modes.conflict === 'other') return { kind: 'text', feature };
  if (modes.conflict !== 'error' || sameText(stored.feature.value, feature.value)) return stored;
  throw textConflict([stored.feature], feature);
}

function mergeContained<Group extends SlotGroup<Group>>(
  stored: ContainsSlot<Group>,
  feature: ContainsFeature<Group>,
  modes: AddModes,
  undo: UndoList,
): void {
  const key = containedKey(feature);
  const existing = stored.items.get(key);
  if (existing === undefined) {
    stored.items.set(key, feature);
    undo.push(() => stored.items.delete(key));
    return;
  }
  addFeatures(existing.group, feature.group.features(), modes, undo);
}

function conflict<Group extends SlotGroup<Group>>(
  stored: Slot<Group>,
  feature: SimpleFeature | ContainsFeature<Group>,
  modes: AddModes,
): Slot<Group> {
  if (modes.conflict === 'other') return firstSlot<Group>(feature);
  if (modes.conflict !== 'error') return stored;
  throw textConflict(slotFeatures(stored), feature);
}

function textConflict(stored: readonly FeatureOf<FeatureList>[], feature: FeatureOf<FeatureList>): RadlError {
  const old = shortened(stored.slice(0, LONGEST_QUOTE).map(featureText).join(' and '));
  const text = `Conflict adding \`${shortened(featureText(feature))}\` because \`${old}\` is already set and conflict is error`;
  return new RadlError(text, { ...place(feature), hint: 'keep one of the two features' });
}

const LONGEST_QUOTE = 2000;

function shortened(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
}

function place(feature: FeatureOf<unknown>): { line?: number; column?: number } {
  return {
    ...(feature.line !== undefined && { line: feature.line }),
    ...(feature.column !== undefined && { column: feature.column }),
  };
}

/**
 * The key of a contained group: the value of its `name`. A missing name has a key of its own; numbers are keyed by value
 * (5 and 5.0 are one key); number 5, text `'5'` and the empty text are different keys.
 */
export function containedKey<Group extends SlotGroup<Group>>(feature: ContainsFeature<Group>): string {
  const slot = feature.group.slot('name');
  if (slot === undefined) return '';
  const name = slot.kind === 'number' ? (slot.interval.lower ?? slot.interval.upper) : firstText(slot);
  if (name === undefined || typeof name.value === 'object') {
    throw new RadlError("Invalid value in property 'name'", {
      ...place(name?.line === undefined ? feature : name),
      hint: 'the name of a contained group is one text',
    });
  }
  if (!isNumberFeature(name)) return `t${name.value}`;
  const value = baseValue(name);
  return `n${typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value}`;
}

function firstText<Group>(slot: Slot<Group>): SimpleFeature | undefined {
  return slot.kind === 'text' ? slot.feature : undefined;
}
