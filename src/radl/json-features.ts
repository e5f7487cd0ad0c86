// SPDX-License-Identifier: Apache-2.0
// Reads the features object of RADL JSON: which key and value make which feature (spec radl 14.2, table).
import { RadlError } from './error.js';
import { simpleFeature } from './feature.js';
import { type Feature, Features } from './features.js';
import type { JsonObject, JsonValue } from './json-value.js';
import { numberText } from './number-text.js';
import type { Comparator, RadlScalar } from './value.js';

/** The features of an object in key order; keys in `skipped` are something else. @throws RadlError */
export function featuresFromJson(json: JsonObject, skipped: readonly string[] = []): Features {
  const features = Features.of();
  for (const [key, value] of json) {
    if (skipped.includes(key)) continue;
    for (const feature of readMember(key, value)) features.add(feature);
  }
  return features;
}

function readMember(key: string, value: JsonValue): Feature[] {
  if (value === null) throw new RadlError(`Invalid value in property '${key}': null`, { expected: 'a value' });
  if (value instanceof Map) return [contained(key, value)];
  if (Array.isArray(value)) return key === 'softs' ? value.map(readSoft) : readArray(key, value);
  return typeof value === 'object' ? [] : [readScalar(key, value)];
}

function readScalar(key: string, value: RadlScalar): Feature {
  if (typeof value === 'bigint' || typeof value === 'number') {
    const operator: Comparator = key.endsWith('_min') ? '>=' : key.endsWith('_max') ? '<=' : '=';
    return simpleFeature(operator === '=' ? key : key.slice(0, -'_min'.length), operator, value);
  }
  return simpleFeature(key, '=', value);
}

/** Whether an array is a list here, also when it is empty or holds more than texts. */
function isListKey(key: string): boolean {
  return (
    (key.startsWith('disk') && key.endsWith('image.url')) ||
    (key.startsWith('net_interface') && key.endsWith('additional_dns_names'))
  );
}

function readArray(key: string, items: readonly JsonValue[]): Feature[] {
  if (isListKey(key)) return [simpleFeature(key, '=', items.map(listText))];
  if (items.length === 0) return [];
  const texts = items.filter((item) => typeof item === 'string');
  if (texts.length === items.length) return [simpleFeature(key, '=', texts)];
  const groups = items.filter((item) => item instanceof Map);
  if (groups.length === items.length) return groups.map((group) => contained(key, group));
  throw new RadlError('Invalid type; expected a list of features', { found: `a mixed list in property '${key}'` });
}

/** Lists hold texts; numbers and booleans in them are taken as their text. */
function listText(item: JsonValue): string {
  if (item === null || typeof item === 'object') throw new RadlError('Invalid type; expected a list of texts');
  return typeof item === 'number' || typeof item === 'bigint' ? numberText(item) : String(item);
}

function contained(key: string, group: JsonObject): Feature {
  return { kind: 'contains', property: key, group: featuresFromJson(group, ['class']) };
}

function readSoft(json: JsonValue): Feature {
  if (!(json instanceof Map)) throw new RadlError("Each of the 'softs' is an object with 'weight' and 'items'");
  const weight = json.get('weight') ?? 0n;
  if (typeof weight !== 'bigint' && typeof weight !== 'number') {
    throw new RadlError("Invalid 'weight' in 'softs': expected a number");
  }
  const items = json.get('items') ?? new Map<string, JsonValue>();
  if (!(items instanceof Map)) throw new RadlError("Invalid 'items' in 'softs': expected an object");
  return { kind: 'soft', weight, group: featuresFromJson(items) };
}
