// SPDX-License-Identifier: Apache-2.0
// Mappings without loss: plain objects, or Maps where a key is no text or looks like an integer (objects would reorder it).
import { defineMappingTag, type MappingTagDefinition } from 'js-yaml';

/** Why a mapping or list is refused as key; `{{ x }}` without quotes is the usual case. */
export const COLLECTION_AS_KEY = "a mapping or list cannot be a key; a value that begins with '{{' needs quotes";

type ExactMapping = Map<unknown, unknown> | Record<string, unknown>;

function isCollection(key: unknown): boolean {
  return typeof key === 'object' && key !== null && (Array.isArray(key) || key instanceof Map || isPlainObject(key));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function entriesOf(mapping: ExactMapping): Map<unknown, unknown> {
  return mapping instanceof Map ? mapping : new Map(Object.entries(mapping));
}

/** Reads mappings as described above, and writes plain objects and Maps. */
export const exactMappingTag: MappingTagDefinition<Map<unknown, unknown>, ExactMapping> = defineMappingTag<
  Map<unknown, unknown>,
  ExactMapping
>('tag:yaml.org,2002:map', {
  create: () => new Map(),
  addPair: (carrier, key, value) => {
    if (isCollection(key)) return COLLECTION_AS_KEY;
    carrier.set(key, value);
    return '';
  },
  has: (carrier, key) => carrier.has(key),
  keys: (result) => entriesOf(result).keys(),
  get: (result, key) => entriesOf(result).get(key),
  finalize: (carrier) => {
    const isPlain = [...carrier.keys()].every((key) => typeof key === 'string' && !/^\d+$/.test(key));
    return isPlain ? Object.fromEntries(carrier) : carrier;
  },
  identify: (value) => value instanceof Map || isPlainObject(value),
  represent: (value) => entriesOf(value),
});
