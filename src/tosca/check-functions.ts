// SPDX-License-Identifier: Apache-2.0
// Checks of functions while parsing: those that are the direct value of something (spec tosca 7.1, 7.3, 7.4).
import { hostWith, nodeNamed, nodeOf, relationshipEnd, requirementTarget } from './entity.js';
import { type Findings, fault, type Path } from './error.js';
import { evaluate, getInput } from './evaluate.js';
import { type FunctionCall, functionOf } from './function-call.js';
import { notInChain, TOO_FEW_ARGUMENTS } from './get-attribute.js';
import { getProperty } from './get-property.js';
import { operationsOf } from './interfaces.js';
import { type AttributeDefinition, attributeDefinition } from './property-definition.js';
import { pythonText } from './python-text.js';
import { ownerName, type Scope } from './scope.js';
import type { NodeTemplate, Owner, Template } from './template.js';
import { asMap, asText, isInteger, namedEntries, type Value } from './value.js';

/** Checks a value that may be a function. */
export function checkFunction(findings: Findings, value: Value, scope: Scope, path: Path): void {
  const call = functionOf(value);
  if (call !== undefined) findings.attempt(() => checkCall(findings, call, scope, path), path);
}

function checkCall(findings: Findings, { name, args }: FunctionCall, scope: Scope, path: Path): void {
  switch (name) {
    case 'get_input':
      checkInput(args, scope);
      return;
    case 'get_property':
      getProperty(args, scope, evaluate);
      return;
    case 'get_attribute':
      checkAttribute(args, scope);
      return;
    case 'concat':
      if (args.length === 0) {
        throw fault('ValueError', 'Invalid arguments for function "concat". Expected at least one arguments.');
      }
      return;
    case 'token':
      checkToken(findings, args, path);
      return;
    case 'get_operation_output':
      checkOperationOutput(args, scope);
  }
}

function checkInput(args: readonly Value[], scope: Scope): void {
  const [name] = args;
  const input = args.length === 1 && typeof name === 'string' ? scope.template.inputs.get(name) : undefined;
  // The value itself is only needed later; a bad one is reported then.
  if (input === undefined) getInput(args, scope);
}

function checkToken(findings: Findings, args: readonly Value[], path: Path): void {
  const invalid = (what: string): void =>
    findings.add('ValueError', `Invalid arguments for function "token". Expected ${what}.`, { path });
  if (args.length < 3) {
    invalid('at least three arguments');
    return;
  }
  const [, separator, index] = args;
  if (functionOf(separator) === undefined && (typeof separator !== 'string' || [...separator].length !== 1)) {
    invalid('single char value as second argument');
  }
  if (functionOf(index) === undefined && !isInteger(index)) invalid('integer value as third argument');
}

function checkAttribute(args: readonly Value[], scope: Scope): void {
  if (args.length < 2) throw fault('ValueError', TOO_FEW_ARGUMENTS);
  const [entity = null, ...written] = args;
  const rest = written.map((argument) => (functionOf(argument) === undefined ? argument : evaluate(argument, scope)));
  const [first = null, second] = rest;
  const name = pythonText(first);
  const { template, owner } = scope;
  if (entity === 'SELF' && owner?.kind === 'relationship') {
    const attribute = template.catalog.attributes(owner.type, 'relationship').get(name);
    if (attribute === undefined && !owner.properties.has(name)) throw unknownAttribute(name, owner.name);
    return;
  }
  const node = attributeNode(entity, rest, scope);
  const attribute = template.catalog.attributes(node.type, 'node').get(name);
  if (attribute !== undefined) {
    checkKeys(template, attribute, rest.slice(1));
    return;
  }
  if (second === undefined) {
    if (!node.properties.has(name)) throw unknownAttribute(name, node.name);
    return;
  }
  const target = requirementTarget(template, node, first);
  const holder = target?.capabilities.has(name) === true ? target : node;
  const capability = holder.capabilities.get(name);
  if (capability === undefined) {
    const text = `Requirement/Capability "${name}" referenced from node template "${ownerName(owner)}" was not found in node template "${node.name}".`;
    throw fault('KeyError', text);
  }
  const inner = template.catalog.attributes(capability.type, 'capability').get(pythonText(second));
  if (inner === undefined) {
    const text = `Attribute "${pythonText(second)}" was not found in capability "${name}" of node template "${holder.name}" referenced from node template "${ownerName(owner)}".`;
    throw fault('KeyError', text);
  }
  checkKeys(template, inner, rest.slice(2));
}

