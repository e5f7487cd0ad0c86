// SPDX-License-Identifier: Apache-2.0
// Number features as intervals, and the intersection of two of them (spec radl 5.2).
import type { NumberFeature } from './feature.js';
import { convertNumber } from './units.js';
import { sameNumber, toNumber } from './value.js';

/** Bounds of one property; a missing bound is open. Strict and non-strict bounds are treated alike. */
export interface Interval {
  readonly lower?: NumberFeature;
  readonly upper?: NumberFeature;
}

/** The interval a feature alone stands for: `=` fills both bounds, `>` and `>=` the lower, `<` and `<=` the upper. */
export function intervalOf(feature: NumberFeature): Interval {
  switch (feature.operator) {
    case '=':
      return { lower: feature, upper: feature };
    case '>':
    case '>=':
      return { lower: feature };
    case '<':
    case '<=':
      return { upper: feature };
  }
}

/** The value of a number feature in base units. */
export function baseValue(feature: NumberFeature): bigint | number {
  return convertNumber(toNumber(feature.value), feature.unit);
}

function atMost(left: NumberFeature, right: NumberFeature): boolean {
  return baseValue(left) <= baseValue(right);
}

function interval(lower: NumberFeature | undefined, upper: NumberFeature | undefined): Interval {
  return { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) };
}

/**
 * The intersection of a stored interval with a new one, or undefined when they are disjoint. The rows of the table of
 * spec radl 5.2 are tried in order; their asymmetries (ties keep the later feature) are visible in the text form.
 */
export function intersect(stored: Interval, added: Interval): Interval | undefined {
  const { lower: a, upper: b } = stored;
  const { lower: c, upper: d } = added;
  const newUpperIsOutside = d === undefined || (b !== undefined && atMost(b, d));
  const lowerMovesUp = a === undefined || (c !== undefined && atMost(a, c));
  const newLowerFits = b === undefined || c === undefined || atMost(c, b);
  if (lowerMovesUp && newLowerFits) return newUpperIsOutside ? interval(c, b) : added;
  const lowerStays = a === undefined ? c === undefined : c === undefined || atMost(c, a);
  const newUpperFits = d === undefined || a === undefined || atMost(a, d);
  if (lowerStays && newUpperFits) return newUpperIsOutside ? stored : interval(a, d);
  return undefined;
}

/** Whether both bounds exist and have the same value. */
export function isExact(bounds: Interval): bounds is Required<Interval> {
  const { lower, upper } = bounds;
  if (lower === undefined || upper === undefined) return false;
  return lower === upper || sameNumber(baseValue(lower), baseValue(upper));
}

/** The interval as features: lower then upper bound, one when both are `=` with equal values. */
export function intervalFeatures(bounds: Interval): NumberFeature[] {
  const { lower, upper } = bounds;
  if (isExact(bounds) && bounds.lower.operator === '=' && bounds.upper.operator === '=') return [bounds.lower];
  return [lower, upper].filter((bound) => bound !== undefined);
}
