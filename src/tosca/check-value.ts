// SPDX-License-Identifier: Apache-2.0
// Values against their types: checks, and the conversions that become the property's value (spec tosca 6.3).
import { YamlDate, YamlFloat } from '../yaml.js';
import type { Budget } from './budget.js';
import { checkConstraints } from './constraint.js';
import { type Findings, fault, type Path, TooMuchWorkError, ToscaError } from './error.js';
import { functionOf } from './function-call.js';
import type { PropertyDefinition } from './property-definition.js';
import { pythonRepr, pythonText } from './python-text.js';
import { isUnitKind, parseScalarUnit, type UnitKind, UnknownUnit } from './scalar-unit.js';
import { toscaVersion } from './tosca-version.js';
import type { TypeCatalog } from './type-catalog.js';
import { reportUnknownField } from './unknown-field.js';
import {
  asList,
  asMap,
  asNumber,
  asText,
  isFraction,
  isInteger,
  isList,
  isMap,
  type Key,
  type Value,
} from './value.js';

/** What checking needs. */
export interface CheckContext {
  readonly catalog: TypeCatalog;
  readonly findings: Findings;
  /** Bounds the work: data types may fill in each other's defaults without end. */
  readonly budget: Budget;
}

/** Deepest nesting of data types that a value may have; types may refer to themselves. */
const MAX_DEPTH = 30;

/**
 * Checks a property value and gives the converted one; problems become findings. Functions pass unchecked.
 *
 * @param property name shown in messages
 */
export function checkProperty(
  context: CheckContext,
  definition: PropertyDefinition,
  value: Value,
  path: Path,
  property = definition.name,
): Value {
  if (functionOf(value) !== undefined) return value;
  // Texts of properties take any value; inside lists, maps and data types they must be texts.
  if (definition.type === 'string' && typeof value !== 'string') {
    const text = pythonText(value);
    checkConstraints(context.findings, definition.constraints, property, text, path);
    return text;
  }
  return checkEntry(context, definition, value, path, property, 0);
}

function checkEntry(
  context: CheckContext,
  definition: PropertyDefinition,
  value: Value,
  path: Path,
  property: string,
  depth: number,
): Value {
  if (functionOf(value) !== undefined) return value;
  if (depth > MAX_DEPTH) throw new TooMuchWorkError(`The value of "${property}" is nested too deeply.`);
  const { findings } = context;
  context.budget.spend();
  const problem = { failed: false };
  const converted = attempt(findings, path, problem, () => checkType(context, definition, value, path, depth));
  if (problem.failed || converted === undefined) return value;
  checkConstraints(findings, definition.constraints, property, value, path);
  return converted;
}

function attempt<T>(findings: Findings, path: Path, problem: { failed: boolean }, check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    problem.failed = true;
    if (error instanceof UnknownUnit) findings.add('ValueError', error.reason, { path });
    const cause = error instanceof UnknownUnit ? error.invalid : error;
    if (!(cause instanceof ToscaError) || cause instanceof TooMuchWorkError) throw cause;
    for (const found of cause.problems) findings.addProblem({ ...found, path: found.path ?? path });
    return undefined;
  }
}

function checkType(
  context: CheckContext,
  definition: PropertyDefinition,
  value: Value,
  path: Path,
  depth: number,
): Value {
  const { type } = definition;
  if (isUnitKind(type)) return unitText(type, value);
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw wrong(value, 'a string');
      return value;
    case 'integer':
      return checkInteger(value);
    case 'float':
    case 'number':
      return checkNumber(type, value);
    case 'boolean':
      return checkBoolean(value);
    case 'timestamp':
      return checkTimestamp(value);
    case 'range':
      return checkRange(value);
    case 'version':
      return toscaVersion(value);
    case 'list':
      return checkList(context, definition, value, path, depth);
    case 'map':
      return checkMap(context, definition, value, path, depth);
    case 'json':
    case 'xml':
    case 'null':
      return value;
    case 'PortSpec':
      return checkPortSpec(context, value, path, depth);
    default:
      return checkDataType(context, type, value, path, depth);
  }
}

function wrong(value: Value, what: string): ToscaError {
  return fault('ValueError', `"${pythonText(value)}" is not ${what}.`);
}

function unitText(kind: UnitKind, value: Value): Value {
  const { numberText, unit } = parseScalarUnit(kind, value);
  return `${numberText} ${unit}`;
}

function checkInteger(value: Value): Value {
  if (isInteger(value) || typeof value === 'boolean') return value;
  if (isFraction(value)) return Math.trunc(asNumber(value) ?? 0);
  if (typeof value === 'string' && /^\s*[-+]?\d{1,300}\s*$/.test(value)) {
    const number = BigInt(value.trim().replace(/^\+/, ''));
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  }
  throw wrong(value, 'an integer');
}

function checkNumber(type: 'float' | 'number', value: Value): Value {
  if (isInteger(value) || isFraction(value)) return value;
  throw wrong(value, type === 'float' ? 'a float' : 'a numeric');
}

function checkBoolean(value: Value): Value {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  throw wrong(value, 'a boolean');
}

