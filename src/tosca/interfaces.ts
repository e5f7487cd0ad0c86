// SPDX-License-Identifier: Apache-2.0
// Interfaces and their operations: what is allowed, and the operations in them (spec tosca 6.9).
import type { NodeContext, NodePlace } from './read-node.js';
import type { TypeCatalog } from './type-catalog.js';
import { checkFields, reportUnknownField } from './unknown-field.js';
import { asMap, asText, isMap, namedEntries, type Value, type ValueMap } from './value.js';

/** Operations of `Standard` that are looked for in types. */
export const STANDARD_OPERATIONS = ['create', 'configure', 'start', 'stop', 'delete'] as const;

/** What a node may write in `Configure`; the other operations of that interface belong to relationships. */
const CONFIGURE_OF_NODES = ['post_configure_source', 'post_configure_target', 'add_target', 'remove_target'];

const FULL_NAMES: ReadonlyMap<string, string> = new Map([
  ['tosca.interfaces.node.lifecycle.Standard', 'Standard'],
  ['tosca.interfaces.relationship.Configure', 'Configure'],
]);

/** The short name of a normative interface, other names unchanged. */
export function shortInterfaceName(name: string): string {
  return FULL_NAMES.get(name) ?? name;
}

/** Keys of an interface that are no operations. */
const NOT_OPERATIONS = new Set([
  'type',
  'inputs',
  'notifications',
  'derived_from',
  'version',
  'description',
  'metadata',
]);

/** Operations of an interface body, unwrapped from `operations`. */
export function* operationsOf(body: Value): Generator<[string, Value]> {
  const wrapped = asMap(body).get('operations');
  for (const [name, operation] of namedEntries(isMap(wrapped) ? wrapped : asMap(body))) {
    if (!NOT_OPERATIONS.has(name)) yield [name, operation];
  }
}

const OPERATION_FIELDS = new Set(['implementation', 'inputs', 'outputs', 'description']);

/** Checks the interfaces written in a node. */
export function checkInterfaces(context: NodeContext, node: NodePlace, interfaces: ValueMap): void {
  const { catalog, findings } = context;
  const what = `"interfaces" of template "${node.name}"`;
  for (const [name, body] of namedEntries(interfaces)) {
    const path = [...node.path, 'interfaces', name];
    const allowed = allowedOperations(catalog, node.type, name);
    if (allowed === undefined) {
      reportUnknownField(findings, what, name, ['Standard', 'Configure'], [...node.path, 'interfaces']);
      continue;
    }
    for (const [operation, definition] of operationsOf(body)) {
      if (!allowed.has(operation)) reportUnknownField(findings, what, operation, allowed, path);
      if (isMap(definition)) checkFields(findings, what, definition, OPERATION_FIELDS, [...path, operation]);
    }
  }
}

/** Names of the operations that an interface of the node type may have; undefined when it has no such interface. */
function allowedOperations(catalog: TypeCatalog, nodeType: string, name: string): ReadonlySet<string> | undefined {
  const short = shortInterfaceName(name);
  if (short === 'Standard') return new Set(STANDARD_OPERATIONS);
  if (short === 'Configure') return new Set(CONFIGURE_OF_NODES);
  for (const type of catalog.lineage(nodeType, 'node')) {
    const declared = asMap(type.body.get('interfaces')).get(name);
    if (!isMap(declared)) continue;
    const operations = new Set([...operationsOf(declared)].map(([operation]) => operation));
    const interfaceType = catalog.find(asText(declared.get('type')) ?? '', 'interface');
    for (const [operation] of operationsOf(interfaceType?.body ?? null)) operations.add(operation);
    return operations;
  }
  return undefined;
}
