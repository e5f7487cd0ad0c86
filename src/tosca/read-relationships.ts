// SPDX-License-Identifier: Apache-2.0
// From requirements to relationships: which count, with which type, properties and interfaces (spec tosca 6.7).
import { checkProperty } from './check-value.js';
import type { Path } from './error.js';
import { pythonText } from './python-text.js';
import type { NodeContext } from './read-node.js';
import type { NodeTemplate, Relationship, Requirement } from './template.js';
import type { TypeCatalog } from './type-catalog.js';
import { asMap, asText, EMPTY_MAP, isMap, namedEntries, type Value, type ValueMap } from './value.js';

/** What relationships are made of. */
export interface RelationshipSources {
  readonly nodes: ReadonlyMap<string, NodeTemplate>;
  /** `relationship_templates` of the document. */
  readonly templates: ValueMap;
}

/** The relationships of a node in order of its requirements; problems become findings. */
export function readRelationships(
  context: NodeContext,
  sources: RelationshipSources,
  source: NodeTemplate,
): readonly Relationship[] {
  const relationships: Relationship[] = [];
  const path: Path = ['topology_template', 'node_templates', source.name, 'requirements'];
  for (const [index, requirement] of source.requirements.entries()) {
    const place = [...path, index];
    const relationship = context.findings.attempt(
      () => readRelationship(context, sources, source, requirement, place),
      place,
    );
    if (relationship !== undefined) relationships.push(relationship);
  }
  return relationships;
}

function readRelationship(
  context: NodeContext,
  { nodes, templates }: RelationshipSources,
  source: NodeTemplate,
  requirement: Requirement,
  path: Path,
): Relationship | undefined {
  const { catalog, findings } = context;
  if (requirement.target === undefined) return undefined;
  const target = nodes.get(requirement.target);
  if (target === undefined) {
    reportTarget(context, source, requirement.target, path);
    return undefined;
  }
  const definition = catalog.requirements(source.type).find(({ name }) => name === requirement.name)?.body ?? EMPTY_MAP;
  const written = requirement.relationship ?? definition.get('relationship') ?? null;
  const template = typeof written === 'string' ? templates.get(written) : undefined;
  const body = template !== undefined ? asMap(template) : isMap(written) ? written : EMPTY_MAP;
  const typeName = asText(body.get('type')) ?? asText(written);
  if (typeName === undefined) {
    if (isMap(written)) {
      const text = `"relationship" used in template "${target.name}" is missing required field "type".`;
      findings.add('MissingRequiredFieldError', text, { path });
    }
    return undefined;
  }
  const type = relationshipType(catalog, typeName, isMap(written) || template !== undefined);
  const baseType = type === undefined ? undefined : fulfilledType(catalog, source.type, type);
  if (type === undefined || baseType === undefined) return undefined;
  const name = (template !== undefined ? pythonText(written) : type).toLowerCase();
  const properties = readProperties(context, type, asMap(body.get('properties')), [
    ...path,
    requirement.name,
    'relationship',
    'properties',
  ]);
  return {
    kind: 'relationship',
    source,
    target,
    baseType,
    type,
    name,
    properties,
    interfaces: asMap(body.get('interfaces')),
  };
}

function reportTarget({ catalog, findings }: NodeContext, source: NodeTemplate, target: string, path: Path): void {
  if (catalog.find(target, 'node') === undefined) {
    findings.add('KeyError', `Node template "${target}" was not found in "${source.name}".`, { path });
    return;
  }
  const text = `Lookup by TOSCA types is not supported. Requirement node "${target}" for "${source.name}" can not be full-filled.`;
  findings.add('NotImplementedError', text, { path });
}

/** Names in map form may be short; in text form they are taken as they are (spec tosca 6.7 rule 2). */
function relationshipType(catalog: TypeCatalog, name: string, mayBeShort: boolean): string | undefined {
  const isShort = !catalog.isCustom(name) && !name.startsWith('tosca.relationships.');
  if (isShort && !mayBeShort) return undefined;
  return catalog.find(name, 'relationship')?.name;
}

/** The relationship type of the node type's requirements that the type fulfils: itself, or its nearest ancestor. */
function fulfilledType(catalog: TypeCatalog, nodeType: string, type: string): string | undefined {
  const wanted = new Set<string>();
  for (const { body } of catalog.requirements(nodeType)) {
    const written = body.get('relationship') ?? null;
    const name = asText(asMap(written).get('type')) ?? asText(written);
    const found = name === undefined ? undefined : catalog.find(name, 'relationship')?.name;
    if (found !== undefined) wanted.add(found);
  }
  return catalog.lineage(type, 'relationship').find(({ name }) => wanted.has(name))?.name;
}

function readProperties(context: NodeContext, type: string, written: ValueMap, path: Path): ReadonlyMap<string, Value> {
  const definitions = context.catalog.properties(type, 'relationship');
  const values = new Map<string, Value>();
  for (const [name, value] of namedEntries(written)) {
    const definition = definitions.get(name);
    if (value === null) continue;
    values.set(name, definition === undefined ? value : checkProperty(context, definition, value, [...path, name]));
  }
  for (const { name, default: preset } of definitions.values()) {
    if (!values.has(name) && preset !== undefined) values.set(name, preset);
  }
  return values;
}
