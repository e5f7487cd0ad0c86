// SPDX-License-Identifier: Apache-2.0
// How a group stores the features of one property: number interval, text, contained groups or soft groups (spec radl 5.1).
import type { ContainsFeature, FeatureOf, SoftFeature, TextFeature } from './feature.js';
import { type Interval, intervalFeatures } from './interval.js';

/** The place of the soft groups, which have no property name; no property can collide with it. */
export const SOFT_SLOT: unique symbol = Symbol('soft');

/** Key of a slot: a property name, or the common place of all soft groups. */
export type SlotKey = string | typeof SOFT_SLOT;

/** What is stored for one property. */
export type Slot<Group> =
  | { readonly kind: 'number'; readonly interval: Interval }
  | { readonly kind: 'text'; readonly feature: TextFeature }
  /** Keyed by the value of the inner `name`, see `containedKey`. */
  | { readonly kind: 'contains'; readonly items: Map<string, ContainsFeature<Group>> }
  | { readonly kind: 'soft'; readonly softs: SoftFeature<Group>[] };

/** The features a slot stands for, in order. */
export function slotFeatures<Group>(slot: Slot<Group>): readonly FeatureOf<Group>[] {
  switch (slot.kind) {
    case 'number':
      return intervalFeatures(slot.interval);
    case 'text':
      return [slot.feature];
    case 'contains':
      return [...slot.items.values()];
    case 'soft':
      return slot.softs;
  }
}

/** A copy that shares no group with the original; simple features are values and stay shared. */
export function cloneSlot<Group>(slot: Slot<Group>, cloneGroup: (group: Group) => Group): Slot<Group> {
  switch (slot.kind) {
    case 'number':
    case 'text':
      return slot;
    case 'contains': {
      const items = new Map<string, ContainsFeature<Group>>();
      for (const [key, item] of slot.items) items.set(key, { ...item, group: cloneGroup(item.group) });
      return { kind: 'contains', items };
    }
    case 'soft':
      return { kind: 'soft', softs: slot.softs.map((soft) => ({ ...soft, group: cloneGroup(soft.group) })) };
  }
}
