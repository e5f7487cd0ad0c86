// SPDX-License-Identifier: Apache-2.0
// A group of features: what stands between the parentheses of a network, system, soft or contains (spec radl 5, 6).
import { type AddModes, addFeature, addFeatures, firstSlot } from './add-feature.js';
import type { FeatureOf, SimpleFeature, SoftFeature } from './feature.js';
import { simpleFeature } from './feature.js';
import { type Interval, intervalOf } from './interval.js';
import { cloneSlot, type Slot, type SlotKey, SOFT_SLOT, slotFeatures } from './slot.js';
import { convertNumber } from './units.js';
import { isNumeric, type RadlNumeric, type RadlValue, toNumber } from './value.js';

/** A feature of a group. */
export type Feature = FeatureOf<Features>;

/**
 * A mutable group of features in insertion order: one slot per property name (any text, also `__proto__`), plus one for
 * all soft groups. Clone it before changing a group that others may hold.
 */
export class Features {
  readonly #slots = new Map<SlotKey, Slot<Features>>();

  /** An empty group. */
  static of(): Features {
    return new Features();
  }

  /** A deep copy; simple features are immutable and stay shared. */
  clone(): Features {
    const copy = new Features();
    copy.#take(this);
    return copy;
  }

  #take(other: Features): void {
    this.#slots.clear();
    for (const [key, slot] of other.#slots)
      this.#slots.set(
        key,
        cloneSlot(slot, (group) => group.clone()),
      );
  }

  /** Whether there is no feature at all. */
  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** Whether the property is set; with `inSofts` also when only a soft group sets it. */
  has(property: string, inSofts = false): boolean {
    if (this.#slots.has(property)) return true;
    return inSofts && this.softs().some((soft) => soft.features.has(property, true));
  }

  /** Property names in order, without soft groups. */
  names(): string[] {
    return [...this.#slots.keys()].filter((key) => typeof key === 'string');
  }

  /** All features in order, an interval as one or two features. */
  features(): readonly Feature[] {
    return [...this.#slots.values()].flatMap((slot) => slotFeatures(slot));
  }

  /** What is stored under a key; for the forms that must keep everything. */
  slot(key: SlotKey): Slot<Features> | undefined {
    return this.#slots.get(key);
  }

  /** All keys and slots in order. */
  slots(): IterableIterator<[SlotKey, Slot<Features>]> {
    return this.#slots.entries();
  }

  /** Stores a slot as it is, at the position of the property or at the end. */
  putSlot(key: SlotKey, slot: Slot<Features>): void {
    this.#slots.set(key, slot);
  }

  /** The single feature of a property: the lower bound if any, else the upper; undefined for groups and absent ones. */
  feature(property: string): SimpleFeature | undefined {
    const slot = this.#slots.get(property);
    if (slot?.kind === 'text') return slot.feature;
    return slot?.kind === 'number' ? (slot.interval.lower ?? slot.interval.upper) : undefined;
  }

  /**
   * The value of a property: a number is its lower bound if any, else its upper bound, in base units (bytes) or in `unit`;
   * a text or list is itself. Undefined for `contains`, soft and absent properties (spec radl 6).
   */
  getValue(property: string, unit?: string): RadlValue | undefined {
    const feature = this.feature(property);
    if (feature === undefined || !isNumeric(feature.value)) return feature?.value;
    if (typeof feature.value === 'boolean') return feature.value;
    return convertNumber(feature.value, feature.unit, unit);
  }

  /** The value when it is a text. */
  getText(property: string): string | undefined {
    const value = this.feature(property)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  /** The texts of a property: one text, all of a list, none otherwise. */
  getTexts(property: string): readonly string[] {
    const value = this.feature(property)?.value;
    if (typeof value === 'string') return [value];
    return typeof value === 'object' ? value : [];
  }

  /** The value when it is a number, as a JavaScript number in base units or in `unit`. */
  getNumber(property: string, unit?: string): number | undefined {
    const value = this.getValue(property, unit);
    return value !== undefined && isNumeric(value) ? Number(toNumber(value)) : undefined;
  }

  /** Both bounds of a number property. */
  getInterval(property: string): Interval | undefined {
    const slot = this.#slots.get(property);
    return slot?.kind === 'number' ? slot.interval : undefined;
  }

  /** The `contains` groups of a property by their name (`''` when unnamed), in order. See `contained` for a lossless list. */
  getContained(property: string): ReadonlyMap<string, Features> {
    return new Map(this.contained(property).map((group) => [groupName(group), group]));
  }

  /** All `contains` groups of a property, in order. */
  contained(property: string): readonly Features[] {
    const slot = this.#slots.get(property);
    return slot?.kind === 'contains' ? [...slot.items.values()].map((item) => item.group) : [];
  }

  /** All soft groups in order. */
  softs(): readonly { readonly weight: bigint | number; readonly features: Features }[] {
    return this.#softFeatures().map((soft) => ({ weight: soft.weight, features: soft.group }));
  }

  #softFeatures(): readonly SoftFeature<Features>[] {
    const slot = this.#slots.get(SOFT_SLOT);
    return slot?.kind === 'soft' ? slot.softs : [];
  }

  /** Sets a text or list; a text that was there keeps its operator, anything else becomes one `=` feature in place. */
  setText(property: string, value: string | readonly string[]): void {
    const stored = this.#slots.get(property);
    const feature = stored?.kind === 'text' ? { ...stored.feature, value } : simpleFeature(property, '=', value);
    this.#slots.set(property, { kind: 'text', feature });
  }

  /** Sets one exact integer value. @throws RangeError when the number is not an integer. */
  setInteger(property: string, value: number | bigint, unit = ''): void {
    this.setNumber(property, BigInt(value), unit);
  }

  /** Sets one exact value: a `bigint` is an integer, a `number` a fraction. @throws RangeError when it is not finite. */
  setNumber(property: string, value: bigint | number, unit = ''): void {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new RangeError(`The value of '${property}' is not a finite number`);
    }
    this.setNumeric(property, value, unit);
  }

  /** Sets one exact number or JSON boolean. */
  setNumeric(property: string, value: RadlNumeric, unit = ''): void {
    const interval = intervalOf(simpleFeature(property, '=', value, unit));
    this.#slots.set(property, { kind: 'number', interval });
  }

  /**
   * Appends a `contains` group, or merges it into the stored one of the same name.
   *
   * @throws RadlError on a conflict with what is stored.
   */
  addContained(property: string, item: Features): void {
    this.add({ kind: 'contains', property, group: item });
  }

  /** Removes a property; removing an absent one does nothing. */
  delete(property: string): void {
    this.#slots.delete(property);
  }

  /** Removes what is stored under a key. */
  deleteSlot(key: SlotKey): void {
    this.#slots.delete(key);
  }

  /** Gives a property another name and moves it to the end; what had that name before is gone. */
  rename(property: string, name: string): void {
    const features = this.#slots.get(property);
    if (features === undefined) return;
    this.#slots.delete(property);
    this.#slots.delete(name);
    const group = new Features();
    for (const feature of slotFeatures(features)) {
      group.add(feature.kind === 'soft' ? feature : { ...feature, property: name });
    }
    const renamed = group.#slots.get(name);
    if (renamed !== undefined) this.#slots.set(name, renamed);
  }

  /** Removes all soft groups. */
  deleteSofts(): void {
    this.#slots.delete(SOFT_SLOT);
  }

  /**
   * Adds one feature (spec radl 5.2-5.4). The group takes over groups inside the feature.
   *
   * @throws RadlError on a conflict (default modes: conflict error, missing other).
   */
  add(feature: Feature, modes: Partial<AddModes> = {}): void {
    addFeature<Features>(this, feature, { conflict: 'error', missing: 'other', ...modes });
  }

  /**
   * Adds all features of another group; all or nothing (spec radl 5.4).
   *
   * @throws RadlError on a conflict or a missing property (default modes: both error).
   */
  apply(other: Features, modes: Partial<AddModes> = {}): void {
    addFeatures<Features>(this, other.clone().features(), { conflict: 'error', missing: 'error', ...modes });
  }

  /** Puts each property of `other` in the place of its namesake, without merging values; new ones are appended. */
  override(other: Features): void {
    for (const [key, slot] of other.clone().#slots) this.#slots.set(key, slot);
  }

  /** Stores the feature alone in the slot of its property, whatever was there. */
  replace(feature: Feature): void {
    this.#slots.set(feature.kind === 'soft' ? SOFT_SLOT : feature.property, firstSlot<Features>(feature));
  }

  /** A copy without soft groups. */
  withoutSofts(): Features {
    const copy = this.clone();
    copy.deleteSofts();
    return copy;
  }
}

/** The name of a contained group as text; empty when it has none. */
function groupName(group: Features): string {
  const value = group.getValue('name');
  return value === undefined ? '' : value.toString();
}
