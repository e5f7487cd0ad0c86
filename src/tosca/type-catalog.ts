// SPDX-License-Identifier: Apache-2.0
// The types that a document can use: normative ones below custom ones, looked up with inheritance (spec tosca 6.1, 6.2).
import { fault } from './error.js';
import {
  type AttributeDefinition,
  attributeDefinition,
  type PropertyDefinition,
  propertyDefinition,
} from './property-definition.js';
import { didYouMean } from './unknown-field.js';
import { asList, asMap, asText, isMap, namedEntries, sameValue, type Value, type ValueMap } from './value.js';

/** The kinds of types, each with a prefix that short names leave out. */
export type TypeKind = 'node' | 'relationship' | 'capability' | 'data' | 'interface' | 'policy' | 'group';

const PREFIXES: Readonly<Record<TypeKind, string>> = {
  node: 'tosca.nodes.',
  relationship: 'tosca.relationships.',
  capability: 'tosca.capabilities.',
  data: 'tosca.datatypes.network.',
  interface: 'tosca.interfaces.',
  policy: 'tosca.policies.',
  group: 'tosca.groups.',
};

/** Types by name, whatever their kind: TOSCA has one flat name space. */
export type TypeTable = ReadonlyMap<string, ValueMap>;

/** A requirement as a node type declares it. */
export interface RequirementDefinition {
  readonly name: string;
  readonly body: ValueMap;
}

/** One type with its name. */
export interface TypeDefinition {
  readonly name: string;
  readonly body: ValueMap;
}

/** Every template walks the line of its type; real types are a handful of steps from their root. */
const MAX_LINEAGE = 32;
const UNSUPPORTED = new Set([
  'tosca.nodes.Storage.ObjectStorage',
  'tosca.nodes.Storage.BlockStorage',
  'tosca.test.invalidtype',
]);

/** All types of a document. */
export class TypeCatalog {
  readonly #custom: TypeTable;
  readonly #normative: TypeTable;
  readonly #lines = new Map<string, readonly TypeDefinition[]>();
  readonly #unions = new Map<string, ReadonlyMap<string, Value>>();
  readonly #properties = new Map<string, ReadonlyMap<string, PropertyDefinition>>();
  readonly #attributes = new Map<string, ReadonlyMap<string, AttributeDefinition>>();
  readonly #capabilities = new Map<string, ReadonlyMap<string, string>>();
  readonly #requirements = new Map<string, readonly RequirementDefinition[]>();

  constructor(custom: TypeTable, normative: TypeTable) {
    this.#custom = custom;
    this.#normative = normative;
  }

