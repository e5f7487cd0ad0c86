// SPDX-License-Identifier: Apache-2.0
// The nodes and relationships that functions name: SELF, HOST, SOURCE, TARGET or a name (spec tosca 7.3, 7.4).
import { fault } from './error.js';
import { pythonText } from './python-text.js';
import type { NodeTemplate, Owner, Template } from './template.js';
import { didYouMean } from './unknown-field.js';
import type { Value } from './value.js';

const CONTAINER = 'tosca.capabilities.Container';

/** The end of a relationship that `SOURCE` or `TARGET` means. */
export function relationshipEnd(entity: 'SOURCE' | 'TARGET', owner: Owner | undefined): NodeTemplate {
  if (owner?.kind !== 'relationship') {
    const end = entity.toLowerCase();
    throw fault('KeyError', `"${entity}" keyword can only be used in context to "Relationships" ${end} node`);
  }
  return entity === 'SOURCE' ? owner.source : owner.target;
}

/** The node of that name. @throws ToscaError with the suffix in its text when there is none */
export function nodeNamed(template: Template, entity: Value, suffix = ''): NodeTemplate {
  const node = typeof entity === 'string' ? template.nodes.get(entity) : undefined;
  if (node !== undefined) return node;
  const name = pythonText(entity);
  throw fault('KeyError', `Node template "${name}" was not found.${suffix}`, {
    hint: didYouMean(name, template.nodes.keys()),
  });
}

/** The node that a holder of a function stands for: itself, or the source of the relationship. */
export function nodeOf(owner: Owner | undefined): NodeTemplate | undefined {
  return owner?.kind === 'relationship' ? owner.source : owner;
}

/**
 * The nearest node up the chain of requirements that fulfils the condition; each link is the first requirement whose target has
 * a container capability (any requirement counts, spec tosca 7.3).
 */
export function hostWith(
  template: Template,
  start: NodeTemplate,
  fulfils: (node: NodeTemplate) => boolean,
): NodeTemplate | undefined {
  const seen = new Set<string>([start.name]);
  let node: NodeTemplate | undefined = start;
  while (node !== undefined) {
    node = nextContainer(template, node);
    if (node === undefined || seen.has(node.name)) return undefined;
    if (fulfils(node)) return node;
    seen.add(node.name);
  }
  return undefined;
}

function nextContainer(template: Template, node: NodeTemplate): NodeTemplate | undefined {
  for (const { target: name } of node.requirements) {
    const target = name === undefined ? undefined : template.nodes.get(name);
    if (target === undefined) continue;
    const hasContainer = [...target.capabilities.values()].some(({ type }) =>
      template.catalog.derives(type, 'capability', CONTAINER),
    );
    if (hasContainer) return target;
  }
  return undefined;
}

/** The target of the node's first requirement of that name. */
export function requirementTarget(template: Template, node: NodeTemplate, name: Value): NodeTemplate | undefined {
  const requirement = node.requirements.find((candidate) => candidate.name === name && candidate.target !== undefined);
  return requirement?.target === undefined ? undefined : template.nodes.get(requirement.target);
}