function checkTimestamp(value: Value): Value {
  if (value instanceof YamlDate) return value.text;
  const text = pythonText(value);
  const isDate =
    /\d/.test(text) && (!Number.isNaN(Date.parse(text)) || /^\d{4}(-?\d\d)?(-?\d\d)?([T ].*)?$/.test(text));
  if (isDate) return text;
  throw fault('ValueError', `"${text}" is not a valid timestamp. "Unknown string format: ${text}"`);
}

function checkRange(value: Value): Value {
  const [low, high, ...rest] = asList(value);
  const isBound = (bound: Value | undefined): bound is Value =>
    bound === 'UNBOUNDED' || isInteger(bound) || isFraction(bound);
  if (!isBound(low) || !isBound(high) || rest.length > 0) throw wrong(value, 'a valid range');
  const lowest = low === 'UNBOUNDED' ? Number.NEGATIVE_INFINITY : (asNumber(low) ?? 0);
  const highest = high === 'UNBOUNDED' ? Number.POSITIVE_INFINITY : (asNumber(high) ?? 0);
  if (lowest > highest) throw wrong(value, 'a valid range');
  return value;
}

function checkList(
  context: CheckContext,
  { entrySchema }: PropertyDefinition,
  value: Value,
  path: Path,
  depth: number,
): Value {
  if (!isList(value)) throw wrong(value, 'a list');
  if (entrySchema === undefined) return value;
  return value.map((item, index) =>
    checkEntry(context, entrySchema, item, [...path, index], entrySchema.name, depth + 1),
  );
}

function checkMap(
  context: CheckContext,
  { entrySchema, keySchema }: PropertyDefinition,
  value: Value,
  path: Path,
  depth: number,
): Value {
  if (!isMap(value)) throw wrong(value, 'a map');
  const checked = new Map<Key, Value>();
  for (const [key, item] of value) {
    const place = [...path, String(key)];
    if (keySchema !== undefined) checkEntry(context, keySchema, key, place, keySchema.name, depth + 1);
    checked.set(
      key,
      entrySchema === undefined ? item : checkEntry(context, entrySchema, item, place, entrySchema.name, depth + 1),
    );
  }
  return checked;
}

function checkDataType(context: CheckContext, type: string, value: Value, path: Path, depth: number): Value {
  const { catalog, findings } = context;
  const { name } = catalog.get(type, 'data');
  const base = catalog
    .lineage(name, 'data')
    .find((ancestor) => asText(ancestor.body.get('type')) !== undefined && !ancestor.body.has('properties'));
  if (base !== undefined) {
    const definition = catalog.dataValue(base);
    return checkEntry(context, definition, value, path, 'None', depth + 1);
  }
  const fields = catalog.properties(name, 'data');
  if (!isMap(value)) throw fault('TypeMismatchError', `${pythonText(value)} must be of type "${name}".`, { path });
  for (const key of value.keys()) {
    if (typeof key !== 'string' || !fields.has(key)) {
      reportUnknownField(findings, `Data value of type "${name}"`, pythonText(key), fields.keys(), path);
    }
  }
  const missing = [...fields.values()].filter(
    (field) => field.isRequired && field.default === undefined && (value.get(field.name) ?? null) === null,
  );
  if (missing.length > 0) {
    const names = pythonRepr(missing.map((field) => field.name));
    findings.add('MissingRequiredFieldError', `Data value of type "${name}" is missing required field "${names}".`, {
      path,
    });
  }
  const filled = new Map<Key, Value>(value);
  for (const field of fields.values()) {
    if ((value.get(field.name) ?? null) === null && isWritten(field.default)) filled.set(field.name, field.default);
  }
  for (const [key, item] of filled) {
    const field = typeof key === 'string' ? fields.get(key) : undefined;
    if (field !== undefined && item !== null) {
      filled.set(key, checkEntry(context, field, item, [...path, field.name], field.name, depth + 1));
    }
  }
  return filled;
}

/** Only defaults that Python counts as true are written into values. */
function isWritten(value: Value | undefined): value is Value {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false;
  if (value instanceof YamlFloat) return value.value !== 0;
  return !(isList(value) && value.length === 0) && !(isMap(value) && value.size === 0);
}

const PORT_KEYS = ['source', 'source_range', 'target', 'target_range'];

/** The short name `PortSpec` has one rule more: some port must be given. */
function checkPortSpec(context: CheckContext, value: Value, path: Path, depth: number): Value {
  const spec = asMap(value);
  if (isMap(value) && !PORT_KEYS.some((key) => (spec.get(key) ?? null) !== null)) {
    throw fault(
      'InvalidTypeAdditionalRequirementsError',
      'Additional requirements for type "tosca.datatypes.network.PortSpec" not met.',
    );
  }
  const checked = checkDataType(context, 'tosca.datatypes.network.PortSpec', value, path, depth);
  for (const side of ['source', 'target']) {
    const range = asList(asMap(checked).get(`${side}_range`));
    const port = asNumber(asMap(checked).get(side));
    const [low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY] = range.map((bound) => asNumber(bound));
    if (port !== undefined && range.length === 2 && (port < low || port > high)) {
      throw fault('ValueError', `"${pythonText(value)}" do not meet requirements for type "PortSpec".`, { path });
    }
  }
  return checked;
}
