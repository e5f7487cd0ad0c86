// SPDX-License-Identifier: Apache-2.0
// Regular expressions as Python's users write them, in the syntax of JavaScript.

/** Source and flags for `RegExp`. */
export interface JavaScriptPattern {
  readonly source: string;
  /** Of `i`, `m`, `s`. */
  readonly flags: string;
}

const GLOBAL_FLAGS = /^\(\?([aimsu]+)\)/;
// Escapes and classes are passed over whole, so that nothing inside them is taken for something else.
const PIECES = /\\[AZ]|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P<(?=[A-Za-z_])|\(\?P=(\w+)\)/g;

/**
 * Translates what Python writes in another way: named groups `(?P<name>...)` and `(?P=name)`, the ends of the text `\A` and `\Z`, and
 * flags at the beginning such as `(?i)`. What neither side knows is left for `RegExp` to refuse.
 */
export function javaScriptPattern(pattern: string): JavaScriptPattern {
  const [start = '', letters = ''] = GLOBAL_FLAGS.exec(pattern) ?? [];
  const source = pattern.slice(start.length).replace(PIECES, (piece: string, name: string | undefined) => {
    if (name !== undefined) return `\\k<${name}>`;
    if (piece === '(?P<') return '(?<';
    if (piece === '\\A') return '(?<![\\s\\S])';
    if (piece === '\\Z') return '(?![\\s\\S])';
    return piece.replace(/^(\[\^?)\]/, '$1\\]'); // the first bracket in a class is one of its characters
  });
  return { source, flags: ['i', 'm', 's'].filter((flag) => letters.includes(flag)).join('') };
}
