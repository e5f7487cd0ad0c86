// SPDX-License-Identifier: Apache-2.0
// Features of a function that a connector creates (spec tosca 8.13).
import type { Features } from '../radl/index.js';
import { pythonText } from './python-text.js';
import { put, radlValue } from './radl-feature.js';
import { looseSizeInBytes } from './scalar-unit.js';
import type { NodeTemplate } from './template.js';
import { propertyOf, type Translation } from './translation.js';
import { asList, asMap, isList, isTruthy, namedEntries, type Value } from './value.js';

/** Adds a feature for each property, in order. */
export function addFunctionFeatures(translation: Translation, node: NodeTemplate, features: Features): void {
  for (const name of node.properties.keys()) {
    const value = propertyOf(translation, node, name);
    if (value !== null) ADDERS.get(name)?.(features, value);
  }
}

type Adder = (features: Features, value: Value) => void;

const ADDERS: ReadonlyMap<string, Adder> = new Map<string, Adder>([
  ['name', (features, value) => put(features, 'name', pythonText(value))],
  ['script', (features, value) => put(features, 'script', pythonText(value))],
  ['cpu', (features, value) => put(features, 'cpu.count', radlValue(value))],
  ['image', (features, value) => put(features, 'disk.0.image.url', pythonText(value))],
  ['memory', (features, value) => put(features, 'memory.size', looseSizeInBytes(value), '=', 'B')],
  ['alpine', (features, value) => put(features, 'alpine', isTruthy(value) ? 1n : 0n)],
  ['enable_gpu', (features, value) => addFlag(features, 'gpu.count', value)],
  ['enable_sgx', (features, value) => addFlag(features, 'cpu.sgx', value)],
  ['image_pull_secrets', addSecrets],
  ['env_variables', addVariables],
  ['input', (features, value) => addTransfers(features, 'input', value)],
  ['output', (features, value) => addTransfers(features, 'output', value)],
  ['storage_providers', addProviders],
  ['exposed', addExposed],
]);

function addFlag(features: Features, property: string, value: Value): void {
  if (isTruthy(value)) put(features, property, 1n);
}

function addSecrets(features: Features, value: Value): void {
  if (isTruthy(value)) put(features, 'image_pull_secrets', isList(value) ? value.map(pythonText) : [pythonText(value)]);
}

function addVariables(features: Features, value: Value): void {
  const variables = [...asMap(value)].map(([key, item]) => `${pythonText(key)}:${pythonText(item)}`);
  if (variables.length > 0) put(features, 'environment.variables', variables);
}

function addTransfers(features: Features, name: 'input' | 'output', value: Value): void {
  for (const [index, item] of asList(value).entries()) {
    const parts = [
      ['storage_provider', 'provider'],
      ['path', 'path'],
      ['suffix', 'suffix'],
      ['prefix', 'prefix'],
    ] as const;
    for (const [key, feature] of parts) {
      const part = asMap(item).get(key);
      if (isTruthy(part)) put(features, `${name}.${index}.${feature}`, pythonText(part));
    }
  }
}

const PROVIDERS = [
  ['minio', ['access_key', 'secret_key', 'region', 'endpoint', 'verify']],
  ['s3', ['access_key', 'secret_key', 'region', 'endpoint', 'verify']],
  ['onedata', ['oneprovider_host', 'token', 'space']],
] as const;

function addProviders(features: Features, value: Value): void {
  for (const [kind, keys] of PROVIDERS) {
    for (const [index, [id, body]] of [...namedEntries(asMap(asMap(value).get(kind)))].entries()) {
      put(features, `${kind}.${index}.id`, id);
      for (const key of keys) {
        const part = asMap(body).get(key) ?? null;
        if (part !== null) put(features, `${kind}.${index}.${key}`, radlValue(part));
      }
    }
  }
}

function addExposed(features: Features, value: Value): void {
  for (const key of ['min_scale', 'max_scale', 'port', 'cpu_threshold']) {
    const part = asMap(value).get(key) ?? null;
    if (part !== null) put(features, `expose.${key}`, radlValue(part));
  }
}
