// SPDX-License-Identifier: Apache-2.0
// Python's way of showing strings and lists, which some compatibility texts contain literally.

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

// What Python does not count as printable: control, format, surrogate, unassigned, private use, separators but the blank.
const SPECIAL = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

function escapeCharacter(character: string): string {
  const known = ESCAPES.get(character);
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/**
 * The text of `repr(value)` for a Python string: single quotes, unless the text holds a single quote and no double one.
 *
 * @example pythonRepr("it's") // "it's" in double quotes
 */
export function pythonRepr(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value.replace(SPECIAL, escapeCharacter);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/**
 * The text of `repr(values)` for a Python list of strings and numbers.
 *
 * @example pythonReprList(['a', 'b']) // ['a', 'b']
 */
export function pythonReprList(values: Iterable<string | number>): string {
  const shown = Array.from(values, (value) => (typeof value === 'string' ? pythonRepr(value) : String(value)));
  return `[${shown.join(', ')}]`;
}
