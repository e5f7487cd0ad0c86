// SPDX-License-Identifier: Apache-2.0
// The operations of nodes and relationships, own and inherited, and which of them run (spec tosca 8.10, 8.11).
import { operationsOf, STANDARD_OPERATIONS, shortInterfaceName } from './interfaces.js';
import type { NodeTemplate, Owner, Relationship, Template } from './template.js';
import { asMap, EMPTY_MAP, isMap, namedEntries, type Value, type ValueMap } from './value.js';

/** An operation with what it needs. */
export interface Operation {
  readonly name: string;
  /** Node or relationship whose functions and name count. */
  readonly owner: Owner;
  /** A text, or a mapping of file and repository; null when there is none. */
  readonly implementation: Value;
  readonly inputs: ValueMap;
}

/** Operations by name. */
export type Operations = Map<string, Operation>;

const OF_SOURCE = ['pre_configure_source', 'post_configure_source', 'add_source'];
const OF_TARGET = ['pre_configure_target', 'post_configure_target', 'add_target', 'target_changed', 'remove_target'];
/** Those that are also looked for in the type of the other node. */
const IN_NODE_TYPES = new Set([
  'pre_configure_source',
  'post_configure_source',
  'pre_configure_target',
  'post_configure_target',
]);

function operation(name: string, body: Value, owner: Owner): Operation {
  if (!isMap(body)) return { name, owner, implementation: body, inputs: EMPTY_MAP };
  const implementation = body.get('implementation') ?? null;
  // The extended notation of the language: `{primary: ..., dependencies: [...]}`.
  const primary = isMap(implementation) ? implementation.get('primary') : undefined;
  return { name, owner, implementation: primary ?? implementation, inputs: asMap(body.get('inputs')) };
}

/** Operations written in the node, of any interface, then those of its types that are not there yet. */
function nodeOperations(template: Template, node: NodeTemplate): Operations {
  const operations: Operations = new Map();
  for (const [, body] of namedEntries(asMap(node.body.get('interfaces')))) {
    for (const [name, definition] of operationsOf(body)) operations.set(name, operation(name, definition, node));
  }
  const inherited = typeOperations(template, node, STANDARD_OPERATIONS);
  for (const [name, found] of inherited) {
    if (!operations.has(name)) operations.set(name, found);
  }
  return operations;
}

function typeOperations(template: Template, node: NodeTemplate, names: readonly string[]): Operations {
  const operations: Operations = new Map();
  for (const type of template.catalog.lineage(node.type, 'node')) {
    collect(operations, asMap(type.body.get('interfaces')), new Set(names), node);
  }
  return operations;
}

/** Operations of the interfaces Standard and Configure; those found before stay. */
function collect(operations: Operations, interfaces: ValueMap, names: ReadonlySet<string>, owner: Owner): void {
  for (const [interfaceName, body] of namedEntries(interfaces)) {
    const short = shortInterfaceName(interfaceName);
    if (short !== 'Standard' && short !== 'Configure') continue;
    for (const [name, definition] of operationsOf(body)) {
      if (names.has(name) && !operations.has(name)) operations.set(name, operation(name, definition, owner));
    }
  }
}

/** What relationships add to the operations of nodes, by node name. */
export function relationshipOperations(template: Template): ReadonlyMap<string, Operations> {
  const added = new Map<string, Operations>();
  for (const relationships of template.relationships.values()) {
    for (const relationship of relationships) {
      const { source, target } = relationship;
      addOperations(template, added, relationship, source, target, OF_SOURCE);
      addOperations(template, added, relationship, target, source, OF_TARGET);
    }
  }
  return added;
}

/** Operations of one end: the other node's, overridden by the relationship's own, overridden by its type's. */
function addOperations(
  template: Template,
  added: Map<string, Operations>,
  relationship: Relationship,
  node: NodeTemplate,
  other: NodeTemplate,
  names: readonly string[],
): void {
  const found: Operations = new Map();
  const wanted = new Set(names);
  for (const [name, inherited] of typeOperations(template, other, names)) {
    if (IN_NODE_TYPES.has(name)) found.set(name, { ...inherited, owner: relationship });
  }
  for (const interfaces of [asMap(other.body.get('interfaces')), relationship.interfaces]) {
    for (const [, body] of namedEntries(interfaces)) {
      for (const [name, definition] of operationsOf(body)) {
        if (wanted.has(name)) found.set(name, operation(name, definition, relationship));
      }
    }
  }
  const ofType: Operations = new Map();
  for (const type of template.catalog.lineage(relationship.type, 'relationship')) {
    collect(ofType, asMap(type.body.get('interfaces')), wanted, relationship);
  }
  for (const [name, definition] of ofType) found.set(name, definition);
  if (found.size === 0) return;
  const operations = added.get(node.name) ?? new Map<string, Operation>();
  for (const [name, definition] of found) operations.set(name, definition);
  added.set(node.name, operations);
}

/** The order in which operations run; others are not used. */
const RUN_ORDER = [
  'create',
  'pre_configure_source',
  'pre_configure_target',
  'configure_rel',
  'configure',
  'post_configure_source',
  'post_configure_target',
  'start',
  'add_target',
  'add_source',
  'target_changed',
  'remove_target',
];

/** The operations of a node that run, in their order. */
export function runningOperations(
  template: Template,
  node: NodeTemplate,
  added: ReadonlyMap<string, Operations>,
): readonly Operation[] {
  const operations = new Map([...nodeOperations(template, node), ...(added.get(node.name) ?? [])]);
  return RUN_ORDER.flatMap((name) => {
    const found = operations.get(name);
    return found === undefined || isEmpty(found) ? [] : [found];
  });
}

/** `create:` with nothing behind it, as interface types declare operations. */
function isEmpty({ implementation, inputs }: Operation): boolean {
  return implementation === null && inputs.size === 0;
}
