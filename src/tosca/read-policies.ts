// SPDX-License-Identifier: Apache-2.0
// Groups and policies (spec tosca 6.10).
import type { CheckContext } from './check-value.js';
import { fault, type Path } from './error.js';
import { pythonRepr, pythonText } from './python-text.js';
import { checkAssigned } from './read-node.js';
import type { NodeTemplate, Policy } from './template.js';
import { checkFields, didYouMean } from './unknown-field.js';
import { asList, asMap, asText, isList, isMap, namedEntries, type Value, type ValueMap } from './value.js';

const GROUP_FIELDS = new Set(['type', 'metadata', 'description', 'properties', 'members', 'interfaces', 'attributes']);
const POLICY_FIELDS = new Set(['type', 'metadata', 'description', 'properties', 'targets', 'triggers', 'reservation']);
const POLICY_TYPE_FIELDS = new Set([
  'derived_from',
  'metadata',
  'properties',
  'version',
  'description',
  'targets',
  'triggers',
  'type',
  'reservation',
]);
const GROUP_TYPE_FIELDS = new Set([
  'derived_from',
  'version',
  'metadata',
  'description',
  'properties',
  'members',
  'interfaces',
  'attributes',
]);

/** Members of groups by group name. */
export type Groups = ReadonlyMap<string, readonly string[]>;

/** What groups and policies refer to. */
export interface PolicyContext extends CheckContext {
  readonly nodes: ReadonlyMap<string, NodeTemplate>;
  /** All node names, also of nodes that could not be read. */
  readonly nodeNames: ReadonlySet<string>;
}

/** Reads the groups; problems become findings. */
export function readGroups(context: PolicyContext, section: Value | undefined): Groups {
  const { findings } = context;
  const groups = new Map<string, readonly string[]>();
  if (section !== undefined && section !== null && !isMap(section)) {
    findings.add('TypeMismatchError', 'groups must be of type "dict".', { path: ['topology_template', 'groups'] });
  }
  for (const [name, body] of namedEntries(asMap(section))) {
    const path: Path = ['topology_template', 'groups', name];
    findings.attempt(() => {
      groups.set(name, asList(asMap(body).get('members')).map(pythonText));
      checkGroup(context, name, body, path);
    }, path);
  }
  return groups;
}

function checkGroup(context: PolicyContext, name: string, body: Value, path: Path): void {
  const { catalog, findings, nodeNames } = context;
  if (!isMap(body)) throw fault('TypeMismatchError', `Group "${name}" must be of type "dict".`);
  checkFields(findings, `Groups "${name}"`, body, GROUP_FIELDS, path);
  const type = asText(body.get('type'));
  if (type === undefined)
    throw fault('MissingRequiredFieldError', `Template "${name}" is missing required field "type".`);
  for (const ancestor of catalog.lineage(type, 'group')) {
    checkFields(findings, `Group Type ${ancestor.name}`, ancestor.body, GROUP_TYPE_FIELDS, path);
  }
  const members = body.get('members');
  if (members === undefined) return;
  const names = asList(members).map(pythonText);
  if (names.length === 0 || new Set(names).size !== names.length) {
    throw fault(
      'InvalidGroupTargetException',
      `"Member nodes "${pythonRepr(members)}" should be >= 1 and not repeated"`,
    );
  }
  for (const member of names) {
    if (!nodeNames.has(member)) reportTarget(context, member, [...path, 'members']);
  }
}

function reportTarget({ findings, nodeNames }: PolicyContext, target: string, path: Path): void {
  findings.add('InvalidGroupTargetException', `"Target member "${target}" is not found in node_templates"`, {
    path,
    hint: didYouMean(target, nodeNames),
  });
}

/** Reads the policies; problems become findings. */
export function readPolicies(context: PolicyContext, groups: Groups, section: Value | undefined): readonly Policy[] {
  const { findings } = context;
  if (section !== undefined && section !== null && !isList(section)) {
    findings.add('TypeMismatchError', 'policies must be of type "list".', { path: ['topology_template', 'policies'] });
  }
  const policies: Policy[] = [];
  for (const [index, item] of asList(section).entries()) {
    const path: Path = ['topology_template', 'policies', index];
    if (!isMap(item))
      findings.add('TypeMismatchError', `Policy "${pythonText(item)}" must be of type "dict".`, { path });
    for (const [name, body] of namedEntries(asMap(item))) {
      const policy = findings.attempt(() => readPolicy(context, groups, name, body, [...path, name]), path);
      if (policy !== undefined) policies.push(policy);
    }
  }
  return policies;
}

function readPolicy(context: PolicyContext, groups: Groups, name: string, body: Value, path: Path): Policy {
  const { catalog, findings, nodeNames } = context;
  if (!isMap(body)) throw fault('TypeMismatchError', `Policy "${name}" must be of type "dict".`);
  checkFields(findings, `Policy "${name}"`, body, POLICY_FIELDS, path);
  const written = asText(body.get('type'));
  if (written === undefined)
    throw fault('MissingRequiredFieldError', `Template "${name}" is missing required field "type".`);
  const lineage = catalog.lineage(written, 'policy');
  for (const ancestor of lineage)
    checkFields(findings, `Policy "${ancestor.name}"`, ancestor.body, POLICY_TYPE_FIELDS, path);
  const type = lineage[0]?.name ?? written;
  const properties = asMap(body.get('properties'));
  const definitions = catalog.properties(type, 'policy');
  checkAssigned(context, name, definitions, properties, [...path, 'properties']);
  reportMissing(context, name, definitions, properties, path);
  const named = asList(body.get('targets')).map(pythonText);
  const groupMembers = named.flatMap((target) => groups.get(target) ?? []);
  // One group among the targets makes the node names beside it void (spec tosca 6.10).
  const isForGroups = named.some((target) => groups.has(target));
  if (!isForGroups) {
    for (const target of named) {
      if (!nodeNames.has(target)) reportTarget(context, target, [...path, 'targets']);
    }
  }
  return { name, type, properties, targets: new Set(isForGroups ? groupMembers : named) };
}

function reportMissing(
  { findings, catalog }: CheckContext,
  name: string,
  definitions: ReturnType<typeof catalog.properties>,
  properties: ValueMap,
  path: Path,
): void {
  const missing = [...definitions.values()].filter(
    (definition) => definition.isRequired && definition.default === undefined && !properties.has(definition.name),
  );
  if (missing.length === 0) return;
  const names = pythonRepr(missing.map((definition) => definition.name));
  findings.add(
    'MissingRequiredFieldError',
    `"properties" of template "${name}" is missing required field "${names}".`,
    { path },
  );
}
