// SPDX-License-Identifier: Apache-2.0
// The requirements of a node template: forms, names, and how many there must be (spec tosca 6.6).
import type { Findings, Path } from './error.js';
import { pythonText } from './python-text.js';
import type { NodeContext, NodePlace } from './read-node.js';
import type { Requirement } from './template.js';
import type { RequirementDefinition } from './type-catalog.js';
import { checkFields, reportUnknownField } from './unknown-field.js';
import { asList, asMap, asNumber, asText, isInteger, isList, isMap, namedEntries, type Value } from './value.js';

const FIELDS = new Set(['node', 'capability', 'relationship', 'occurrences', 'node_filter']);

/** Words that pass as names in short form, because they are keys of the definitions. */
const DEFINITION_WORDS = ['template', 'capability', 'node', 'relationship', 'occurrences', 'node_filter'];

/** Reads the assignments of a node. */
export function readRequirements(
  context: NodeContext,
  node: NodePlace,
  body: Value | undefined,
): readonly Requirement[] {
  const { catalog, findings } = context;
  const path = [...node.path, 'requirements'];
  if (body === undefined || body === null) return [];
  if (!isList(body)) {
    findings.add('TypeMismatchError', `"requirements" of template "${node.name}" must be of type "list".`, { path });
    return [];
  }
  const known = new Set([...catalog.requirements(node.type).map(({ name }) => name), ...DEFINITION_WORDS]);
  const requirements: Requirement[] = [];
  for (const [index, item] of body.entries()) {
    if (!isMap(item)) {
      findings.add(
        'TypeMismatchError',
        `Requirement "${pythonText(item)}" of template "${node.name}" must be of type "dict".`,
        {
          path: [...path, index],
        },
      );
    }
    for (const [name, value] of namedEntries(asMap(item))) {
      requirements.push(readRequirement(findings, node, name, value, known, [...path, index]));
    }
  }
  return requirements;
}

function readRequirement(
  findings: Findings,
  node: NodePlace,
  name: string,
  value: Value,
  known: ReadonlySet<string>,
  path: Path,
): Requirement {
  const what = `"requirements" of template "${node.name}"`;
  if (!isMap(value)) {
    if (!known.has(name)) reportUnknownField(findings, what, name, known, path);
    return { name, target: asText(value), isLongForm: false, relationship: undefined };
  }
  checkFields(findings, what, value, FIELDS, [...path, name]);
  const occurrences = value.get('occurrences');
  if (occurrences !== undefined && !isValidAssignmentCount(occurrences)) {
    findings.add('InvalidPropertyValueError', `Value of property "${pythonText(occurrences)}" is invalid.`, {
      path: [...path, name, 'occurrences'],
    });
  }
  return {
    name,
    target: asText(value.get('node')),
    isLongForm: true,
    relationship: value.get('relationship') ?? undefined,
  };
}

function isValidAssignmentCount(occurrences: Value): boolean {
  const [low, high, ...rest] = asList(occurrences);
  if (!isInteger(low) || !isInteger(high) || rest.length > 0) return false;
  return low >= 0 && low <= high && Number(high) !== 0;
}

/**
 * Checks how often each requirement of the type is assigned. One that is missing counts as fulfilled by another one with the same
 * relationship: an elastic cluster is hosted where its `lrms` is, and public templates leave its `host` out.
 */
export function checkRequirementCounts(
  findings: Findings,
  definitions: readonly RequirementDefinition[],
  node: { readonly name: string; readonly requirements: readonly Requirement[] },
  path: Path,
): void {
  const counts = new Map<string, number>();
  for (const { name } of node.requirements) counts.set(name, (counts.get(name) ?? 0) + 1);
  const fulfilled = new Set(definitions.filter(({ name }) => counts.has(name)).flatMap(relationshipOf));
  for (const definition of definitions) {
    const { name, body } = definition;
    const [low, high] = isList(body.get('occurrences')) ? asList(body.get('occurrences')) : [1, 'UNBOUNDED'];
    const count = counts.get(name) ?? 0;
    const isMissing = count < (asNumber(low) ?? 0) && !relationshipOf(definition).some((type) => fulfilled.has(type));
    if (isMissing || (high !== 'UNBOUNDED' && count > (asNumber(high) ?? Number.POSITIVE_INFINITY))) {
      const text = `Relationship "${name}" in template "${node.name}" has a wrong number of occurrences`;
      findings.add('ValidationError', text, { path, hint: `the type wants a requirement "${name}"` });
    }
  }
}

function relationshipOf({ body }: RequirementDefinition): readonly string[] {
  const type = asText(body.get('relationship'));
  return type === undefined ? [] : [type];
}
