// SPDX-License-Identifier: Apache-2.0
// Constraints of properties: reading them, and checking values against them (spec tosca 6.4).
import { YamlDate } from '../yaml.js';
import { type Findings, fault, type Path } from './error.js';
import { matchesWhole } from './pattern.js';
import { pythonText } from './python-text.js';
import { isUnitKind, scalarUnitNumber } from './scalar-unit.js';
import { asNumber, asText, isList, isMap, sameValue, type Value } from './value.js';

const KINDS = [
  'equal',
  'greater_than',
  'greater_or_equal',
  'less_than',
  'less_or_equal',
  'in_range',
  'valid_values',
  'length',
  'min_length',
  'max_length',
  'pattern',
] as const;

/** The names of constraints. */
export type ConstraintKind = (typeof KINDS)[number];

/** One constraint, its bound as written. */
export interface Constraint {
  readonly kind: ConstraintKind;
  readonly bound: Value;
  /** Type of the property that it belongs to. */
  readonly type: string;
}

const ORDERED = new Set([
  'integer',
  'float',
  'number',
  'timestamp',
  'scalar-unit.size',
  'scalar-unit.time',
  'scalar-unit.frequency',
]);
const BASIC = new Set([...ORDERED, 'string', 'boolean', 'version', 'range', 'list', 'map', 'null']);
const SIZED = new Set(['string', 'list', 'map']);

/**
 * Reads the constraints of a property of the given type.
 *
 * @throws ToscaError `InvalidSchemaError` for unknown constraints and those that do not fit the type
 */
export function parseConstraints(type: string, list: Value | undefined): readonly Constraint[] {
  if (list === undefined || list === null) return [];
  if (!isList(list)) throw schemaError('Invalid constraint schema.');
  return list.map((item) => parseConstraint(type, item));
}

function parseConstraint(type: string, item: Value): Constraint {
  const [entry, ...others] = isMap(item) ? [...item] : [];
  if (entry === undefined || others.length > 0) throw schemaError('Invalid constraint schema.');
  const [key, bound] = entry;
  const kind = KINDS.find((known) => known === key);
  if (kind === undefined) throw schemaError(`Invalid property "${pythonText(key)}".`);
  if (!fitsType(kind, type)) throw schemaError(`Property "${kind}" is not valid for data type "${type}".`);
  const expected = wrongBound(kind, bound);
  if (expected !== undefined) throw schemaError(`The property "${kind}" expects ${expected}.`);
  return { kind, bound, type };
}

function fitsType(kind: ConstraintKind, type: string): boolean {
  if (!BASIC.has(type)) return true;
  switch (kind) {
    case 'equal':
    case 'valid_values':
      return true;
    case 'in_range':
      return ORDERED.has(type) || type === 'range';
    case 'length':
      return SIZED.has(type);
    case 'pattern':
      return type === 'string';
    case 'min_length':
    case 'max_length':
      return SIZED.has(type);
    default:
      return ORDERED.has(type);
  }
}

function wrongBound(kind: ConstraintKind, bound: Value): string | undefined {
  switch (kind) {
    case 'equal':
      return undefined;
    case 'in_range':
      return isList(bound) && bound.length === 2 ? undefined : 'a list';
    case 'valid_values':
      return isList(bound) ? undefined : 'a list';
    case 'length':
    case 'min_length':
    case 'max_length':
      return typeof bound === 'number' && Number.isInteger(bound) ? undefined : 'an integer';
    case 'pattern':
      return typeof bound === 'string' ? undefined : 'a string';
    default:
      return isMap(bound) || isList(bound) || bound === null ? 'comparable values' : undefined;
  }
}

function schemaError(text: string): Error {
  return fault('InvalidSchemaError', text);
}

/** Checks a value that already fits its type; each constraint that fails gives a finding. */
export function checkConstraints(
  findings: Findings,
  constraints: readonly Constraint[],
  property: string,
  value: Value,
  path: Path,
): void {
  for (const constraint of constraints) {
    findings.attempt(() => {
      const failure = violation(constraint, property, value);
      if (failure !== undefined) findings.add('ValidationError', failure, { path });
    }, path);
  }
}

function violation({ kind, bound, type }: Constraint, property: string, value: Value): string | undefined {
  const about = `The value "${pythonText(value)}" of property "${property}"`;
  const compare = (holds: (left: number, right: number) => boolean, words: string): string | undefined =>
    holds(comparable(type, value), comparable(type, bound))
      ? undefined
      : `${about} must be ${words} "${pythonText(bound)}".`;
  switch (kind) {
    case 'equal':
      return equals(type, value, bound) ? undefined : `${about} is not equal to "${pythonText(bound)}".`;
    case 'greater_than':
      return compare((left, right) => left > right, 'greater than');
    case 'greater_or_equal':
      return compare((left, right) => left >= right, 'greater than or equal to');
    case 'less_than':
      return compare((left, right) => left < right, 'less than');
    case 'less_or_equal':
      return compare((left, right) => left <= right, 'less than or equal to');
    case 'in_range':
      return isInRange(type, value, bound)
        ? undefined
        : `${about} is out of range "(min:${boundText(bound, 0)}, max:${boundText(bound, 1)})".`;
    case 'valid_values':
      return areValid(type, value, isList(bound) ? bound : [])
        ? undefined
        : `${about} is not valid. Expected a value from "[${(isList(bound) ? bound : []).map(pythonText).join(', ')}]".`;
    case 'pattern':
      return matchesWhole(asText(bound) ?? '', pythonText(value))
        ? undefined
        : `${about} does not match pattern "${pythonText(bound)}".`;
    default:
      return lengthViolation(kind, bound, property, value);
  }
}

function lengthViolation(kind: ConstraintKind, bound: Value, property: string, value: Value): string | undefined {
  const length = lengthOf(value);
  const limit = asNumber(bound) ?? 0;
  const about = `Length of value "${pythonText(value)}" of property "${property}" must be`;
  if (kind === 'length') return length === limit ? undefined : `${about} equal to "${limit}".`;
  if (kind === 'min_length') return length >= limit ? undefined : `${about} at least "${limit}".`;
  return length <= limit ? undefined : `${about} no greater than "${limit}".`;
}

function lengthOf(value: Value): number {
  if (isMap(value)) return value.size;
  return isList(value) ? value.length : [...pythonText(value)].length;
}

function comparable(type: string, value: Value): number {
  if (isUnitKind(type)) return scalarUnitNumber(type, value);
  if (type === 'timestamp' || value instanceof YamlDate) return Date.parse(pythonText(value));
  return asNumber(value) ?? Number(pythonText(value));
}

function equals(type: string, value: Value, bound: Value): boolean {
  if (isUnitKind(type)) return scalarUnitNumber(type, value) === scalarUnitNumber(type, bound);
  return sameValue(value, bound);
}

function isInRange(type: string, value: Value, bound: Value): boolean {
  const [low = null, high = null] = isList(bound) ? bound : [];
  const values = isList(value) ? value : [value];
  return values.every((item) => {
    if (item === 'UNBOUNDED') return true;
    const number = comparable(type, item);
    return (
      (low === 'UNBOUNDED' || number >= comparable(type, low)) &&
      (high === 'UNBOUNDED' || number <= comparable(type, high))
    );
  });
}

function boundText(bound: Value, index: number): string {
  return pythonText(isList(bound) ? bound[index] : undefined);
}

function areValid(type: string, value: Value, allowed: readonly Value[]): boolean {
  const values = isList(value) ? value : [value];
  return values.every((item) => allowed.some((known) => equals(type, item, known)));
}
