// SPDX-License-Identifier: Apache-2.0
// Reads a large document to find out whether it can be read, and in reasonable time. Runs in a worker: it may take long.
import { errorText } from '../domain/index.js';
import { parseRadl, parseRadlJson, type Radl } from '../radl/index.js';
import { loadYaml } from '../yaml.js';

/** The languages of documents. */
export type DocumentForm = 'radl' | 'json' | 'tosca';

/** A document to be screened. */
export interface ScreenRequest {
  readonly form: DocumentForm;
  readonly text: string;
}

/** What is wrong with it; undefined: nothing that would show before it is deployed. */
export type ScreenFinding = string | undefined;

/** Nodes of all recipes of a document together; every step of a configuration reads them again. */
const MAX_RECIPE_NODES = 150_000;
/** What a recipe costs beside its nodes, in nodes: its reader is set up anew. */
const RECIPE_COST = 10;
/** Longest text: reading eight million characters of YAML costs up to a second, and everybody waits for that. */
const MAX_TOSCA_LENGTH = 8_000_000;
/** Nodes of a TOSCA document; 2,000 templates with their properties have about 40,000. Each stage of its way costs up to half a second. */
const MAX_TOSCA_NODES = 60_000;

/** Node templates; each costs a tenth of a millisecond on its way to RADL. */
const MAX_TOSCA_TEMPLATES = 10_000;

/** Reads the document and forgets it again. */
export function screen({ form, text }: ScreenRequest): ScreenFinding {
  try {
    if (form === 'tosca') checkTosca(text);
    else checkRecipes(form === 'json' ? parseRadlJson(text) : parseRadl(text));
    return undefined;
  } catch (error) {
    const reason = errorText(error);
    return form === 'tosca' ? `Error parsing TOSCA template: ${reason}` : reason;
  }
}

function checkTosca(text: string): void {
  if (text.length > MAX_TOSCA_LENGTH) {
    throw new Error(`The document is too long: ${text.length} characters, at most ${MAX_TOSCA_LENGTH}`);
  }
  const document = loadYaml(text, { exact: true });
  if (countNodes(document, MAX_TOSCA_NODES) > MAX_TOSCA_NODES) {
    throw new Error(`The document has more than ${MAX_TOSCA_NODES} YAML nodes with its aliases. Split it.`);
  }
  const templates = memberOf(memberOf(document, 'topology_template'), 'node_templates');
  const count = templates instanceof Map ? templates.size : Object.keys(templates ?? {}).length;
  if (count > MAX_TOSCA_TEMPLATES) {
    throw new Error(`The document has ${count} node templates, at most ${MAX_TOSCA_TEMPLATES}. Split it.`);
  }
}

/** What a mapping of the exact form has under the key; undefined for everything else. */
function memberOf(value: unknown, key: string): unknown {
  if (value instanceof Map) return value.get(key);
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}

function checkRecipes({ configures }: Radl): void {
  let left = MAX_RECIPE_NODES;
  for (const { recipe } of configures) {
    if (recipe === null || recipe === '') continue;
    left -= countNodes(loadYaml(recipe), left) + RECIPE_COST;
    if (left < 0) {
      throw new Error(
        `The recipes of the document have more than ${MAX_RECIPE_NODES} YAML nodes together (each recipe counts as ${RECIPE_COST} more)`,
      );
    }
  }
}

/** Nodes of a value without cycles, with aliases written out; stops a little above the limit. */
function countNodes(value: unknown, limit: number): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && count <= limit) {
    const node = open.pop();
    count += 1;
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) continue;
    const children = node instanceof Map || node instanceof Set ? node.values() : Object.values(node);
    for (const child of children) open.push(child);
  }
  return count;
}
