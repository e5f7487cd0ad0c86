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

/** Reads the document and forgets it again. */
export function screen({ form, text }: ScreenRequest): ScreenFinding {
  try {
    if (form === 'tosca') loadYaml(text, { exact: true });
    else checkRecipes(form === 'json' ? parseRadlJson(text) : parseRadl(text));
    return undefined;
  } catch (error) {
    const reason = errorText(error);
    return form === 'tosca' ? `Error parsing TOSCA template: ${reason}` : reason;
  }
}

function checkRecipes({ configures }: Radl): void {
  let left = MAX_RECIPE_NODES;
  for (const { recipe } of configures) {
    if (recipe === null || recipe === '') continue;
    left -= countNodes(loadYaml(recipe), left);
    if (left < 0) throw new Error(`The recipes of the document have more than ${MAX_RECIPE_NODES} YAML nodes together`);
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
