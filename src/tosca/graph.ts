// SPDX-License-Identifier: Apache-2.0
// Walks over relationships: hosts and steps (spec tosca 6.8, 8.11).
import { ToscaError } from './error.js';
import type { NodeTemplate, Relationship, Template } from './template.js';

const HOSTED_ON = 'tosca.relationships.HostedOn';
const BINDS_TO = 'tosca.relationships.network.BindsTo';
const RAISES_STEP = [HOSTED_ON, 'tosca.relationships.DependsOn', 'tosca.relationships.ConnectsTo'];

/** Root type of virtual machines. */
export const COMPUTE = 'tosca.nodes.Compute';

/** The relationships of a node. */
export function relationshipsOf(template: Template, node: NodeTemplate): readonly Relationship[] {
  return template.relationships.get(node.name) ?? [];
}

/** Whether the relationship is of the type, or of one derived from it. */
export function isOfType(template: Template, relationship: Relationship, type: string): boolean {
  return template.catalog.derives(relationship.baseType, 'relationship', type);
}

/** Follows the first hosting relationship of each node until one is what is looked for; undefined at the end of the chain. */
export function findAlongHosts(
  template: Template,
  start: NodeTemplate,
  isGoal: (node: NodeTemplate) => boolean,
): NodeTemplate | undefined {
  const seen = new Set<string>();
  let node: NodeTemplate | undefined = start;
  while (node !== undefined && !seen.has(node.name)) {
    if (isGoal(node)) return node;
    seen.add(node.name);
    node = relationshipsOf(template, node).find(
      (relationship) => isOfType(template, relationship, HOSTED_ON) || isOfType(template, relationship, BINDS_TO),
    )?.target;
  }
  return undefined;
}

const hosts = new WeakMap<Template, Map<string, NodeTemplate | undefined>>();

/** The virtual machine that a node runs on: itself when it is one (spec tosca 6.8). */
export function hostOf(template: Template, node: NodeTemplate): NodeTemplate | undefined {
  const known = hosts.get(template) ?? new Map<string, NodeTemplate | undefined>();
  hosts.set(template, known);
  if (known.has(node.name)) return known.get(node.name);
  const passed: string[] = [];
  const end = findAlongHosts(template, node, ({ name, rootType }) => {
    passed.push(name);
    return rootType === COMPUTE || known.has(name);
  });
  const host = end === undefined || end.rootType === COMPUTE ? end : known.get(end.name);
  // All nodes of a chain have the same host.
  for (const name of passed) known.set(name, host);
  return host;
}

/**
 * The steps of all nodes: one more than the deepest thing that a node is hosted on, depends on or connects to.
 *
 * @throws ToscaError for dependencies in a circle
 */
export function stepsOf(template: Template): ReadonlyMap<string, number> {
  const steps = new Map<string, number>();
  for (const node of template.nodes.values()) computeStep(template, node, steps);
  return steps;
}

/** Depth first with a list instead of recursion: chains may be as long as the document. */
function computeStep(template: Template, start: NodeTemplate, steps: Map<string, number>): void {
  const open = new Set<string>();
  const pending: NodeTemplate[] = [start];
  for (let node = pending.at(-1); node !== undefined; node = pending.at(-1)) {
    if (steps.has(node.name)) {
      pending.pop();
      continue;
    }
    open.add(node.name);
    const targets = relationshipsOf(template, node).filter((relationship) =>
      RAISES_STEP.some((type) => isOfType(template, relationship, type)),
    );
    const unknown = targets.filter(({ target }) => !steps.has(target.name));
    for (const { target } of unknown) {
      if (open.has(target.name)) throw circle(pending, target);
      pending.push(target);
    }
    if (unknown.length > 0) continue;
    const deepest = targets.reduce((most, { target }) => Math.max(most, steps.get(target.name) ?? 0), 0);
    steps.set(node.name, 1 + deepest);
    open.delete(node.name);
    pending.pop();
  }
}

function circle(pending: readonly NodeTemplate[], target: NodeTemplate): ToscaError {
  const names = pending.map(({ name }) => name);
  const start = names.indexOf(target.name);
  const shown = [...names.slice(start), target.name].slice(0, 20).join(' -> ');
  return new ToscaError(`The nodes depend on each other in a circle: ${shown}.`);
}
