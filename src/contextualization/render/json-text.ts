// SPDX-License-Identifier: Apache-2.0
// Results of tasks as JSON text in the layout of Ansible's screen output, which clients parse: sorted keys, `": "` and `", "`.
import { cutMiddle } from './ascii.js';

/** Longest text inside a result; longer ones lose their middle, so that the JSON stays readable. */
const MAX_TEXT = 32 * 1024;

const MAX_DEPTH = 100;

/** Escapes all but printable ASCII: nothing of a text is lost when only ASCII survives. */
function quote(text: string): string {
  return JSON.stringify(cutMiddle(text, MAX_TEXT)).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The value on one line. */
export function jsonLine(value: unknown): string {
  return write(value, undefined, 0);
}

/** The value over several lines, indented by four blanks. */
export function jsonBlock(value: unknown): string {
  return write(value, '    ', 0);
}

function write(value: unknown, indent: string | undefined, depth: number): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth > MAX_DEPTH) return quote('[... nested too deep ...]');
  const inner = (item: unknown): string => write(item, indent, depth + 1);
  return Array.isArray(value)
    ? wrap('[', value.map(inner), ']', indent, depth)
    : wrap(
        '{',
        Object.entries(value)
          .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
          .map(([key, item]) => `${quote(key)}: ${inner(item)}`),
        '}',
        indent,
        depth,
      );
}

function wrap(
  open: string,
  items: readonly string[],
  close: string,
  indent: string | undefined,
  depth: number,
): string {
  if (items.length === 0) return open + close;
  if (indent === undefined) return open + items.join(', ') + close;
  const padding = `\n${indent.repeat(depth + 1)}`;
  return `${open}${padding}${items.join(`,${padding}`)}\n${indent.repeat(depth)}${close}`;
}
