// SPDX-License-Identifier: Apache-2.0
// Where a function is evaluated: the document, who holds it, and how attributes get values there.
import type { Budget } from './budget.js';
import { ToscaError } from './error.js';
import type { NodeTemplate, Owner, Template } from './template.js';
import type { Value } from './value.js';

/** A `get_attribute` that is resolved as far as the document goes (spec tosca 7.7, steps 1-3). */
export interface AttributeRequest {
  readonly node: NodeTemplate;
  /** The entity as written: `SELF`, `HOST`, a name. */
  readonly entity: string;
  /** Capability that was stepped over; undefined for attributes of the node. */
  readonly capability: string | undefined;
  readonly attribute: string;
  readonly index: number | undefined;
  readonly keys: readonly Value[];
}

/** Surroundings of an evaluation. */
export interface Scope {
  readonly template: Template;
  /** Who holds the function; undefined in outputs. */
  readonly owner: Owner | undefined;
  /** The value of an attribute: an Ansible expression in recipes, what is known of the machines in outputs. */
  readonly attribute: (request: AttributeRequest, scope: Scope) => Value;
  readonly budget: Budget;
  readonly depth: number;
}

/** Replaces the functions in a value by their values. */
export type Evaluate = (value: Value, scope: Scope) => Value;

const MAX_DEPTH = 100;

/** The scope one function deeper. @throws ToscaError when functions refer to each other in a circle */
export function deeper(scope: Scope): Scope {
  scope.budget.spend();
  if (scope.depth >= MAX_DEPTH) throw new ToscaError('The functions of the document refer to each other in a circle.');
  return { ...scope, depth: scope.depth + 1 };
}

/** The same scope for another holder. */
export function ownedBy(scope: Scope, owner: Owner): Scope {
  return { ...scope, owner };
}

/** The name that messages show for a holder. */
export function ownerName(owner: Owner | undefined): string {
  return owner?.name ?? 'outputs';
}
