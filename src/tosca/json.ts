// SPDX-License-Identifier: Apache-2.0
// Document values as JSON values, for outputs and for texts that hold JSON.
import { YamlDate, YamlFloat } from '../yaml.js';
import { isList, isMap, type Value } from './value.js';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** The value as JSON; dates become texts, integers of any size numbers. */
export function toJson(value: Value): JsonValue {
  if (isList(value)) return value.map(toJson);
  if (isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]));
  if (value instanceof YamlFloat) return value.value;
  if (value instanceof YamlDate) return value.text;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  return value;
}

/** A value out of parsed JSON; undefined members are dropped. */
export function fromJson(raw: unknown): Value {
  if (Array.isArray(raw)) return raw.map(fromJson);
  if (typeof raw === 'object' && raw !== null) {
    return new Map(Object.entries(raw).map(([key, item]) => [key, fromJson(item)]));
  }
  return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' ? raw : null;
}
