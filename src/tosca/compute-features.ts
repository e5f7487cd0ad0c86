// SPDX-License-Identifier: Apache-2.0
// Features of a machine out of its capabilities `os` and `host` (spec tosca 8.4).
import type { Features, RadlValue } from '../radl/index.js';
import { readCredential } from './credential.js';
import { ToscaError } from './error.js';
import { pythonText } from './python-text.js';
import { put, radlValue, withOperator } from './radl-feature.js';
import { sizeInBytes } from './scalar-unit.js';
import type { NodeTemplate } from './template.js';
import { evaluateIn, propertyOf, type Translation } from './translation.js';
import { isMap, isTruthy, type Value } from './value.js';

const FEATURES: Readonly<Record<'os' | 'host', ReadonlyMap<string, string>>> = {
  os: new Map([
    ['architecture', 'cpu.arch'],
    ['type', 'disk.0.os.name'],
    ['distribution', 'disk.0.os.flavour'],
    ['version', 'disk.0.os.version'],
    ['image', 'disk.0.image.url'],
  ]),
  host: new Map([
    ['num_cpus', 'cpu.count'],
    ['mem_size', 'memory.size'],
    ['disk_size', 'disk.0.size'],
    ['disk_type', 'disk.0.type'],
    ['cpu_frequency', 'cpu.performance'],
    ['instance_type', 'instance_type'],
    ['preemtible_instance', 'spot'],
    ['num_gpus', 'gpu.count'],
    ['gpu_vendor', 'gpu.vendor'],
    ['gpu_model', 'gpu.model'],
    ['sgx', 'cpu.sgx'],
    ['sgx_epc_size', 'cpu.sgx.epc_size'],
  ]),
};

const AS_TEXT = new Set(['version', 'cpu_frequency', 'sgx_epc_size']);
const AS_YES_OR_NO = new Set(['preemtible_instance', 'sgx']);
const AS_BYTES = new Set(['mem_size', 'disk_size']);

/** Adds name, tags, and what the capabilities say. @throws ToscaError for credentials without user and unreadable sizes */
export function addComputeFeatures(translation: Translation, node: NodeTemplate, features: Features): void {
  addNameAndTags(translation, node, features);
  for (const section of ['os', 'host'] as const) {
    for (const [property, written] of node.capabilities.get(section)?.values ?? []) {
      const value = evaluateIn(translation, node, written);
      if (value === null) continue;
      if (section === 'os' && property === 'credential') addCredential(features, value);
      const feature = FEATURES[section].get(property);
      if (feature !== undefined) addFeature(features, feature, property, value);
    }
  }
}

function addNameAndTags(translation: Translation, node: NodeTemplate, features: Features): void {
  const name = propertyOf(translation, node, 'instance_name');
  put(features, 'instance_name', isTruthy(name) ? pythonText(name) : node.name);
  const tags = propertyOf(translation, node, 'tags');
  if (!isTruthy(tags)) return;
  if (!isMap(tags)) throw new ToscaError('tags property must be a dictionary.');
  put(features, 'instance_tags', [...tags].map(([key, value]) => `${pythonText(key)}=${pythonText(value)}`).join(','));
}

function addFeature(features: Features, feature: string, property: string, written: Value): void {
  const { value, operator } = withOperator(written);
  if (AS_BYTES.has(property)) {
    put(features, feature, sizeInBytes(value), operator === '=' && value === written ? '>=' : operator, 'B');
  } else if (AS_YES_OR_NO.has(property)) {
    put(features, feature, isTrue(value) ? 'yes' : 'no');
  } else if (AS_TEXT.has(property)) {
    put(features, feature, pythonText(value));
  } else {
    put(features, feature, property === 'image' ? imageUrl(value) : radlValue(value), operator);
  }
}

function isTrue(value: Value): boolean {
  return typeof value === 'string' ? /^(true|yes|1)$/i.test(value) : isTruthy(value);
}

function imageUrl(value: Value): RadlValue {
  const url = pythonText(value);
  return url === '' || url.includes('://') ? url : `docker://${url}`;
}

const CREDENTIAL_FEATURES = new Set(['password', 'private_key', 'public_key']);

function addCredential(features: Features, value: Value): void {
  const credential = readCredential(value);
  const { user = '', token = '', tokenType = 'password' } = credential ?? {};
  if (user === '') throw new ToscaError('User must be specified in the image credentials.');
  if (CREDENTIAL_FEATURES.has(tokenType) && token !== '') put(features, `disk.0.os.credentials.${tokenType}`, token);
  put(features, 'disk.0.os.credentials.username', user);
}
