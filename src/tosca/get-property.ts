// SPDX-License-Identifier: Apache-2.0
// `get_property` (spec tosca 7.3).
import { hostWith, nodeNamed, nodeOf, relationshipEnd, requirementTarget } from './entity.js';
import { fault } from './error.js';
import { functionOf } from './function-call.js';
import { pythonText } from './python-text.js';
import { type Evaluate, ownedBy, ownerName, type Scope } from './scope.js';
import type { NodeTemplate, Owner } from './template.js';
import { asNumber, isInteger, isList, isMap, type Value } from './value.js';

/** A value that was found, and who holds it: functions inside it refer to that holder. */
interface Found {
  readonly value: Value;
  readonly holder: Owner;
  readonly keys: readonly Value[];
  /** For messages about keys. */
  readonly property: string;
  readonly section: string;
}

/**
 * The value of a property.
 *
 * @throws ToscaError when there is no such entity, property or element
 */
export function getProperty(args: readonly Value[], scope: Scope, evaluate: Evaluate): Value {
  if (args.length < 2) {
    throw fault('ValueError', 'Expected arguments: "node-template-name", "req-or-cap" (optional), "property name".');
  }
  const [entity = null, ...written] = args;
  const rest = written.map((argument) => (functionOf(argument) === undefined ? argument : evaluate(argument, scope)));
  const found = find(entity, rest, scope);
  const inner = ownedBy(scope, found.holder);
  let value = found.value;
  if (functionOf(value) !== undefined) value = evaluate(value, inner);
  for (const key of found.keys) {
    value = element(value, key, found, scope);
    if (functionOf(value) !== undefined) value = evaluate(value, inner);
  }
  return evaluate(value, inner);
}

function find(entity: Value, rest: readonly Value[], scope: Scope): Found {
  const { template, owner } = scope;
  if (entity === 'SELF' && owner?.kind === 'relationship') return relationshipProperty(owner, rest);
  if (entity === 'HOST') return hostProperty(rest, scope);
  if (entity === 'SELF' && owner?.kind === 'node') return nodeProperty(owner, rest, scope);
  if (entity === 'SOURCE' || entity === 'TARGET') return nodeProperty(relationshipEnd(entity, owner), rest, scope);
  return nodeProperty(nodeNamed(template, entity, ` referenced from node template ${ownerName(owner)}`), rest, scope);
}

function relationshipProperty(
  owner: Extract<Owner, { kind: 'relationship' }>,
  [name = null, ...keys]: readonly Value[],
): Found {
  const property = pythonText(name);
  const value = owner.properties.get(property);
  if (value === undefined)
    throw fault('KeyError', `Property "${property}" was not found in node template "${owner.name}".`);
  return { value, holder: owner, keys, property, section: property };
}

function nodeProperty(node: NodeTemplate, rest: readonly Value[], scope: Scope): Found {
  const [first = null, second, ...keys] = rest;
  const name = pythonText(first);
  const own = node.properties.get(name);
  if (own !== undefined) return { value: own, holder: node, keys: rest.slice(1), property: name, section: name };
  if (second === undefined)
    throw fault('KeyError', `Property "${name}" was not found in node template "${node.name}".`);
  return { ...capabilityProperty(node, name, pythonText(second), scope), keys };
}

function capabilityProperty(node: NodeTemplate, section: string, property: string, scope: Scope): Omit<Found, 'keys'> {
  const target = requirementTarget(scope.template, node, section);
  const holder = target?.capabilities.has(section) === true ? target : node;
  const capability = holder.capabilities.get(section);
  const referrer = ownerName(scope.owner);
  if (capability === undefined) {
    const text = `Requirement/Capability "${section}" referenced from node template "${referrer}" was not found in node template "${node.name}".`;
    throw fault('KeyError', text);
  }
  const value = capability.values.get(property);
  if (value === undefined) {
    const text = `Property "${property}" was not found in capability "${section}" of node template "${holder.name}" referenced from node template "${referrer}".`;
    throw fault('KeyError', text);
  }
  return { value, holder, property, section };
}

/** `HOST`: the nearest container up the chain that has the property (spec tosca 7.3). */
function hostProperty(rest: readonly Value[], scope: Scope): Found {
  const { template, owner } = scope;
  const [first = null, second] = rest;
  const name = pythonText(first);
  const start = nodeOf(owner);
  const host =
    start &&
    hostWith(template, start, (node) => {
      if (template.catalog.properties(node.type, 'node').has(name)) return true;
      return second !== undefined && node.capabilities.get(name)?.values.get(pythonText(second)) !== undefined;
    });
  if (host === undefined)
    throw fault('KeyError', `Property "${name}" was not found in node template "${ownerName(owner)}".`);
  return nodeProperty(host, rest, scope);
}

function element(value: Value, key: Value, found: Found, { owner }: Scope): Value {
  const about = `Property '${found.property}' found in capability '${found.section}' referenced from node template ${ownerName(owner)}`;
  if (isList(value)) {
    const index = isInteger(key) || /^-?\d{1,9}$/.test(pythonText(key)) ? (asNumber(key) ?? Number(key)) : undefined;
    if (index === undefined) {
      throw fault(
        'ValueError',
        `Illegal arguments for function "get_property". "${pythonText(key)}" Expected positive integer argument`,
      );
    }
    const item = value.at(index);
    if (item === undefined) throw fault('KeyError', `${about} must have an element with index ${pythonText(key)}.`);
    return item;
  }
  if (!isMap(value)) throw fault('KeyError', `${about} must be a ${isInteger(key) ? 'list' : 'dict'}.`);
  const item = typeof key === 'object' ? undefined : (value.get(key) ?? value.get(pythonText(key)));
  if (item === undefined) throw fault('KeyError', `${about} must have an attribute named ${pythonText(key)}.`);
  return item;
}
