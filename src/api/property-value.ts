// SPDX-License-Identifier: Apache-2.0
// Values of VM properties as both APIs show them: as text and as plain data (rest-api.md §4.3).
import type { PropertyValue } from '../manager/manager.js';
import { type Features, printFeatures, type RadlValue } from '../radl/index.js';

/** A property as plain data: a RADL value, or the items of a `contains` group by name. */
export type PlainProperty = RadlValue | ReadonlyMap<string, ReadonlyMap<string, RadlValue>>;

/** Is it a `contains` group? */
function isGroup(value: PropertyValue): value is ReadonlyMap<string, Features> {
  return value instanceof Map;
}

/** Simple features of a group item in order. */
function plainFeatures(features: Features): ReadonlyMap<string, RadlValue> {
  const pairs = features.names().flatMap((name): [string, RadlValue][] => {
    const value = features.getValue(name);
    return value === undefined ? [] : [[name, value]];
  });
  return new Map(pairs);
}

/** The value as data, for JSON and XML-RPC structs. */
export function plainProperty(value: PropertyValue): PlainProperty {
  if (!isGroup(value)) return value;
  return new Map([...value].map(([name, features]) => [name, plainFeatures(features)]));
}

/** The value as text: numbers and texts as they are, lists line by line, groups as RADL. */
export function propertyText(value: PropertyValue): string {
  if (isGroup(value)) return [...value.values()].map((features) => printFeatures(features)).join('\n');
  if (typeof value === 'object') return value.join('\n');
  return String(value);
}
