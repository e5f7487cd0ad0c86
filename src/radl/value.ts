// SPDX-License-Identifier: Apache-2.0
// The values a RADL feature can hold, and how two of them compare.

/**
 * One value of a feature. An integer is a `bigint` (any size), a fraction is a `number`; the two kinds compare equal by
 * value but print differently (`3` and `3.0`). A `boolean` only comes from RADL JSON and behaves as 1 or 0 in
 * comparisons.
 */
export type RadlScalar = bigint | number | string | boolean;

/** What a simple feature holds: one scalar or a list of texts. */
export type RadlValue = RadlScalar | readonly string[];

/** A scalar that takes part in intervals: numbers, and booleans as 1 or 0. */
export type RadlNumeric = bigint | number | boolean;

/** The operators of the language; `contains` belongs to groups only. */
export type Operator = '=' | '<=' | '>=' | '<' | '>' | 'contains';

/** The operators of simple features. */
export type Comparator = Exclude<Operator, 'contains'>;

/** Whether the value takes part in number intervals (spec radl 5.1). */
export function isNumeric(value: RadlValue): value is RadlNumeric {
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';
}

/** Whether the value is a list of texts. */
export function isList(value: RadlValue): value is readonly string[] {
  return typeof value === 'object';
}

/** The plain number behind a numeric value: `true` is 1, `false` is 0. */
export function toNumber(value: RadlNumeric): bigint | number {
  return typeof value === 'boolean' ? (value ? 1n : 0n) : value;
}

/** Whether two numbers have the same value, whatever their kinds (5 and 5.0 are equal). */
export function sameNumber(left: bigint | number, right: bigint | number): boolean {
  return left <= right && left >= right;
}

/** Whether two non-numeric values are equal; a list never equals a text, lists compare element by element. */
export function sameText(left: string | readonly string[], right: string | readonly string[]): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right;
  return left.length === right.length && left.every((text, index) => text === right[index]);
}
