// SPDX-License-Identifier: Apache-2.0
// JSON values that keep what plain JavaScript loses: key order for any key, and integers apart from fractions.

/** Keys in insertion order, also `1` and `__proto__`. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A JSON value; an integer is a `bigint`, a fraction a `number`. */
export type JsonValue = string | bigint | number | boolean | null | readonly JsonValue[] | JsonObject;
