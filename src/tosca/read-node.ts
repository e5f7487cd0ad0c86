// SPDX-License-Identifier: Apache-2.0
// Reads and checks one node template: keys, capabilities, requirements, properties, interfaces (spec tosca 6.3-6.9).
import { type CheckContext, checkProperty } from './check-value.js';
import { fault, type Path } from './error.js';
import { functionOf } from './function-call.js';
import { checkInterfaces } from './interfaces.js';
import type { PropertyDefinition } from './property-definition.js';
import { pythonRepr, pythonText } from './python-text.js';
import { readRequirements } from './read-requirements.js';
import type { Capability, Input, NodeTemplate } from './template.js';
import { checkFields, reportUnknownField } from './unknown-field.js';
import { asMap, asNumber, asText, isMap, namedEntries, type Value, type ValueMap } from './value.js';

const FIELDS = new Set([
  'derived_from',
  'properties',
  'requirements',
  'interfaces',
  'capabilities',
  'type',
  'description',
  'directives',
  'attributes',
  'artifacts',
  'node_filter',
  'copy',
  'metadata',
]);

/** What reading nodes needs. */
export interface NodeContext extends CheckContext {
  readonly inputs: ReadonlyMap<string, Input>;
}

/**
 * The node; problems inside it become findings.
 *
 * @throws ToscaError when there is no node to speak of: no type, an unknown one
 */
export function readNode(context: NodeContext, name: string, body: Value): NodeTemplate {
  const { catalog, findings } = context;
  const path: Path = ['topology_template', 'node_templates', name];
  if (!isMap(body)) throw fault('TypeMismatchError', `Node template "${name}" must be of type "dict".`, { path });
  const written = asText(body.get('type'));
  if (written === undefined) {
    throw fault('MissingRequiredFieldError', `Template "${name}" is missing required field "type".`, { path });
  }
  const { name: type } = catalog.get(written, 'node');
  const rootType = catalog.rootType(type, 'node');
  checkFields(findings, `Node template "${name}"`, body, FIELDS, path);
  const where = { name, type, path };
  const capabilities = readCapabilities(context, where, asMap(body.get('capabilities')));
  const requirements = readRequirements(context, where, body.get('requirements'));
  const properties = readProperties(context, where, body.get('properties'));
  checkInterfaces(context, where, asMap(body.get('interfaces')));
  return { kind: 'node', name, type, rootType, body, properties, capabilities, requirements };
}

/** A node under construction, for messages. */
export interface NodePlace {
  readonly name: string;
  readonly type: string;
  readonly path: Path;
}

function readCapabilities(context: NodeContext, node: NodePlace, assigned: ValueMap): ReadonlyMap<string, Capability> {
  const { catalog, findings } = context;
  const types = catalog.capabilities(node.type);
  const capabilities = new Map<string, Capability>();
  for (const [name, body] of namedEntries(assigned)) {
    const path = [...node.path, 'capabilities', name];
    const type = types.get(name);
    if (type === undefined) {
      reportUnknownField(findings, `"capabilities" of template "${node.name}"`, name, types.keys(), [
        ...node.path,
        'capabilities',
      ]);
      continue;
    }
    const written = asMap(asMap(body).get('properties'));
    findings.attempt(() => {
      checkCapability(context, node, name, type, written, [...path, 'properties']);
      capabilities.set(name, capability(context, name, type, written, true));
    }, path);
  }
  for (const [name, type] of types) {
    if (capabilities.has(name)) continue;
    findings.attempt(() => capabilities.set(name, capability(context, name, type, new Map(), false)), node.path);
  }
  return capabilities;
}

function capability(
  { catalog, inputs }: NodeContext,
  name: string,
  type: string,
  written: ValueMap,
  isAssigned: boolean,
): Capability {
  const values = new Map<string, Value>();
  for (const definition of catalog.ownProperties(type, 'capability')) {
    if (definition.default !== undefined) values.set(definition.name, definition.default);
  }
  for (const [key, value] of namedEntries(written)) values.set(key, inputValue(inputs, value));
  return { name, type, rootType: catalog.rootType(type, 'capability'), isAssigned, values };
}

/** `get_input` in capability properties is replaced while parsing (spec tosca 7.1). */
function inputValue(inputs: ReadonlyMap<string, Input>, value: Value): Value {
  const call = functionOf(value);
  const [name] = call?.name === 'get_input' && call.args.length === 1 ? call.args : [];
  const input = typeof name === 'string' ? inputs.get(name) : undefined;
  return input === undefined ? value : input.value;
}

function checkCapability(
  context: NodeContext,
  node: NodePlace,
  name: string,
  type: string,
  written: ValueMap,
  path: Path,
): void {
  const { catalog, findings } = context;
  const definitions = catalog.properties(type, 'capability');
  checkAssigned(context, node.name, definitions, written, path);
  if (name !== 'scalable' || (written.get('default_instances') ?? null) === null) return;
  const [low, chosen, high] = ['min_instances', 'default_instances', 'max_instances'].map((key) =>
    asNumber(written.get(key)),
  );
  if (low === undefined || chosen === undefined || high === undefined) return;
  if (chosen < low || chosen > high) {
    const text = `"properties" of template "${node.name}": "default_instances" value is not between "min_instances" and "max_instances".`;
    findings.add('ValidationError', text, { path: [...path, 'default_instances'] });
  }
}

/** Checks names and values of assigned properties; gives the converted values. */
export function checkAssigned(
  context: CheckContext,
  owner: string,
  definitions: ReadonlyMap<string, PropertyDefinition>,
  written: ValueMap,
  path: Path,
): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [key, value] of written) {
    const definition = typeof key === 'string' ? definitions.get(key) : undefined;
    if (definition === undefined) {
      // A type that declares nothing takes everything (spec tosca 6.3).
      if (definitions.size === 0) values.set(String(key), value);
      else
        reportUnknownField(
          context.findings,
          `"properties" of template "${owner}"`,
          pythonText(key),
          definitions.keys(),
          path,
        );
    } else if (value === null) {
      values.set(definition.name, null);
    } else {
      const place = [...path, definition.name];
      const converted = context.findings.attempt(() => checkProperty(context, definition, value, place), place);
      values.set(definition.name, converted ?? null);
    }
  }
  return values;
}

function readProperties(context: NodeContext, node: NodePlace, body: Value | undefined): ReadonlyMap<string, Value> {
  const { catalog, findings } = context;
  const path = [...node.path, 'properties'];
  if (body !== undefined && body !== null && !isMap(body)) {
    findings.add('TypeMismatchError', `"properties" of template "${node.name}" must be of type "dict".`, { path });
  }
  const written = asMap(body);
  const definitions = catalog.properties(node.type, 'node');
  const missing = [...definitions.values()].filter(
    ({ name, isRequired, default: preset }) =>
      isRequired && preset === undefined && (written.get(name) ?? null) === null,
  );
  if (missing.length > 0) {
    const names = pythonRepr(missing.map(({ name }) => name));
    findings.add(
      'MissingRequiredFieldError',
      `"properties" of template "${node.name}" is missing required field "${names}".`,
      {
        path: node.path,
      },
    );
  }
  const values = checkAssigned(context, node.name, definitions, written, path);
  for (const definition of definitions.values()) {
    if ((values.get(definition.name) ?? null) === null && definition.default !== undefined) {
      values.set(definition.name, definition.default);
    }
  }
  return new Map([...values].filter(([, value]) => value !== null));
}
