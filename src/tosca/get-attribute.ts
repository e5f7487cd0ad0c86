// SPDX-License-Identifier: Apache-2.0
// `get_attribute`: which attribute of which node is meant (spec tosca 7.4; 7.7 steps 1-4).
import { nodeNamed, nodeOf, relationshipEnd, requirementTarget } from './entity.js';
import { fault } from './error.js';
import { functionOf } from './function-call.js';
import { hostOf } from './graph.js';
import { pythonText } from './python-text.js';
import { type Evaluate, ownerName, type Scope } from './scope.js';
import type { NodeTemplate } from './template.js';
import { asNumber, isInteger, isTruthy, type Value } from './value.js';

/** Text of a call with too few arguments. */
export const TOO_FEW_ARGUMENTS =
  'Illegal arguments for function "get_attribute". Expected arguments: "node-template-name", "req-or-cap"(optional), "property name"';

/**
 * The value of an attribute.
 *
 * @throws ToscaError when there is no such node
 */
export function getAttribute(args: readonly Value[], scope: Scope, evaluate: Evaluate): Value {
  if (args.length < 2) throw fault('ValueError', TOO_FEW_ARGUMENTS);
  const [entity = null, ...written] = args;
  const rest = written.map((argument) => (functionOf(argument) === undefined ? argument : evaluate(argument, scope)));
  let node = attributeNode(entity, scope);
  if (node === undefined) return null;
  const [first = null, second] = rest;
  let capability: string | undefined;
  let keys = rest.slice(1);
  let attribute = pythonText(first);
  if (second !== undefined) {
    const target = requirementTarget(scope.template, node, first);
    if (target !== undefined || node.capabilities.has(attribute)) {
      node = target ?? node;
      capability = attribute;
      attribute = pythonText(second);
      keys = rest.slice(2);
    }
  }
  const index = indexOf(keys[0]);
  if (index !== undefined) keys = keys.slice(1);
  const preset = scope.template.catalog.attributes(node.type, 'node').get(attribute)?.default;
  if (capability === undefined && isTruthy(preset)) return preset ?? null;
  return scope.attribute({ node, entity: pythonText(entity), capability, attribute, index, keys }, scope);
}

function attributeNode(entity: Value, { template, owner }: Scope): NodeTemplate | undefined {
  const self = nodeOf(owner);
  if (entity === 'SELF' && self !== undefined) return self;
  if (entity === 'HOST' && self !== undefined) return hostOf(template, self);
  if (entity === 'SOURCE' || entity === 'TARGET') return relationshipEnd(entity, owner);
  return nodeNamed(template, entity);
}

/** An integer, or the text of one. */
function indexOf(key: Value | undefined): number | undefined {
  if (isInteger(key)) return asNumber(key);
  return typeof key === 'string' && /^-?\d{1,9}$/.test(key) ? Number(key) : undefined;
}

/** The message of a call that names no node. */
export function notInChain(scope: Scope): string {
  return `"get_attribute: [ HOST, ... ]" was used in node template "${ownerName(scope.owner)}" but "tosca.relationships.HostedOn" was not found in the relationship chain.`;
}
