// SPDX-License-Identifier: Apache-2.0
// Playbooks of several operations merged into the text of one recipe (spec tosca 8.10).
import { dumpYaml } from '../yaml.js';
import { ToscaError } from './error.js';
import { readYaml } from './read-yaml.js';
import { asList, isList, isMap, isTruthy, type Key, sortKeys, type Value, type ValueMap } from './value.js';

/** A playbook as its plays, without the keys that say where it runs. */
export type Plays = readonly ValueMap[];

const MAX_SHOWN_TEXT = 500;

const readTexts = new WeakMap<object, Plays>();

/** The plays of a fetched playbook; many operations share one, so that it is read once. @throws ToscaError as `readPlays` */
export function playsOf(fetched: { readonly text: string }): Plays {
  const plays = readTexts.get(fetched) ?? readPlays(fetched.text);
  readTexts.set(fetched, plays);
  return plays;
}

/**
 * The plays of a playbook; one that is no list of mappings has none.
 *
 * @throws ToscaError `Error parsing YAML: <text>\n. Error: <reason>`
 */
function readPlays(text: string): Plays {
  let value: Value;
  try {
    value = readYaml(text);
  } catch (error) {
    if (!(error instanceof ToscaError)) throw error;
    throw new ToscaError(`Error parsing YAML: ${text.slice(0, MAX_SHOWN_TEXT)}\n. Error: ${error.message}`);
  }
  const plays = asList(value).filter(isMap);
  return plays.map((play) => new Map([...play].filter(([key]) => key !== 'hosts' && key !== 'connection')));
}

/**
 * All recipes as one, in their order, on top of variables and tasks that come first.
 *
 * @param keepsAllPlays false: plays after the first are lost when another recipe follows, as in the reference
 */
export function mergePlays(first: ValueMap | undefined, recipes: readonly Plays[], keepsAllPlays: boolean): Plays {
  let result: Plays = first === undefined ? [] : [first];
  for (const recipe of recipes) {
    result = keepsAllPlays ? appendPlays(result, recipe, first) : combineWithFirst(result, recipe);
  }
  return result;
}

/** Every play of the recipe on a copy of the first play so far. */
function combineWithFirst([first]: Plays, recipe: Plays): Plays {
  return recipe.map((play) => (first === undefined ? play : combine(first, play)));
}

/** Single plays melt together as long as there is one; after that plays follow each other, all with the variables. */
function appendPlays(result: Plays, recipe: Plays, first: ValueMap | undefined): Plays {
  const [only, ...others] = result;
  if (only === undefined) return recipe;
  if (recipe.length === 0) return result;
  const variables: ValueMap = new Map([...(first ?? [])].filter(([key]) => key === 'vars'));
  const [next, ...rest] = recipe;
  const isMelting = others.length === 0 && (rest.length === 0 || only === first) && next !== undefined;
  const following = (isMelting ? rest : recipe).map((play) => combine(variables, play));
  return isMelting ? [combine(only, next), ...following] : [...result, ...following];
}

/** Two plays as one: maps merged, lists appended, other values paired; what is empty or false counts as absent. */
function combine(base: ValueMap, added: ValueMap): ValueMap {
  const combined = new Map<Key, Value>([...base].filter(([, value]) => isTruthy(value)));
  for (const [key, value] of added) {
    const present = combined.get(key);
    if (present === undefined) combined.set(key, value);
    else if (!isTruthy(value)) continue;
    else if (isMap(present) && isMap(value)) combined.set(key, new Map([...present, ...value]));
    else if (isList(present) && isList(value)) combined.set(key, [...present, ...value]);
    else combined.set(key, [present, value]);
  }
  return combined;
}

/** The text of a recipe: block style, keys sorted; empty for nothing at all. */
export function recipeText(plays: Plays, hasVariables: boolean): string {
  if (plays.length === 0 && !hasVariables) return '';
  return `---\n${dumpYaml(sortKeys(plays))}`;
}
