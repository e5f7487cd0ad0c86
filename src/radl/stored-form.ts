// SPDX-License-Identifier: Apache-2.0
// The shape of the stored form, shared by its writer and reader. A change needs a new version and a reader of the old one.
import type { Comparator } from './value.js';

/** Version of the stored form. */
export const STORED_VERSION = 1;

/** A number or text: plain numbers are integers, `f` is a fraction, `i` an integer beyond 2^53. */
export type StoredScalar = number | string | { readonly f: number | '-0' } | { readonly i: string };

/** The value of a simple feature. */
export type StoredValue = StoredScalar | boolean | readonly string[];

/**
 * One slot: `[property, value, unit, operator]` (unit and operator left out when none and `=`), the same with a second bound,
 * `[property, {c: groups}]`, or `[0, soft groups]`.
 */
export type StoredEntry =
  | readonly [string, StoredValue]
  | readonly [string, StoredValue, string]
  | readonly [string, StoredValue, string, Comparator]
  | readonly [string, StoredValue, string, Comparator, StoredValue, string, Comparator]
  | readonly [string, { readonly c: readonly StoredGroup[] }]
  | readonly [0, readonly (readonly [StoredScalar, StoredGroup])[]];

/** A group of features. */
export type StoredGroup = readonly StoredEntry[];

/** Id, 1 for a reference, features. */
export type StoredAspect = readonly [string, 0 | 1, StoredGroup];

/** System, count, cloud id. */
export type StoredDeploy = readonly [string, StoredScalar | null] | readonly [string, StoredScalar | null, string];

/** System, configure, step, tool. */
export type StoredItem = readonly [string, string, StoredScalar] | readonly [string, string, StoredScalar, string];

/** A whole document. */
export interface StoredDocument {
  readonly radl: typeof STORED_VERSION;
  readonly d?: StoredAspect;
  readonly n: readonly StoredAspect[];
  readonly a: readonly StoredAspect[];
  readonly s: readonly StoredAspect[];
  readonly c: readonly (readonly [string, 0 | 1, string | null])[];
  readonly p: readonly StoredDeploy[];
  /** Time, items (null when absent), options (null when absent). */
  readonly x: readonly [StoredScalar, readonly StoredItem[] | null, StoredGroup | null];
}
