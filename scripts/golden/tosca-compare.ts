// SPDX-License-Identifier: Apache-2.0
// Compares translated documents with recorded ones: RADL as JSON, recipes as the YAML that Ansible would read.
import { type Radl, stringifyRadlJson } from '../../src/radl/index.js';
import { loadYaml } from '../../src/yaml.js';

/** RADL in its JSON form without recipe texts, and the recipes as values. */
export interface ComparableRadl {
  readonly radl_json: unknown;
  readonly recipes: Readonly<Record<string, unknown>>;
}

/** The parts of a document that cases compare. */
export function comparable(radl: Radl): ComparableRadl {
  const recipes = Object.fromEntries(
    radl.configures.map(({ name, recipe }) => [name, recipe === null ? null : jsonInside(loadYaml(recipe))]),
  );
  return { radl_json: withoutRecipes(JSON.parse(stringifyRadlJson(radl, 'compact'))), recipes };
}

/** The JSON form with the texts of recipes left out. */
export function withoutRecipes(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value
    .map((item) => (isRecord(item) && item.class === 'configure' ? { ...item, recipes: undefined } : item))
    .map(compact);
}

function compact(item: unknown): unknown {
  return isRecord(item) ? Object.fromEntries(Object.entries(item).filter(([, member]) => member !== undefined)) : item;
}

/** Texts that hold a JSON object count by its value. */
export function jsonInside(value: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('{"')) {
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map(jsonInside);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonInside(item)]))
    : value;
}

/** Whether the value is an object with named members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
