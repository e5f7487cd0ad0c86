// SPDX-License-Identifier: Apache-2.0
// What the language demands of single features: type, operator, value, unit, in this order (spec radl 8.1).
import { closest } from './closest.js';
import { type Finding, makeProblem } from './error.js';
import type { SimpleFeature } from './feature.js';
import type { Feature } from './features.js';
import { isNumeric, type RadlValue, toNumber } from './value.js';

/** What kind of value a rule wants. `text-or-list` is the type of image addresses. */
export type RuleType = 'text' | 'number' | 'integer' | 'group' | 'text-or-list';

/** The rule of one property. */
export interface FeatureRule {
  readonly type: RuleType;
  /** Allowed words, upper case; the value may be in any case. */
  readonly words?: readonly string[];
  readonly isValid?: (value: RadlValue) => boolean;
  /** Allowed units, upper case; absent means the unit must be empty. */
  readonly units?: readonly string[];
  /** Known names that a misspelt value may stand for. */
  readonly suggestions?: () => Iterable<string>;
}

/** Units of memory and disk sizes; there is no `TI`. */
export const MEMORY_UNITS = [
  '', 'B', 'K', 'M', 'G', 'T', 'KB', 'MB', 'GB', 'TB', 'KI', 'MI', 'GI', 'KIB', 'MIB', 'GIB', 'TIB',
] as const; // biome-ignore format: one look is enough

const expectedTypes: Readonly<Record<RuleType, string>> = {
  text: "<class 'str'>",
  number: "<class 'float'>",
  integer: "<class 'int'>",
  group: "<class 'radl.radl.Features'>",
  'text-or-list': "(<class 'str'>, <class 'bytes'>, <class 'list'>)",
};

const plainTypes: Readonly<Record<RuleType, string>> = {
  text: 'a text in quotes',
  number: 'a number',
  integer: 'an integer',
  group: 'a group of features',
  'text-or-list': 'a text in quotes or a list of texts',
};

/** What is wrong with the feature under this rule, or undefined. The first failure counts. */
function checkFeature(feature: Feature, rule: FeatureRule): Finding | undefined {
  return checkType(feature, rule) ?? checkOperator(feature) ?? checkValue(feature, rule) ?? checkUnit(feature, rule);
}

/** The same as a list; nothing without a rule. */
export function featureProblems(feature: Feature, rule: FeatureRule | undefined): Finding[] {
  const found = rule === undefined ? undefined : checkFeature(feature, rule);
  return found === undefined ? [] : [found];
}

function problem(feature: Feature, text: string, expected?: string, hint?: () => string | undefined): Finding {
  const { line, column } = feature;
  const found = feature.kind === 'soft' ? "a 'soft' group" : `property '${feature.property}'`;
  return () => makeProblem(text, { line, column, found, expected, hint: hint?.() });
}

function checkType(feature: Feature, { type }: FeatureRule): Finding | undefined {
  if (hasType(feature, type)) return undefined;
  return problem(feature, `Invalid type; expected ${expectedTypes[type]}`, plainTypes[type]);
}

function hasType(feature: Feature, type: RuleType): boolean {
  if (feature.kind !== 'simple') return type === 'group';
  switch (type) {
    case 'text':
      return typeof feature.value === 'string';
    case 'number':
      return isNumeric(feature.value);
    case 'integer':
      return typeof feature.value === 'bigint' || typeof feature.value === 'boolean';
    case 'text-or-list':
      return !isNumeric(feature.value);
    case 'group':
      return false;
  }
}

/** Texts are compared with `=` only, unless the property is a version. Any operator of the grammar suits numbers. */
function checkOperator(feature: Feature): Finding | undefined {
  if (feature.kind !== 'simple' || typeof feature.value !== 'string') return undefined;
  if (feature.property.includes('version') || feature.operator === '=') return undefined;
  return problem(feature, "Invalid operator; expected '='", "'='");
}

function checkValue(feature: Feature, rule: FeatureRule): Finding | undefined {
  if (feature.kind !== 'simple') return undefined;
  const { value, property } = feature;
  const { words } = rule;
  if (words !== undefined && typeof value === 'string' && !words.includes(value.toUpperCase())) {
    const list = words.map((word) => `'${word}'`).join(', ');
    return problem(feature, `Invalid value; expected one of [${list}]`, list, () => suggestion(value, words));
  }
  if (rule.isValid === undefined || rule.isValid(value)) return undefined;
  const hint = () => (typeof value === 'string' ? suggestion(value, rule.suggestions?.() ?? []) : undefined);
  return problem(feature, `Invalid value in property '${property}'`, undefined, hint);
}

function suggestion(value: string, words: Iterable<string>): string | undefined {
  const match = closest(value, words);
  return match === undefined ? undefined : `did you mean '${match}'?`;
}

function checkUnit(feature: Feature, { units }: FeatureRule): Finding | undefined {
  if (feature.kind !== 'simple') return undefined;
  const unit = unitOf(feature);
  if (units === undefined) return unit === '' ? undefined : problem(feature, 'Invalid unit; expected none', 'no unit');
  if (units.includes(unit)) return undefined;
  const list = units.map((known) => `'${known}'`).join(', ');
  return problem(feature, `Invalid unit; expected one of [${list}]`, list);
}

function unitOf(feature: SimpleFeature): string {
  return feature.unit.toUpperCase();
}

/** A number that is not negative. */
export function isNotNegative(value: RadlValue): boolean {
  return isNumeric(value) && toNumber(value) >= 0;
}

/** A version: empty, or runs of digits joined by dots. */
export function isVersion(value: RadlValue): boolean {
  return typeof value === 'string' && /^(?:[0-9]+(?:\.[0-9]+)*)?$/.test(value);
}

/** A text with at least one character. */
export function isNotEmpty(value: RadlValue): boolean {
  return typeof value === 'string' && value !== '';
}

/** At least 7 characters, with an upper-case letter, a digit, and a character that is neither letter nor digit. */
export function isStrongPassword(value: RadlValue): boolean {
  if (typeof value !== 'string') return false;
  const hasUpperCase = value.toLowerCase() !== value;
  return Array.from(value).length >= 7 && hasUpperCase && /\p{Nd}/u.test(value) && /[^\p{L}\p{N}]/u.test(value);
}
