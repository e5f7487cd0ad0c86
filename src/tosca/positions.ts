// SPDX-License-Identifier: Apache-2.0
// Where parts of a document stand in its text; looked up only when something is wrong.
import { EVENT_ID, type Event, parseEvents } from 'js-yaml';
import type { Path, Place } from './error.js';

/** A node of the text: where it begins, and what is in it. */
interface TextNode {
  readonly start: number;
  readonly members: ReadonlyMap<string, { readonly keyStart: number; readonly node: TextNode }>;
}

/** The place of each path, or of the longest beginning of it that is in the text. */
export function locate(text: string, paths: readonly Path[]): ReadonlyMap<Path, Place> {
  const places = new Map<Path, Place>();
  if (paths.length === 0) return places;
  const root = readTree(text);
  const lines = lineStarts(text);
  for (const path of paths) places.set(path, placeOf(lines, startOf(root, path)));
  return places;
}

function startOf(root: TextNode, path: Path): number {
  let node = root;
  let start = root.start;
  for (const key of path) {
    const member = node.members.get(String(key));
    if (member === undefined) break;
    start = member.keyStart;
    node = member.node;
  }
  return start;
}

const EMPTY: TextNode = { start: 0, members: new Map() };

/** The text as a tree of starts; an empty one when it cannot be read. */
function readTree(text: string): TextNode {
  try {
    const events = parseEvents(text, { maxDepth: 100 });
    const reader = new TreeReader(text, events);
    return reader.read() ?? EMPTY;
  } catch {
    // The place is only a help; the problem itself is reported anyway.
    return EMPTY;
  }
}

class TreeReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  #next = 1;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  /** The node that begins with the next event; undefined at the end of a collection. */
  read(): TextNode | undefined {
    const event = this.#events[this.#next];
    this.#next += 1;
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return { start: event.valueStart, members: new Map() };
      case EVENT_ID.ALIAS:
        return { start: event.anchorStart, members: new Map() };
      case EVENT_ID.SEQUENCE:
        return { start: event.start, members: this.#items() };
      case EVENT_ID.MAPPING:
        return { start: event.start, members: this.#pairs() };
      default:
        return undefined;
    }
  }

  #items(): TextNode['members'] {
    const members = new Map<string, { keyStart: number; node: TextNode }>();
    for (let node = this.read(); node !== undefined; node = this.read()) {
      members.set(String(members.size), { keyStart: node.start, node });
    }
    return members;
  }

  #pairs(): TextNode['members'] {
    const members = new Map<string, { keyStart: number; node: TextNode }>();
    for (let event = this.#events[this.#next]; event !== undefined; event = this.#events[this.#next]) {
      const key = this.read();
      const value = key === undefined ? undefined : this.read();
      if (key === undefined || value === undefined) break;
      if (event.type === EVENT_ID.SCALAR) {
        members.set(this.#text.slice(event.valueStart, event.valueEnd), { keyStart: key.start, node: value });
      }
    }
    return members;
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
  return starts;
}

function placeOf(lines: readonly number[], offset: number): Place {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
}