function unknownAttribute(name: string, owner: string): Error {
  return fault('KeyError', `Attribute "${name}" was not found in node template "${owner}".`);
}

function attributeNode(entity: Value, rest: readonly Value[], scope: Scope): NodeTemplate {
  const { template, owner } = scope;
  if (entity === 'HOST') {
    const start = nodeOf(owner);
    if (start === undefined) {
      throw fault(
        'ValueError',
        '"get_attribute: [ HOST, ... ]" is not allowed in "outputs" section of the TOSCA template.',
      );
    }
    const host = hostWith(template, start, (node) => hasAttribute(template, node, rest));
    if (host === undefined) throw fault('ValueError', notInChain(scope));
    return host;
  }
  if (entity === 'SELF' && owner?.kind === 'node') return owner;
  if (entity === 'SOURCE' || entity === 'TARGET') return relationshipEnd(entity, owner);
  return nodeNamed(template, entity);
}

function hasAttribute({ catalog }: Template, node: NodeTemplate, [first = null, second]: readonly Value[]): boolean {
  if (catalog.attributes(node.type, 'node').has(pythonText(first))) return true;
  const capability = second === undefined ? undefined : node.capabilities.get(pythonText(first));
  return capability !== undefined && catalog.attributes(capability.type, 'capability').has(pythonText(second));
}

const BASIC_TYPES = new Set([
  'string',
  'integer',
  'float',
  'boolean',
  'timestamp',
  'range',
  'version',
  'null',
  'number',
]);

function checkKeys({ catalog }: Template, attribute: AttributeDefinition, keys: readonly Value[]): void {
  let current = attribute;
  for (const key of keys) {
    const shown = pythonText(key);
    const illegal = (text: string): Error =>
      fault('ValueError', `Illegal arguments for function "get_attribute". ${text}`);
    if (current.type === 'list') {
      if (!isInteger(key) && !/^-?\d+$/.test(shown)) throw illegal(`"${shown}" Expected positive integer argument`);
      current = attributeDefinition(current.entrySchema);
    } else if (current.type === 'map') {
      current = attributeDefinition(current.entrySchema);
    } else if (BASIC_TYPES.has(current.type)) {
      throw illegal(`Unexpected attribute/index value "${shown}"`);
    } else {
      const field = catalog.properties(current.type, 'data').get(shown);
      if (field === undefined) {
        throw fault(
          'KeyError',
          `Illegal arguments for function "get_attribute". Attribute name "${shown}" not found in "${current.type}"`,
        );
      }
      current = {
        type: field.type,
        default: undefined,
        entrySchema: entryOf(catalog.find(current.type, 'data')?.body.get('properties'), shown),
      };
    }
  }
}

function entryOf(properties: Value | undefined, field: string): Value | undefined {
  return asMap(asMap(properties).get(field)).get('entry_schema');
}

function checkOperationOutput(args: readonly Value[], scope: Scope): void {
  if (args.length !== 4) {
    const text =
      'Illegal arguments for function "get_operation_output". Expected arguments: "template_name","interface_name","operation_name","output_variable_name"';
    throw fault('ValueError', text);
  }
  const [entity = null, interfaceName = null, operation = null] = args;
  const owner = namedOwner(entity, scope);
  const interfaces = owner.kind === 'node' ? asMap(owner.body.get('interfaces')) : owner.interfaces;
  const body = [...namedEntries(interfaces)].find(([name]) => name === asText(interfaceName))?.[1];
  const names = body === undefined ? [] : [...operationsOf(body)].map(([name]) => name);
  if (!names.includes(pythonText(operation))) {
    const text = `Node or relationship template "${owner.name}" has not interface "${pythonText(interfaceName)}" or operation "${pythonText(operation)}".`;
    throw fault('ValueError', text);
  }
}

function namedOwner(entity: Value, { template, owner }: Scope): Owner {
  if (entity === 'SELF' && owner !== undefined) return owner;
  if (entity === 'SOURCE' || entity === 'TARGET') return relationshipEnd(entity, owner);
  return nodeNamed(template, entity);
}
