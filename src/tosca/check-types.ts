// SPDX-License-Identifier: Apache-2.0
// Checks of the types that a document itself defines (spec tosca 6.1).
import type { Findings } from './error.js';
import { checkFields } from './unknown-field.js';
import { asMap, isMap, namedEntries, type ValueMap } from './value.js';

interface TypeSection {
  readonly section: string;
  /** As messages begin, literally: there is no blank before the name. */
  readonly label: string;
  readonly fields: ReadonlySet<string>;
}

const NODE_TYPES: TypeSection = {
  section: 'node_types',
  label: 'Nodetype',
  fields: new Set([
    'derived_from',
    'metadata',
    'properties',
    'version',
    'description',
    'attributes',
    'requirements',
    'capabilities',
    'interfaces',
    'artifacts',
  ]),
};

const RELATIONSHIP_TYPES: TypeSection = {
  section: 'relationship_types',
  label: 'Relationshiptype',
  fields: new Set([
    'derived_from',
    'valid_target_types',
    'interfaces',
    'attributes',
    'properties',
    'description',
    'version',
    'credential',
  ]),
};

/** Checks the keys of node and relationship types. */
export function checkOwnTypes(findings: Findings, root: ValueMap): void {
  for (const { section, label, fields } of [RELATIONSHIP_TYPES, NODE_TYPES]) {
    const written = root.get(section);
    if (written !== undefined && written !== null && !isMap(written)) {
      findings.add('TypeMismatchError', `${section} must be of type "dict".`, { path: [section] });
    }
    for (const [type, body] of namedEntries(asMap(written))) {
      checkFields(findings, `${label}"${type}"`, asMap(body), fields, [section, type]);
    }
  }
}
