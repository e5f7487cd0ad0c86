// SPDX-License-Identifier: Apache-2.0
// A whole document checked and read, in the order in which problems are reported (spec tosca 6).

import { Budget } from './budget.js';
import { checkFunction } from './check-functions.js';
import type { CheckContext } from './check-value.js';
import type { Findings, Path } from './error.js';
import { operationsOf } from './interfaces.js';
import { pythonText } from './python-text.js';
import { readInputs } from './read-inputs.js';
import { type NodeContext, readNode } from './read-node.js';
import { readGroups, readPolicies } from './read-policies.js';
import { readRelationships } from './read-relationships.js';
import { checkRequirementCounts } from './read-requirements.js';
import { checkRepositories } from './repository.js';
import type { Scope } from './scope.js';
import type { NodeTemplate, Relationship, Template } from './template.js';
import type { TypeCatalog } from './type-catalog.js';
import { checkFields } from './unknown-field.js';
import { asMap, isMap, namedEntries, type Value, type ValueMap } from './value.js';
import { isKnownVersion, reportVersion } from './versions.js';

const TOP_FIELDS = new Set([
  'tosca_definitions_version',
  'tosca_default_namespace',
  'template_name',
  'topology_template',
  'template_author',
  'template_version',
  'description',
  'imports',
  'dsl_definitions',
  'node_types',
  'relationship_types',
  'relationship_templates',
  'capability_types',
  'artifact_types',
  'data_types',
  'interface_types',
  'policy_types',
  'group_types',
  'repositories',
  'metadata',
]);

const TOPOLOGY_FIELDS = new Set([
  'description',
  'inputs',
  'node_templates',
  'relationship_templates',
  'outputs',
  'groups',
  'substitution_mappings',
  'policies',
]);

const OUTPUT_FIELDS = new Set(['value', 'description']);

const MAX_CHECKS = 100_000;

/** Checks version and top-level keys: what comes before imports are fetched. */
export function checkTop(findings: Findings, root: ValueMap): void {
  const version = root.get('tosca_definitions_version');
  if (version === undefined || version === null) {
    findings.add('MissingRequiredFieldError', 'Template is missing required field "tosca_definitions_version".', {
      path: [],
    });
  } else if (!isKnownVersion(version)) {
    reportVersion(findings, pythonText(version), ['tosca_definitions_version']);
  }
  checkFields(findings, 'Template', root, TOP_FIELDS, []);
}

/** What reading a document needs beside its text. */
export interface ReadOptions {
  readonly documentId: string;
  /** Whether constraints and `required` of inputs are enforced. */
  readonly isStrict: boolean;
}

/** The document; all problems become findings. */
export function readTemplate(root: ValueMap, catalog: TypeCatalog, findings: Findings, options: ReadOptions): Template {
  const topology = root.get('topology_template');
  if (!isMap(topology)) {
    findings.add('MissingRequiredFieldError', 'Template is missing required field "topology_template".', { path: [] });
  }
  const sections = asMap(topology);
  checkFields(findings, 'Template', sections, TOPOLOGY_FIELDS, ['topology_template']);
  const base: CheckContext = { catalog, findings, budget: new Budget(MAX_CHECKS) };
  const inputs = readInputs(base, sections.get('inputs'), options.isStrict);
  const context: NodeContext = { ...base, inputs };
  const templates = readRelationshipTemplates(context, sections.get('relationship_templates'));
  const written = section(findings, 'node_templates', sections.get('node_templates'));
  const nodes = readNodes(context, written);
  const outputs = readOutputs(findings, section(findings, 'outputs', sections.get('outputs')));
  const relationships = readGraph(context, nodes, templates);
  const policyContext = { ...base, nodes, nodeNames: new Set([...namedEntries(written)].map(([name]) => name)) };
  const groups = readGroups(policyContext, sections.get('groups'));
  const policies = readPolicies(policyContext, groups, sections.get('policies'));
  const template: Template = {
    catalog,
    documentId: options.documentId,
    nodes,
    inputs,
    outputs,
    policies,
    repositories: asMap(root.get('repositories')),
    metadata: asMap(root.get('metadata')),
    relationships,
  };
  checkFunctions(findings, template);
  section(findings, 'substitution_mappings', sections.get('substitution_mappings'));
  checkRepositories(findings, template.repositories);
  for (const node of nodes.values()) {
    checkRequirementCounts(findings, catalog.requirements(node.type), node, nodePath(node.name));
  }
  return template;
}

