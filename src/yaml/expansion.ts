// SPDX-License-Identifier: Apache-2.0
// Bounds what aliases make of a document: "billion laughs" are small in memory but endless to walk or write.
import { YamlError } from './values.js';

const MAX_NODES = 150_000;
const MAX_DEPTH = 200;

interface Extent {
  readonly nodes: number;
  readonly depth: number;
}

/** Raises when the value refers to itself, or is too large or deep with its aliases written out. */
export function checkExpansion(value: unknown): void {
  extentOf(value, new Map());
}

function extentOf(value: unknown, known: Map<object, Extent | 'open'>): Extent {
  if (typeof value !== 'object' || value === null) return { nodes: 1, depth: 0 };
  const found = known.get(value);
  if (found === 'open') throw new YamlError('an alias refers to a node that contains it');
  if (found !== undefined) return found;
  known.set(value, 'open');
  let nodes = 1;
  let depth = 0;
  for (const child of childrenOf(value)) {
    const inner = extentOf(child, known);
    nodes += inner.nodes;
    depth = Math.max(depth, inner.depth + 1);
    if (nodes > MAX_NODES) throw new YamlError(`the document has more than ${MAX_NODES} nodes with its aliases`);
    if (depth > MAX_DEPTH) throw new YamlError(`the document is nested deeper than ${MAX_DEPTH} with its aliases`);
  }
  const extent = { nodes, depth };
  known.set(value, extent);
  return extent;
}

function childrenOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  return ArrayBuffer.isView(value) ? [] : Object.values(value);
}
