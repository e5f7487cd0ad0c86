// SPDX-License-Identifier: Apache-2.0
// Definitions of properties, attributes and inputs as types declare them (spec tosca 6.3).
import { type Constraint, parseConstraints } from './constraint.js';
import { fault } from './error.js';
import { pythonText } from './python-text.js';
import { asMap, asText, isMap, type Value, type ValueMap } from './value.js';

/** What a type says about one property. */
export interface PropertyDefinition {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** Undefined when there is none, or it is null. */
  readonly default: Value | undefined;
  readonly constraints: readonly Constraint[];
  /** Schema of entries of lists and maps. */
  readonly entrySchema: PropertyDefinition | undefined;
  /** Schema of keys of maps. */
  readonly keySchema: PropertyDefinition | undefined;
}

const parsed = new WeakMap<ValueMap, PropertyDefinition>();

/**
 * Reads a definition; definitions of shared types are read once.
 *
 * @throws ToscaError `InvalidSchemaError` when it is malformed
 */
export function propertyDefinition(name: string, body: Value | undefined): PropertyDefinition {
  if (!isMap(body)) throw fault('InvalidSchemaError', `Schema definition of "${name}" must be a dict.`);
  const known = parsed.get(body);
  if (known !== undefined && known.name === name) return known;
  const definition = readDefinition(name, body);
  parsed.set(body, definition);
  return definition;
}

const STATUSES = new Set(['supported', 'experimental', 'unsupported', 'deprecated']);

function readDefinition(name: string, body: ValueMap): PropertyDefinition {
  const type = asText(body.get('type'));
  if (type === undefined) {
    throw fault('InvalidSchemaError', `Schema definition of "${name}" must have a "type" attribute.`);
  }
  const required = body.get('required') ?? true;
  if (typeof required !== 'boolean') throw invalidAttribute(name, 'required', required, 'true, false');
  const status = body.get('status');
  if (status !== undefined && status !== null && !STATUSES.has(pythonText(status))) {
    throw invalidAttribute(name, 'status', status, 'supported, experimental');
  }
  return {
    name,
    type,
    isRequired: required,
    default: body.get('default') ?? undefined,
    constraints: parseConstraints(type, body.get('constraints')),
    entrySchema: nestedSchema('entry_schema', body.get('entry_schema')),
    keySchema: nestedSchema('key_schema', body.get('key_schema')),
  };
}

/** `entry_schema: {type: string}`, or `entry_schema: string` for short. */
function nestedSchema(name: string, body: Value | undefined): PropertyDefinition | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === 'string'
    ? propertyDefinition(name, new Map([['type', body]]))
    : propertyDefinition(name, body);
}

function invalidAttribute(name: string, attribute: string, value: Value, allowed: string): Error {
  return fault(
    'InvalidSchemaError',
    `Schema definition of "${name}" has "${attribute}" attribute with invalid value "${pythonText(value)}". ` +
      `The value must be one of "${allowed}".`,
  );
}

/** The definition of an attribute, of which only type, entries and default count. */
export interface AttributeDefinition {
  readonly type: string;
  readonly default: Value | undefined;
  readonly entrySchema: Value | undefined;
}

/** Reads an attribute definition leniently. */
export function attributeDefinition(body: Value | undefined): AttributeDefinition {
  const map = asMap(body);
  return {
    type: asText(map.get('type')) ?? asText(body) ?? 'string',
    default: map.get('default') ?? undefined,
    entrySchema: map.get('entry_schema') ?? undefined,
  };
}