  /** The definition that a name means; undefined when there is none. */
  find(name: string, kind: TypeKind): TypeDefinition | undefined {
    const plain = name.startsWith('tosca:') ? name.slice('tosca:'.length) : name;
    const custom = this.#custom.get(plain) ?? this.#custom.get(name);
    if (custom !== undefined) return { name: this.#custom.has(plain) ? plain : name, body: custom };
    const full = plain.startsWith('tosca') ? plain : PREFIXES[kind] + plain;
    const normative = this.#normative.get(full);
    return normative === undefined ? undefined : { name: full, body: normative };
  }

  /** Whether the name is that of a custom type. */
  isCustom(name: string): boolean {
    return this.#custom.has(name);
  }

  /**
   * The definition that a name means.
   *
   * @throws ToscaError `InvalidTypeError` or `UnsupportedTypeError`
   */
  get(name: string, kind: TypeKind): TypeDefinition {
    const found = this.find(name, kind);
    if (found !== undefined) return found;
    if (UNSUPPORTED.has(name)) {
      throw fault('UnsupportedTypeError', `Type "${name}" is valid TOSCA type but not supported at this time.`);
    }
    const known = [...this.#custom.keys(), ...this.#normative.keys()].filter((other) =>
      other.startsWith(PREFIXES[kind]),
    );
    throw fault('InvalidTypeError', `Type "${name}" is not a valid type.`, { hint: didYouMean(name, known) });
  }

  /**
   * The type and its ancestors, the type first.
   *
   * @throws ToscaError for unknown types, for types that derive from themselves, and for lines without a sensible end
   */
  lineage(name: string, kind: TypeKind): readonly TypeDefinition[] {
    const key = `${kind} ${name}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line: TypeDefinition[] = [];
    const seen = new Set<string>();
    let next: string | undefined = name;
    while (next !== undefined) {
      const type = this.get(next, kind);
      if (seen.has(type.name)) throw fault('InvalidTypeError', `Type "${type.name}" is derived from itself.`);
      if (line.length === MAX_LINEAGE) {
        const text = `Type "${name}" is derived over more than ${MAX_LINEAGE} types. Derive it from a type nearer to the root.`;
        throw fault('InvalidTypeError', text);
      }
      seen.add(type.name);
      line.push(type);
      next = asText(type.body.get('derived_from'));
      // Roots of a kind need not be declared in a custom type file.
      if (next?.endsWith('.Root') && this.find(next, kind) === undefined) next = undefined;
    }
    this.#lines.set(key, line);
    return line;
  }

  /** Whether the type is the other one, or is derived from it. */
  derives(name: string, kind: TypeKind, ancestor: string): boolean {
    return this.find(name, kind) !== undefined && this.lineage(name, kind).some((type) => type.name === ancestor);
  }

  /** The ancestor just below the one whose name ends in `.Root` (spec tosca 6.2). */
  rootType(name: string, kind: TypeKind): string {
    const line = this.lineage(name, kind);
    return line.findLast((type) => !type.name.endsWith('.Root'))?.name ?? name;
  }

  /** Union of a section along the ancestors; the nearest definition of a name counts, whole. */
  #union(name: string, kind: TypeKind, section: string): ReadonlyMap<string, Value> {
    return memoized(this.#unions, `${kind} ${section} ${name}`, () => {
      const union = new Map<string, Value>();
      for (const type of this.lineage(name, kind)) {
        for (const [key, body] of namedEntries(asMap(type.body.get(section)))) {
          if (!union.has(key)) union.set(key, body);
        }
      }
      return union;
    });
  }

  /** Property definitions, own and inherited. @throws ToscaError for malformed definitions */
  properties(name: string, kind: TypeKind): ReadonlyMap<string, PropertyDefinition> {
    return memoized(this.#properties, `${kind} ${name}`, () => {
      const union = this.#union(name, kind, 'properties');
      return new Map([...union].map(([property, body]) => [property, propertyDefinition(property, body)]));
    });
  }

  /** Property definitions of the type itself, without ancestors. @throws ToscaError for malformed definitions */
  ownProperties(name: string, kind: TypeKind): readonly PropertyDefinition[] {
    const own = namedEntries(asMap(this.get(name, kind).body.get('properties')));
    return [...own].map(([property, body]) => propertyDefinition(property, body));
  }

  /** The basic type with constraints that a data type such as `PortDef` stands for. @throws ToscaError when malformed */
  dataValue(type: TypeDefinition): PropertyDefinition {
    return propertyDefinition('None', type.body);
  }

  /** Attribute definitions, own and inherited. */
  attributes(name: string, kind: TypeKind): ReadonlyMap<string, AttributeDefinition> {
    return memoized(this.#attributes, `${kind} ${name}`, () => {
      const union = this.#union(name, kind, 'attributes');
      return new Map([...union].map(([attribute, body]) => [attribute, attributeDefinition(body)]));
    });
  }

  /** Capability names of a node type with the names of their types. */
  capabilities(nodeType: string): ReadonlyMap<string, string> {
    return memoized(this.#capabilities, nodeType, () => {
      const types = new Map<string, string>();
      for (const [name, body] of this.#union(nodeType, 'node', 'capabilities')) {
        const type = typeof body === 'string' ? body : asText(asMap(body).get('type'));
        if (type !== undefined) types.set(name, this.find(type, 'capability')?.name ?? type);
      }
      return types;
    });
  }

  /** Artifacts of a node type, own and inherited. */
  artifacts(nodeType: string): ReadonlyMap<string, Value> {
    return this.#union(nodeType, 'node', 'artifacts');
  }

  /** Requirement definitions: the type's, then those of ancestors that are not deeply equal to one already there. */
  requirements(nodeType: string): readonly RequirementDefinition[] {
    return memoized(this.#requirements, nodeType, () => {
      const entries: { readonly name: string; readonly value: Value }[] = [];
      for (const type of this.lineage(nodeType, 'node')) {
        for (const item of asList(type.body.get('requirements'))) {
          for (const [name, value] of namedEntries(asMap(item))) {
            if (!entries.some((other) => other.name === name && sameValue(other.value, value)))
              entries.push({ name, value });
          }
        }
      }
      return entries.map(({ name, value }) => ({
        name,
        body: isMap(value) ? value : new Map([['capability', value]]),
      }));
    });
  }
}

function memoized<T>(memo: Map<string, T>, key: string, compute: () => T): T {
  const known = memo.get(key);
  if (known !== undefined) return known;
  const computed = compute();
  memo.set(key, computed);
  return computed;
}
