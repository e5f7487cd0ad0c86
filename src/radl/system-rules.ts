// SPDX-License-Identifier: Apache-2.0
// The tables of properties that the language validates in systems (spec radl 8.4-8.6).
import {
  type FeatureRule,
  isNotEmpty,
  isNotNegative,
  isStrongPassword,
  isVersion,
  MEMORY_UNITS,
} from './check-rules.js';

const TEXT: FeatureRule = { type: 'text' };
const YES_NO: FeatureRule = { type: 'text', words: ['YES', 'NO'] };
const AMOUNT: FeatureRule = { type: 'number', isValid: isNotNegative };
const SIZE: FeatureRule = { type: 'number', isValid: isNotNegative, units: MEMORY_UNITS };
const VERSION: FeatureRule = { type: 'text', isValid: isVersion };
const ARCHITECTURES = ['I386', 'I686', 'X86_64', 'AMD64', 'ARM64', 'AARCH64'];

/** Properties without index. */
export const simpleRules: ReadonlyMap<string, FeatureRule> = new Map<string, FeatureRule>([
  ['spot', YES_NO],
  ['image_type', { type: 'text', words: ['VMDK', 'QCOW', 'QCOW2', 'RAW'] }],
  ['virtual_system_type', TEXT],
  ['price', AMOUNT],
  ['cpu.count', AMOUNT],
  ['cpu.arch', { type: 'text', words: ARCHITECTURES }],
  ['cpu.performance', { type: 'number', isValid: isNotNegative, units: ['ECU', 'GCEU', 'HRZ'] }],
  ['memory.size', { type: 'integer', isValid: isNotNegative, units: MEMORY_UNITS }],
  ['disk.0.os.credentials.new.password', { type: 'text', isValid: isStrongPassword }],
]);

/** What follows `disk.N.` */
export const diskRules: ReadonlyMap<string, FeatureRule> = new Map<string, FeatureRule>([
  ['image.url', { type: 'text-or-list' }],
  ...['image.name', 'type', 'device', 'mount_path', 'fstype'].map((suffix): [string, FeatureRule] => [suffix, TEXT]),
  ['size', SIZE],
  ['free_size', SIZE],
  ['os.name', { type: 'text', words: ['LINUX', 'WINDOWS', 'MAC OS X'] }],
  ['os.flavour', TEXT],
  ['os.version', VERSION],
  ...['username', 'password', 'private_key', 'public_key'].map((name): [string, FeatureRule] => [
    `os.credentials.${name}`,
    TEXT,
  ]),
  ['applications', { type: 'group' }],
]);

/** Inside an application. */
export const applicationRules: ReadonlyMap<string, FeatureRule> = new Map<string, FeatureRule>([
  ['name', { type: 'text', isValid: isNotEmpty }],
  ['path', { type: 'text', isValid: isNotEmpty }],
  ['version', VERSION],
  ['preinstalled', YES_NO],
]);

/** What follows `net_interface.N.`; connections name a network of the document. */
export function interfaceRules(networks: ReadonlySet<string>): ReadonlyMap<string, FeatureRule> {
  return new Map<string, FeatureRule>([
    ['connection', idRule(networks)],
    ['ip', TEXT],
    ['dns_name', TEXT],
  ]);
}

/** A text that is one of the ids. */
export function idRule(ids: ReadonlySet<string>): FeatureRule {
  return { type: 'text', isValid: (value) => typeof value === 'string' && ids.has(value), suggestions: () => ids };
}
