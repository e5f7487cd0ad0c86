// SPDX-License-Identifier: Apache-2.0
// The values of a document: YAML without loss, mappings always as ordered Maps, so that no name can hurt.
import { YamlDate, YamlFloat } from '../yaml.js';
import { ToscaError } from './error.js';

/** A key of a mapping; nearly always a text. */
export type Key = string | number | bigint | boolean | null;

/** A mapping in document order. */
export type ValueMap = ReadonlyMap<Key, Value>;

/** Any value of a document. Integral fractions (`2.0`) are `YamlFloat`, other fractions plain numbers. */
export type Value = null | boolean | number | bigint | string | YamlFloat | YamlDate | readonly Value[] | ValueMap;

/** The mapping without entries. */
export const EMPTY_MAP: ValueMap = new Map();

/** Whether the value is a mapping. */
export function isMap(value: Value | undefined): value is ValueMap {
  return value instanceof Map;
}

/** Whether the value is a list. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** The mapping, or an empty one for anything else. */
export function asMap(value: Value | undefined): ValueMap {
  return isMap(value) ? value : EMPTY_MAP;
}

/** The list, or an empty one for anything else. */
export function asList(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

/** The text, or undefined for anything else. */
export function asText(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Entries whose keys are texts; other keys name nothing in TOSCA. */
export function* namedEntries(map: ValueMap): Generator<[string, Value]> {
  for (const [key, value] of map) {
    if (typeof key === 'string') yield [key, value];
  }
}

/** What Python counts as true: everything but null, false, zero and empty things. */
export function isTruthy(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0;
  if (value instanceof YamlFloat) return value.value !== 0;
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return true;
}

/** Whether the value is an integer (booleans are not). */
export function isInteger(value: Value | undefined): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** Whether the value is a fraction, integral or not. */
export function isFraction(value: Value | undefined): value is number | YamlFloat {
  return value instanceof YamlFloat || (typeof value === 'number' && !Number.isInteger(value));
}

/** The number behind a numeric value, booleans as in Python; undefined for anything else. */
export function asNumber(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof YamlFloat ? value.value : undefined;
}

/** Whether two values are deeply equal; the order of keys does not count. */
export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => sameValue(item, right[index]));
  }
  if (isMap(left) && isMap(right)) {
    return (
      left.size === right.size && [...left].every(([key, value]) => right.has(key) && sameValue(value, right.get(key)))
    );
  }
  if (left instanceof YamlDate && right instanceof YamlDate) return left.text === right.text;
  const a = asNumber(left);
  return a !== undefined && a === asNumber(right);
}

/**
 * What the YAML reader gives, as a document value; parts that are shared by aliases stay shared.
 *
 * @throws ToscaError for binary data, sets and other things that no document needs
 */
export function fromYaml(raw: unknown, seen: Map<unknown, Value> = new Map()): Value {
  if (raw === null || raw === undefined) return null;
  if (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' || typeof raw === 'bigint')
    return raw;
  if (raw instanceof YamlFloat || raw instanceof YamlDate) return raw;
  const known = seen.get(raw);
  if (known !== undefined) return known;
  if (Array.isArray(raw)) {
    const list: Value[] = [];
    seen.set(raw, list);
    for (const item of raw) list.push(fromYaml(item, seen));
    return list;
  }
  if (raw instanceof Map || isPlainObject(raw)) {
    const map = new Map<Key, Value>();
    seen.set(raw, map);
    const entries = raw instanceof Map ? raw.entries() : Object.entries(raw);
    for (const [key, value] of entries) map.set(keyOf(key), fromYaml(value, seen));
    return map;
  }
  throw new ToscaError('the document holds a YAML type that is not allowed here (binary data, sets or ordered maps)');
}

function keyOf(key: unknown): Key {
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean' || typeof key === 'bigint')
    return key;
  if (key === null || key === undefined) return null;
  if (key instanceof YamlFloat) return key.value;
  return key instanceof YamlDate ? key.text : String(key);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The same value with the keys of all mappings sorted. */
export function sortKeys(value: Value): Value {
  if (isList(value)) return value.map(sortKeys);
  if (!isMap(value)) return value;
  const entries = [...value].sort(([left], [right]) => compareKeys(String(left), String(right)));
  return new Map(entries.map(([key, item]) => [key, sortKeys(item)]));
}

function compareKeys(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
