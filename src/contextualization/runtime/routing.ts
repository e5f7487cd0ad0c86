// SPDX-License-Identifier: Apache-2.0
// Which collections a recipe needs: from the names that it uses, long ones (`community.general.ufw`) and the short ones that ansible-core
// redirects to what moved into a collection (`ufw`).

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/index.js';

/** File beside the manifest. */
export const ROUTING_FILE = 'routing.json';

/** Kinds of plugins whose short names are looked at. */
export const ROUTED_KINDS = ['modules', 'action', 'filter', 'lookup', 'test'] as const;

/** Collection by short name, for each kind of plugin. */
export type Routing = Readonly<Record<string, Readonly<Record<string, string>>>>;

// A word where YAML has a key (`- ufw:`, `ufw: rule=allow`), and where recipes name modules otherwise.
const KEYS = /(?:^|\n)[ \t]*(?:-[ \t]+)*["']?([a-z_]\w{0,80})["']?[ \t]*:/g;
const ACTIONS = /\b(?:action|local_action|module)[ \t]*:[ \t]*["']?([a-z_]\w{0,80})/g;
const FILTERS = /\|[ \t]*([a-z_]\w{0,80})/g;
const LOOKUPS = /\b(?:lookup|query|q)\([ \t]*["']([a-z_]\w{0,80})["']/g;
const LOOPS = /\bwith_([a-z_]\w{0,80})[ \t]*:/g;
const TESTS = /\bis[ \t]+(?:not[ \t]+)?([a-z_]\w{0,80})/g;
const FULL_NAMES = /\b([a-z_]\w{0,80}\.[a-z_]\w{0,80})\.[a-z_]\w{0,80}/g;

const PLACES: readonly (readonly [pattern: RegExp, kinds: readonly string[]])[] = [
  [KEYS, ['modules', 'action']],
  [ACTIONS, ['modules', 'action']],
  [FILTERS, ['filter']],
  [LOOKUPS, ['lookup']],
  [LOOPS, ['lookup']],
  [TESTS, ['test']],
];

/**
 * The known collections that a text names. Reading is generous: a name in a comment counts too, and costs a transfer.
 *
 * @param known names of the collections that can be had
 */
export function namedCollections(text: string, routing: Routing, known: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (collection: string | undefined): void => {
    if (collection !== undefined && known.has(collection)) found.add(collection);
  };
  for (const [, name] of text.matchAll(FULL_NAMES)) add(name);
  // `collections:` of a play or of a role's meta: bare names of two parts.
  for (const [, name] of text.matchAll(
    /(?:^|\n)[ \t]*-[ \t]+["']?([a-z_]\w{0,80}\.[a-z_]\w{0,80})["']?[ \t]*(?=\r?\n|$)/g,
  ))
    add(name);
  for (const [pattern, kinds] of PLACES) {
    for (const [, word = ''] of text.matchAll(pattern)) {
      for (const kind of kinds) {
        const names = routing[kind];
        if (names !== undefined && Object.hasOwn(names, word)) add(names[word]);
      }
    }
  }
  return found;
}

/** The collections with all that they need, each once. */
export function withNeeds(
  names: Iterable<string>,
  bundles: readonly { readonly name: string; readonly needs: readonly string[] }[],
): ReadonlySet<string> {
  const byName = new Map(bundles.map((bundle) => [bundle.name, bundle]));
  const all = new Set<string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const bundle = byName.get(name);
    if (bundle === undefined || all.has(name)) continue;
    all.add(name);
    queue.push(...bundle.needs);
  }
  return all;
}

/** Reads the file of set-up; without it only long names are known. */
export async function readRouting(directory: string): Promise<Routing> {
  const text = await readFile(join(directory, ROUTING_FILE), 'utf8').catch(() => '{}'); // a bundle of an older version
  const data: JsonValue = JSON.parse(text);
  const kinds: JsonObject = isJsonObject(data) ? data : {};
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, names]) => [
      kind,
      Object.fromEntries(
        Object.entries(isJsonObject(names) ? names : {}).flatMap(([name, collection]) =>
          typeof collection === 'string' ? [[name, collection] as const] : [],
        ),
      ),
    ]),
  );
}
