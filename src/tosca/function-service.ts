// SPDX-License-Identifier: Apache-2.0
// The JSON text that describes a function to OSCAR (spec tosca 8.13).
import { type JsonValue, toJson } from './json.js';
import { pythonText } from './python-text.js';
import { looseSizeInBytes } from './scalar-unit.js';
import type { NodeTemplate } from './template.js';
import { propertyOf, type Translation } from './translation.js';
import { asList, asNumber, isList, isMap, type Value } from './value.js';

const AS_THEY_ARE = new Set(['name', 'script', 'alpine', 'input', 'output', 'storage_providers', 'enable_gpu']);

/** The service definition; null and empty values are left out. */
export function functionService(translation: Translation, node: NodeTemplate): string {
  const service: Record<string, JsonValue> = {};
  for (const name of node.properties.keys()) {
    const value = propertyOf(translation, node, name);
    if (isNothing(value)) continue;
    const [key, member] = serviceMember(name, value) ?? [];
    if (key !== undefined && member !== undefined) service[key] = member;
  }
  return JSON.stringify(service);
}

function isNothing(value: Value): boolean {
  return value === null || (isList(value) && value.length === 0) || (isMap(value) && value.size === 0);
}

function serviceMember(name: string, value: Value): readonly [string, JsonValue] | undefined {
  if (AS_THEY_ARE.has(name)) return [name, toJson(value)];
  switch (name) {
    case 'cpu':
      return [name, generalFormat(asNumber(value) ?? 0)];
    case 'memory':
      return [name, `${Math.floor(Number(looseSizeInBytes(value)) / 1024 ** 2)}Mi`];
    case 'image':
      return [name, serviceImage(pythonText(value))];
    case 'env_variables':
      return ['environment', { Variables: toJson(value) }];
    case 'image_pull_secrets':
      return [name, isList(value) ? asList(value).map(toJson) : [toJson(value)]];
    default:
      return undefined;
  }
}

/** `%g`: six significant digits, without trailing zeros. */
function generalFormat(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** `docker://x` and `oscar://host/x` are both `x`. */
function serviceImage(image: string): string {
  if (image.startsWith('docker://')) return image.slice('docker://'.length);
  return image.startsWith('oscar://') ? image.slice('oscar://'.length).replace(/^[^/]*\//, '') : image;
}
