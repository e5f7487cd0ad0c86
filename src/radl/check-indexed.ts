// SPDX-License-Identifier: Apache-2.0
// The semantic check of `disk.N.*` and `net_interface.N.*`: each property, then indices and connections (spec radl 8.5, 8.6).
import { type FeatureRule, featureProblems } from './check-rules.js';
import { closest } from './closest.js';
import { type Finding, makeProblem } from './error.js';
import type { Feature } from './features.js';
import { MAX_DIGITS } from './limits.js';
import { applicationRules, diskRules } from './system-rules.js';

/** As Python reads integers: blanks around, a sign, `_` between digits. */
const INDEX = /^\s*([+-]?)([0-9]+(?:_[0-9]+)*)\s*$/;

type Rules = ReadonlyMap<string, FeatureRule>;
type NamedFeature = Exclude<Feature, { kind: 'soft' }>;

interface IndexedFeature {
  readonly feature: NamedFeature;
  readonly prefix: string;
  /** Undefined when the property has no index where one must be. */
  readonly index: bigint | undefined;
  readonly suffix: string;
  /** Undefined for suffixes that the language does not know; they do not count. */
  readonly rule: FeatureRule | undefined;
}

/** A property that the rules know, with its index: these count. */
interface CountedProperty {
  readonly prefix: string;
  readonly index: bigint;
  readonly suffix: string;
}

/** Everything that is wrong with the indexed properties of one group. */
export function checkIndexed(features: readonly Feature[], interfaceRules: Rules): Finding[] {
  const rules: ReadonlyMap<string, Rules> = new Map([
    ['net_interface', interfaceRules],
    ['disk', diskRules],
  ]);
  const indexed = features.flatMap((feature) => (feature.kind === 'soft' ? [] : splitFeature(feature, rules)));
  const checked = indexed.flatMap(({ prefix, index, suffix, rule }) =>
    rule === undefined || index === undefined ? [] : [{ prefix, index, suffix }],
  );
  return [
    ...indexed.flatMap(checkOne),
    ...checkIndices(checked),
    ...checkConnections(checked, indexed, interfaceRules),
  ];
}

/** `disk.0.os.name` is prefix `disk`, index 0, suffix `os.name`; nothing for properties that are not indexed. */
function splitFeature(feature: NamedFeature, rules: ReadonlyMap<string, Rules>): IndexedFeature[] {
  const [prefix = '', index, ...suffixes] = feature.property.split('.');
  const known = rules.get(prefix);
  if (known === undefined || index === undefined) return [];
  const suffix = suffixes.join('.');
  return [{ feature, prefix, index: parseIndex(index), suffix, rule: known.get(suffix) }];
}

function parseIndex(text: string): bigint | undefined {
  const match = text.length > MAX_DIGITS ? null : INDEX.exec(text);
  if (match === null) return undefined;
  const magnitude = BigInt((match[2] ?? '').replaceAll('_', ''));
  return match[1] === '-' ? -magnitude : magnitude;
}

function checkOne({ feature, prefix, index, rule }: IndexedFeature): Finding[] {
  if (index === undefined) return [missingIndex(feature, prefix)];
  const problems = featureProblems(feature, rule);
  return rule?.type === 'group' ? [...problems, ...checkApplication(feature)] : problems;
}

function missingIndex({ property, line, column }: NamedFeature, prefix: string): Finding {
  const rest = property.slice(prefix.length + 1).replace(/^\.+/, '');
  const details = { line, column, found: `property '${property}'`, expected: `${prefix}.N.${rest}` };
  const hint = `did you mean '${prefix}.0.${rest}'?`;
  return () => makeProblem('Invalid property name; expected an index.', { ...details, hint });
}

function checkApplication(feature: NamedFeature): Finding[] {
  if (feature.kind !== 'contains') return [];
  const features = feature.group.features();
  return features.flatMap((inner) =>
    inner.kind === 'soft' ? [] : featureProblems(inner, applicationRules.get(inner.property)),
  );
}

/** Per prefix, first met first, the indices are exactly 0 to n-1. */
function checkIndices(checked: readonly CountedProperty[]): Finding[] {
  const prefixes = new Set(checked.map(({ prefix }) => prefix));
  return [...prefixes].flatMap((prefix) => {
    const indices = indicesOf(checked, prefix);
    const sorted = [...indices].sort((left, right) => (left < right ? -1 : 1));
    if (sorted.every((index, position) => index === BigInt(position))) return [];
    const found = sorted.length > 20 ? `${sorted.length} indices` : `indices ${sorted.join(', ')}`;
    const expected = `indices from 0 to ${sorted.length - 1} without gaps`;
    return [() => makeProblem(`Invalid indices values in properties '${prefix}'`, { found, expected })];
  });
}

function indicesOf(checked: readonly CountedProperty[], prefix: string): ReadonlySet<bigint> {
  return new Set(checked.filter((entry) => entry.prefix === prefix).map(({ index }) => index));
}

function checkConnections(
  checked: readonly CountedProperty[],
  indexed: readonly IndexedFeature[],
  interfaceRules: Rules,
): Finding[] {
  const isConnection = ({ prefix, suffix }: CountedProperty) => prefix === 'net_interface' && suffix === 'connection';
  const connections = checked.filter(isConnection).length;
  if (connections === indicesOf(checked, 'net_interface').size) return [];
  const hint = misspeltConnection(indexed, interfaceRules) ?? 'each net_interface.N needs a net_interface.N.connection';
  return [() => makeProblem('Some net_interface does not have a connection', { hint })];
}

/** The first unknown property of an interface that looks like a known one. */
function misspeltConnection(indexed: readonly IndexedFeature[], interfaceRules: Rules): string | undefined {
  for (const { feature, prefix, suffix, rule } of indexed) {
    const known = prefix === 'net_interface' && rule === undefined ? closest(suffix, interfaceRules.keys()) : undefined;
    if (known === undefined) continue;
    const { property } = feature;
    return `'${property}': did you mean '${property.slice(0, property.length - suffix.length)}${known}'?`;
  }
  return undefined;
}
