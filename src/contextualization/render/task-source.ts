// SPDX-License-Identifier: Apache-2.0
// Looks a failed task up in its playbook: a failure inside a block with `rescue` or `always` is not an ignored one.

/**
 * Whether the failure of a task is handled by a block around it rather than ignored. The events do not say, but the text does: the
 * nearest enclosing mapping with `rescue` or `always`, unless the task ignores errors itself.
 *
 * @param lines of the file
 * @param line number of the task's first line, from 1
 */
export function isHandledByBlock(lines: readonly string[], line: number): boolean {
  let index = line - 1;
  if (!(index >= 0 && index < lines.length)) return false;
  if (keysOfMapping(lines, index).has('ignore_errors')) return false;
  for (let parent = parentKey(lines, index); parent !== undefined; parent = parentKey(lines, index)) {
    const keys = keysOfMapping(lines, parent);
    if (keyAt(lines[parent]) === 'block') {
      if (keys.has('rescue') || keys.has('always')) return true;
      if (keys.has('ignore_errors')) return false;
    }
    index = parent;
  }
  return false;
}

/** Column of the first key of a line, behind the dashes of list items; undefined for blank and comment lines. */
function keyColumn(text: string | undefined): number | undefined {
  const match = /^ *(?:- +)*(?=[^\s#])/.exec(text ?? '');
  return match?.[0].length;
}

function keyAt(text: string | undefined): string | undefined {
  return /^ *(?:- +)*["']?([\w.]+)["']?:(?:\s|$)/.exec(text ?? '')?.[1];
}

/** The nearest line above whose key stands further left. */
function parentKey(lines: readonly string[], index: number): number | undefined {
  const column = keyColumn(lines[index]) ?? 0;
  for (let above = index - 1; above >= 0; above -= 1) {
    const candidate = keyColumn(lines[above]);
    if (candidate !== undefined && candidate < column) return above;
  }
  return undefined;
}

/** Keys of the mapping that the line belongs to: those in its column, up to the dash that begins it and down to its end. */
function keysOfMapping(lines: readonly string[], index: number): ReadonlySet<string> {
  const column = keyColumn(lines[index]) ?? 0;
  let first = index;
  while (first > 0 && !beginsItem(lines[first], column) && !endsAbove(lines[first - 1], column)) first -= 1;
  const keys = new Set<string>();
  for (let at = first; at < lines.length; at += 1) {
    const here = keyColumn(lines[at]);
    if (here === undefined) continue;
    if (at > first && (here < column || beginsItem(lines[at], column))) break;
    const key = here === column ? keyAt(lines[at]) : undefined;
    if (key !== undefined) keys.add(key);
  }
  return keys;
}

function beginsItem(text: string | undefined, column: number): boolean {
  return keyColumn(text) === column && /^ *-/.test(text ?? '');
}

function endsAbove(text: string | undefined, column: number): boolean {
  const here = keyColumn(text);
  return here !== undefined && here < column;
}
