// SPDX-License-Identifier: Apache-2.0
// The three kinds of features (simple, contains, soft) as plain data; `Group` stands for the class of feature groups.
import type { Comparator, RadlNumeric, RadlValue } from './value.js';

/** Where a feature stands in its document; absent for features that were not read from text. */
export interface Place {
  readonly line?: number;
  readonly column?: number;
}

/** `PROPERTY OPERATOR VALUE UNIT`, e.g. `memory.size >= 512M`. */
export interface SimpleFeature<Value extends RadlValue = RadlValue> extends Place {
  readonly kind: 'simple';
  readonly property: string;
  readonly operator: Comparator;
  readonly value: Value;
  /** As written, without blank; empty when there is none. */
  readonly unit: string;
}

/** A simple feature whose value takes part in intervals. */
export type NumberFeature = SimpleFeature<RadlNumeric>;

/** A simple feature that holds a text or a list of texts. */
export type TextFeature = SimpleFeature<string | readonly string[]>;

/** `PROPERTY contains (GROUP)`, e.g. an application. */
export interface ContainsFeature<Group> extends Place {
  readonly kind: 'contains';
  readonly property: string;
  readonly group: Group;
}

/** `soft WEIGHT (GROUP)`: a preference. */
export interface SoftFeature<Group> extends Place {
  readonly kind: 'soft';
  readonly weight: bigint | number;
  readonly group: Group;
}

/** Any feature of a group. */
export type FeatureOf<Group> = SimpleFeature | ContainsFeature<Group> | SoftFeature<Group>;

/** What the printer needs of a group: its features in order. */
export interface FeatureList {
  features(): readonly FeatureOf<FeatureList>[];
}

/** Whether the feature is a number feature. */
export function isNumberFeature(feature: SimpleFeature): feature is NumberFeature {
  return typeof feature.value !== 'string' && typeof feature.value !== 'object';
}

/** Whether the feature holds a text or a list. */
export function isTextFeature(feature: SimpleFeature): feature is TextFeature {
  return typeof feature.value === 'string' || typeof feature.value === 'object';
}

/** A simple feature; without a place when it was not read from text. */
export function simpleFeature<Value extends RadlValue>(
  property: string,
  operator: Comparator,
  value: Value,
  unit = '',
  place?: Required<Place>,
): SimpleFeature<Value> {
  if (place === undefined) return { kind: 'simple', property, operator, value, unit };
  return { kind: 'simple', property, operator, value, unit, line: place.line, column: place.column };
}