function nodePath(name: string): Path {
  return ['topology_template', 'node_templates', name];
}

function section(findings: Findings, name: string, value: Value | undefined): ValueMap {
  if (value !== undefined && value !== null && !isMap(value)) {
    findings.add('TypeMismatchError', `${name} must be of type "dict".`, { path: ['topology_template', name] });
  }
  return asMap(value);
}

function readRelationshipTemplates({ catalog, findings }: NodeContext, value: Value | undefined): ValueMap {
  const templates = section(findings, 'relationship_templates', value);
  for (const [name, body] of namedEntries(templates)) {
    const path = ['topology_template', 'relationship_templates', name];
    const type = asMap(body).get('type');
    if (type === undefined) {
      findings.add('MissingRequiredFieldError', `Template "${name}" is missing required field "type".`, { path });
    } else {
      findings.attempt(() => catalog.get(pythonText(type), 'relationship'), path);
    }
  }
  return templates;
}

function readNodes(context: NodeContext, written: ValueMap): ReadonlyMap<string, NodeTemplate> {
  const nodes = new Map<string, NodeTemplate>();
  for (const [name, body] of namedEntries(written)) {
    const node = context.findings.attempt(() => readNode(context, name, body), nodePath(name));
    if (node !== undefined) nodes.set(name, node);
  }
  return nodes;
}

function readOutputs(findings: Findings, written: ValueMap): ReadonlyMap<string, Value> {
  const outputs = new Map<string, Value>();
  for (const [name, body] of namedEntries(written)) {
    const path = ['topology_template', 'outputs', name];
    const value = asMap(body).get('value') ?? null;
    if (value === null)
      findings.add('MissingRequiredFieldError', `Output "${name}" is missing required field "value".`, { path });
    checkFields(findings, `Output "${name}"`, asMap(body), OUTPUT_FIELDS, path);
    outputs.set(name, value);
  }
  return outputs;
}

function readGraph(
  context: NodeContext,
  nodes: ReadonlyMap<string, NodeTemplate>,
  templates: ValueMap,
): ReadonlyMap<string, readonly Relationship[]> {
  const graph = new Map<string, readonly Relationship[]>();
  for (const node of nodes.values()) graph.set(node.name, readRelationships(context, { nodes, templates }, node));
  return graph;
}

/** Checks functions that are direct values: node by node, then outputs. */
function checkFunctions(findings: Findings, template: Template): void {
  const base = { template, attribute: () => null, budget: new Budget(), depth: 0 };
  for (const node of template.nodes.values()) {
    const scope: Scope = { ...base, owner: node };
    const path = nodePath(node.name);
    for (const [name, value] of node.properties) checkFunction(findings, value, scope, [...path, 'properties', name]);
    // Those of the node's types are checked when their values are needed.
    for (const [interfaceName, body] of namedEntries(asMap(node.body.get('interfaces')))) {
      for (const [operation, definition] of operationsOf(body)) {
        for (const [name, value] of namedEntries(asMap(asMap(definition).get('inputs')))) {
          checkFunction(findings, value, scope, [...path, 'interfaces', interfaceName, operation, 'inputs', name]);
        }
      }
    }
    for (const relationship of template.relationships.get(node.name) ?? []) {
      for (const value of relationship.properties.values()) {
        checkFunction(findings, value, { ...base, owner: relationship }, [...path, 'requirements']);
      }
    }
    for (const { name, values } of node.capabilities.values()) {
      for (const [key, value] of values)
        checkFunction(findings, value, scope, [...path, 'capabilities', name, 'properties', key]);
    }
  }
  for (const [name, value] of template.outputs) {
    checkFunction(findings, value, { ...base, owner: undefined }, ['topology_template', 'outputs', name, 'value']);
  }
}
