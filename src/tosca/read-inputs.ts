// SPDX-License-Identifier: Apache-2.0
// The inputs of a document: schema, type of the default, and our rules on constraints and `required` (spec tosca 5.1).

import { type CheckContext, checkProperty } from './check-value.js';
import { checkConstraints } from './constraint.js';
import { fault, type Path } from './error.js';
import { functionOf } from './function-call.js';
import { propertyDefinition } from './property-definition.js';
import { pythonText } from './python-text.js';
import type { Input } from './template.js';
import { checkFields } from './unknown-field.js';
import { asMap, asText, isList, isMap, isTruthy, namedEntries, type Value, type ValueMap } from './value.js';

const FIELDS = new Set([
  'type',
  'description',
  'default',
  'constraints',
  'required',
  'status',
  'key_schema',
  'entry_schema',
  'metadata',
]);

const TYPES = new Set([
  'integer',
  'string',
  'boolean',
  'float',
  'range',
  'number',
  'timestamp',
  'list',
  'map',
  'scalar-unit.size',
  'scalar-unit.frequency',
  'scalar-unit.time',
  'version',
  'PortDef',
  'PortSpec',
]);

/** Reads the inputs. `isStrict`: enforce constraints and `required` (spec/README.md, TOSCA). */
export function readInputs(
  context: CheckContext,
  section: Value | undefined,
  isStrict: boolean,
): ReadonlyMap<string, Input> {
  const { findings } = context;
  const inputs = new Map<string, Input>();
  if (section !== undefined && section !== null && !isMap(section)) {
    findings.add('TypeMismatchError', 'inputs must be of type "dict".', { path: ['topology_template', 'inputs'] });
  }
  for (const [name, body] of namedEntries(asMap(section))) {
    const path = ['topology_template', 'inputs', name];
    inputs.set(name, { name, value: asMap(body).get('default') ?? null });
    findings.attempt(() => checkInput(context, name, body, isStrict, path), path);
  }
  return inputs;
}

function checkInput(context: CheckContext, name: string, body: Value, isStrict: boolean, path: Path): void {
  const { findings } = context;
  if (!isMap(body)) throw fault('TypeMismatchError', `Input "${name}" must be of type "dict".`);
  checkFields(findings, `Input "${name}"`, body, FIELDS, path);
  const type = asText(body.get('type'));
  if (type === undefined) throw fault('MissingRequiredFieldError', `Input "${name}" is missing required field "type".`);
  if (!TYPES.has(type)) throw fault('ValueError', `Invalid type "${type}".`);
  if (body.has('constraints') && !isList(body.get('constraints')))
    throw fault('InvalidSchemaError', 'Invalid constraint schema.');
  const value = body.get('default') ?? null;
  const place = [...path, 'default'];
  if (functionOf(value) === undefined) {
    if (type === 'string' && value !== null && typeof value !== 'string') {
      throw fault('ValueError', `"${pythonText(value)}" is not a string.`, { path: place });
    }
    if (isTruthy(value)) checkProperty(context, propertyDefinition(name, new Map([['type', type]])), value, place);
  }
  if (isStrict) checkStrictly(context, name, body, value, place);
}

/** Our rules: a default fulfils its constraints, and an input that says `required: true` has a value. */
function checkStrictly(context: CheckContext, name: string, body: ValueMap, value: Value, path: Path): void {
  if (value === null) {
    if (body.get('required') !== true) return;
    const text = `Input "${name}" is required and has no value: put one into its "default".`;
    context.findings.add('MissingRequiredFieldError', text, { path });
    return;
  }
  if (functionOf(value) !== undefined) return;
  // Of the schema only the constraints are new: the reference never checked entries against their types.
  const definition = propertyDefinition(name, withoutStatus(body));
  checkConstraints(context.findings, definition.constraints, name, value, path);
  const entries = definition.entrySchema?.constraints ?? [];
  const items = isMap(value) ? [...value.values()] : isList(value) ? value : [];
  for (const item of items) {
    if (functionOf(item) === undefined) checkConstraints(context.findings, entries, name, item, path);
  }
}

/** Inputs may carry any `status` and `required`; only the schema of the value counts. */
function withoutStatus(body: ValueMap): ValueMap {
  return new Map([...body].filter(([key]) => key !== 'status' && key !== 'required' && key !== 'default'));
}
