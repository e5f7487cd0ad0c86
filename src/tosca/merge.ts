// SPDX-License-Identifier: Apache-2.0
// A new document merged into the stored one (spec tosca 9.1).
import { copyImports, type ToscaDocument } from './document.js';
import type { ReadEnvironment } from './environment.js';
import { readChecked } from './parse.js';
import { withDefault, withInputs } from './special-inputs.js';
import { asMap, isList, isMap, type Key, type Value, type ValueMap } from './value.js';

/**
 * The stored document with the update in it: keys are merged, lists by position, nothing is ever removed. The stored document
 * does not change, whatever happens.
 *
 * @throws ToscaError with the parser's findings when the result is not valid
 */
export async function mergeTosca(
  stored: ToscaDocument,
  update: ToscaDocument,
  environment: ReadEnvironment,
): Promise<ToscaDocument> {
  const merged = mergeMaps(stored.root, update.root);
  const { root, kept } =
    environment.rules === 'reference' ? { root: merged, kept: [] } : keepGenerated(stored, update, merged);
  const imports = copyImports(stored);
  for (const [url, text] of update.imports) imports.set(url, text);
  const template = await readChecked(root, environment, imports, stored.id);
  return {
    root,
    id: stored.id,
    template,
    imports,
    generatedInputs: new Set([...stored.generatedInputs, ...update.generatedInputs, ...kept]),
    tokenInputs: new Set([...stored.tokenInputs, ...update.tokenInputs]),
  };
}

/**
 * The document on its own, but as one of the infrastructure that the stored one belongs to: containers have the names that they have
 * there, and random texts that were generated once their first values. Nothing else is taken from the stored one.
 *
 * @throws ToscaError with the parser's findings when the result is not valid
 */
export async function alignTosca(
  stored: ToscaDocument,
  document: ToscaDocument,
  environment: ReadEnvironment,
): Promise<ToscaDocument> {
  const { root } = keepGenerated(stored, document, document.root);
  const imports = copyImports(document);
  const template = await readChecked(root, environment, imports, stored.id);
  return { ...document, root, id: stored.id, template, imports };
}

/** A random text that was generated once keeps its first value (spec/README.md, TOSCA). */
function keepGenerated(
  stored: ToscaDocument,
  update: ToscaDocument,
  merged: ValueMap,
): { readonly root: ValueMap; readonly kept: readonly string[] } {
  const kept = [...update.generatedInputs].filter((name) => stored.generatedInputs.has(name));
  const topology = asMap(merged.get('topology_template'));
  const inputs = new Map(asMap(topology.get('inputs')));
  const before = asMap(asMap(stored.root.get('topology_template')).get('inputs'));
  for (const name of kept) {
    inputs.set(name, withDefault(asMap(inputs.get(name)), asMap(before.get(name)).get('default') ?? null));
  }
  return { root: kept.length === 0 ? merged : withInputs(merged, topology, inputs), kept };
}

function mergeMaps(stored: ValueMap, update: ValueMap): ValueMap {
  const merged = new Map<Key, Value>(stored);
  for (const [key, value] of update) merged.set(key, mergeValues(stored.get(key), value));
  return merged;
}

function mergeValues(stored: Value | undefined, update: Value): Value {
  if (update === null) return stored ?? null;
  if (isMap(stored) && isMap(update)) return mergeMaps(stored, update);
  if (!isList(stored) || !isList(update)) return update;
  const merged = stored.map((item, index) => {
    const other = update[index];
    return other === undefined ? item : mergeValues(item, other);
  });
  return [...merged, ...update.slice(stored.length)];
}
