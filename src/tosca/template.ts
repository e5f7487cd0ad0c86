// SPDX-License-Identifier: Apache-2.0
// A document as the translation sees it: nodes with values and relationships, inputs, outputs, groups and policies.
import type { TypeCatalog } from './type-catalog.js';
import type { Value, ValueMap } from './value.js';

/** One capability of a node, assigned or not. */
export interface Capability {
  readonly name: string;
  readonly type: string;
  readonly rootType: string;
  readonly isAssigned: boolean;
  /** Defaults of the type's own definitions overlaid with what is assigned (spec tosca 6.5). */
  readonly values: ReadonlyMap<string, Value>;
}

/** One entry of `requirements`. */
export interface Requirement {
  readonly name: string;
  /** Node name; undefined when none is given. */
  readonly target: string | undefined;
  readonly isLongForm: boolean;
  /** `relationship` as written. */
  readonly relationship: Value | undefined;
}

/** A node template. */
export interface NodeTemplate {
  readonly kind: 'node';
  readonly name: string;
  /** Name of the type as it is defined. */
  readonly type: string;
  readonly rootType: string;
  readonly body: ValueMap;
  /** Assigned values, converted, and defaults. */
  readonly properties: ReadonlyMap<string, Value>;
  /** Assigned ones first. */
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly requirements: readonly Requirement[];
}

/** A requirement that counts, with what it is realised by (spec tosca 6.7). */
export interface Relationship {
  readonly kind: 'relationship';
  readonly source: NodeTemplate;
  readonly target: NodeTemplate;
  /** Relationship type of the definition that it fulfils; derivation tests look at it. */
  readonly baseType: string;
  /** Its own type. */
  readonly type: string;
  /** Name in lower case, as configure names show it. */
  readonly name: string;
  /** What is given, and defaults. */
  readonly properties: ReadonlyMap<string, Value>;
  readonly interfaces: ValueMap;
}

/** What a function can be written in. */
export type Owner = NodeTemplate | Relationship;

/** An input with its value, which may hold functions. */
export interface Input {
  readonly name: string;
  readonly value: Value;
}

/** A policy with the nodes that it is for. */
export interface Policy {
  readonly name: string;
  readonly type: string;
  readonly properties: ValueMap;
  readonly targets: ReadonlySet<string>;
}

/** A whole document. */
export interface Template {
  readonly catalog: TypeCatalog;
  /** Identity of the document; containers are named after it. */
  readonly documentId: string;
  readonly nodes: ReadonlyMap<string, NodeTemplate>;
  readonly inputs: ReadonlyMap<string, Input>;
  readonly outputs: ReadonlyMap<string, Value>;
  readonly policies: readonly Policy[];
  readonly repositories: ValueMap;
  readonly metadata: ValueMap;
  /** Relationships by name of their source, in order of the requirements. */
  readonly relationships: ReadonlyMap<string, readonly Relationship[]>;
}
