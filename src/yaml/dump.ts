// SPDX-License-Identifier: Apache-2.0
// Writes YAML that any YAML 1.1 reader, Ansible's above all, reads back as the same values.
import { DUMP_SCHEMA, defineScalarTag, dump, type TagDefinition, YAMLException } from 'js-yaml';
import { exactMappingTag } from './exact-mapping.js';
import { YamlDate, YamlError, YamlFloat } from './values.js';

const INTEGER = 'tag:yaml.org,2002:int';
const FLOAT = 'tag:yaml.org,2002:float';
const TIMESTAMP = 'tag:yaml.org,2002:timestamp';
const LARGEST_PLAIN = 1e21;

/** A number whose text has no exponent and no dot. */
function isPlainInteger(value: unknown): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < LARGEST_PLAIN
  );
}

function scalarResolver(name: string): { resolve: (text: string, isExplicit: boolean, tagName: string) => unknown } {
  const tag = DUMP_SCHEMA.tags.find((known) => known.tagName === name && known.nodeKind === 'scalar');
  if (tag === undefined || tag.nodeKind !== 'scalar') throw new TypeError(`The YAML library lacks ${name}`);
  return tag;
}

/** YAML 1.1 demands a dot in fractions and a sign in exponents. */
function fractionText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value < 0 ? '-.inf' : '.inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  const [mantissa = text, exponent] = text.split('e');
  const dotted = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? dotted : `${dotted}e${exponent}`;
}

// The resolvers stay those of the library: they decide which texts must be quoted.
const ownTags: readonly TagDefinition[] = [
  exactMappingTag,
  defineScalarTag(INTEGER, {
    implicit: true,
    ...scalarResolver(INTEGER),
    identify: (value) => typeof value === 'bigint' || isPlainInteger(value),
    represent: (value) => String(value),
  }),
  defineScalarTag(FLOAT, {
    implicit: true,
    ...scalarResolver(FLOAT),
    identify: (value) => value instanceof YamlFloat || (typeof value === 'number' && !isPlainInteger(value)),
    represent: (value) => fractionText(value instanceof YamlFloat ? value.value : value),
  }),
  defineScalarTag(TIMESTAMP, {
    implicit: true,
    ...scalarResolver(TIMESTAMP),
    identify: (value) => value instanceof YamlDate || value instanceof Date,
    represent: (value) => (value instanceof YamlDate ? value.text : value.toISOString()),
  }),
];

const schema = DUMP_SCHEMA.withTags([...ownTags]);

/**
 * The value as a YAML document in block style, without anchors. Texts that YAML 1.1 or 1.2 would take for something else
 * (`yes`, `y`, `010`, `2020-01-01`) are quoted; undefined members are left out.
 *
 * @throws YamlError for values that YAML cannot express, such as functions or cycles
 */
export function dumpYaml(value: unknown): string {
  try {
    return dump(withoutUndefined(value, 0), { schema, lineWidth: -1, noRefs: true });
  } catch (error) {
    throw error instanceof YAMLException ? new YamlError(error.reason) : error;
  }
}

const MAX_DEPTH = 500;

function withoutUndefined(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new YamlError(`the value is nested deeper than ${MAX_DEPTH}, or contains itself`);
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item, depth + 1) ?? null);
  if (value instanceof Map)
    return new Map([...value].map(([key, member]) => [key, withoutUndefined(member, depth + 1)]));
  if (!exactMappingTag.identify(value) || typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutUndefined(member, depth + 1)]));
}
