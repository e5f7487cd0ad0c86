// SPDX-License-Identifier: Apache-2.0
// States and results of Ansible tasks out of a contextualization log (spec tosca 10, `ansible_output`).
import { fromJson } from './json.js';
import { isMap, type Value } from './value.js';

const STEP = 'Launch task: ';
const MAX_LOG = 20_000_000;

/** `{step: {tasks: {name: {state, output}}}}`; of tasks with the same name the last one counts. */
export function ansibleOutput(log: string): Value {
  const steps = new Map<string, Value>();
  const [, ...pieces] = log.slice(-MAX_LOG).split(STEP);
  for (const piece of pieces) {
    const end = piece.indexOf('\n');
    const name = (end < 0 ? piece : piece.slice(0, end)).trim();
    steps.set(name, new Map([['tasks', tasksOf(end < 0 ? '' : piece.slice(end))]]));
  }
  return steps;
}

function tasksOf(text: string): Value {
  const tasks = new Map<string, Value>();
  const [, ...pieces] = text.split('\nTASK [');
  for (const piece of pieces) {
    const end = piece.indexOf('] **');
    if (end < 0) continue;
    const state = /^(\w+): \[/m.exec(piece)?.[1] ?? null;
    tasks.set(
      piece.slice(0, end),
      new Map<string, Value>([
        ['state', state],
        ['output', outputOf(piece.slice(end))],
      ]),
    );
  }
  return tasks;
}

/** The JSON object behind `ok: [host] => `, unwrapped; null when there is none. */
function outputOf(piece: string): Value {
  const match = /^\w+: \[[^\]\n]*\][^\n{]*=> \{/m.exec(piece);
  if (match === null) return null;
  const start = match.index + match[0].length - 1;
  const text = objectText(piece, start);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text;
  }
  const value = fromJson(parsed);
  return isMap(value) ? unwrapped(value, text) : text;
}

function unwrapped(object: ReadonlyMap<unknown, Value>, text: string): Value {
  const inner = object.get('var');
  const value = isMap(inner) ? inner : object;
  if (value.size === 1) return [...value.values()][0] ?? null;
  return value.get('msg') ?? text;
}

/** The text up to the brace that matches the one at `start`; to the end when there is none. */
function objectText(text: string, start: number): string {
  let depth = 0;
  let isInText = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (isInText) {
      if (character === '\\') index += 1;
      else if (character === '"') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return text.slice(start, index + 1);
    }
  }
  return text.slice(start);
}
