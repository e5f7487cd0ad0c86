// SPDX-License-Identifier: Apache-2.0
// Writes JSON values as the RADL JSON form demands: two layouts, ASCII only, integers apart from fractions (spec radl 14.1).
import type { JsonValue } from './json-value.js';
import { numberJson } from './number-text.js';

/** `pretty`: keys sorted, indented by 2. `compact`: insertion order, no blanks. */
export type JsonLayout = 'pretty' | 'compact';

/** What can be written: JSON values, also inside plain objects (whose undefined members are left out). */
export type JsonInput =
  | JsonValue
  | readonly JsonInput[]
  | ReadonlyMap<string, JsonInput>
  | { readonly [key: string]: JsonInput | undefined };

const NEEDS_ESCAPE = /["\\]|[^ -~]/;
const ESCAPED = /["\\]|[^ -~]/g;
const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\f', '\\f'],
  ['\b', '\\b'],
]);

/**
 * The value as JSON text. A `bigint` is written as an integer, a `number` as a fraction: `2n` gives `2`, but `2` gives
 * `2.0`; pass counts as `BigInt(count)`.
 *
 * @throws RangeError for NaN and infinite numbers
 */
export function stringifyJsonValue(value: JsonInput, layout: JsonLayout): string {
  return layout === 'pretty' ? pretty(value, '') : compact(value);
}

function compact(value: JsonInput): string {
  if (isArray(value)) return `[${value.map(compact).join(',')}]`;
  if (!isObject(value)) return scalar(value);
  return `{${entriesOf(value)
    .map(([key, member]) => `${text(key)}:${compact(member)}`)
    .join(',')}}`;
}

function pretty(value: JsonInput, indent: string): string {
  const inner = `${indent}  `;
  if (isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => inner + pretty(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (!isObject(value)) return scalar(value);
  const entries = entriesOf(value).sort(([left], [right]) => compareCodePoints(left, right));
  if (entries.length === 0) return '{}';
  const members = entries.map(([key, member]) => `${inner}${text(key)}: ${pretty(member, inner)}`);
  return `{\n${members.join(',\n')}\n${indent}}`;
}

type ObjectInput = ReadonlyMap<string, JsonInput> | { readonly [key: string]: JsonInput | undefined };

function isArray(value: JsonInput): value is readonly JsonInput[] {
  return Array.isArray(value);
}

function isObject(value: Exclude<JsonInput, readonly JsonInput[]>): value is ObjectInput {
  return typeof value === 'object' && value !== null;
}

function entriesOf(value: ObjectInput): [string, JsonInput][] {
  if (value instanceof Map) return [...value.entries()];
  return Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, member]]));
}

function scalar(value: string | bigint | number | boolean | null): string {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number') return String(value);
  if (!Number.isFinite(value)) throw new RangeError('JSON cannot express a number that is not finite');
  return numberJson(value);
}

function text(value: string): string {
  return `"${NEEDS_ESCAPE.test(value) ? value.replace(ESCAPED, escapeUnit) : value}"`;
}

function escapeUnit(unit: string): string {
  return shortEscapes.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Order of the characters (code points); UTF-16 order differs outside the basic plane. */
function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    if (left.charCodeAt(index) === right.charCodeAt(index)) continue;
    return (left.codePointAt(index) ?? 0) - (right.codePointAt(index) ?? 0);
  }
  return left.length - right.length;
}
