// SPDX-License-Identifier: Apache-2.0
// A strict JSON reader that keeps integers apart from fractions, all digits, and the order of any keys (spec radl 14.2).
import { RadlError } from './error.js';
import type { JsonValue } from './json-value.js';
import { MAX_DEPTH, MAX_DIGITS, MAX_DOCUMENT_LENGTH, MAX_FRACTION, MAX_PARTS } from './limits.js';

const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside texts
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const HEX = /[0-9a-fA-F]{4}/y;
const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * Reads one JSON value. Of duplicate keys the last value wins, at the place of the first.
 *
 * @throws RadlError with line and column when the text is not JSON, too long, too deep, or a number is out of bounds
 */
export function readJson(text: string): JsonValue {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    throw new RadlError(`The document is too long: ${text.length} characters, at most ${MAX_DOCUMENT_LENGTH}`);
  }
  return new JsonReader(text).read();
}

class JsonReader {
  readonly #text: string;
  #index = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): JsonValue {
    const value = this.#value(1);
    this.#skipBlanks();
    if (this.#index < this.#text.length) this.#fail('the end of the document');
    return value;
  }

  #value(depth: number): JsonValue {
    this.#skipBlanks();
    this.#values += 1;
    if (this.#values > MAX_PARTS) this.#fail(`at most ${MAX_PARTS} values`);
    if (depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} nested arrays and objects`);
    const character = this.#text.charAt(this.#index);
    switch (character) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    this.#index++;
    if (this.#take('}')) return members;
    do {
      this.#skipBlanks();
      if (this.#text.charAt(this.#index) !== '"') this.#fail('a key in double quotes');
      const key = this.#string();
      if (!this.#take(':')) this.#fail("':'");
      members.set(key, this.#value(depth + 1));
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail("',' or '}'");
    return members;
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#index++;
    if (this.#take(']')) return items;
    do {
      items.push(this.#value(depth + 1));
    } while (this.#take(','));
    if (!this.#take(']')) this.#fail("',' or ']'");
    return items;
  }

  #string(): string {
    let text = '';
    this.#index++;
    for (;;) {
      text += this.#match(PLAIN_TEXT)?.[0] ?? '';
      const character = this.#text.charAt(this.#index);
      if (character === '"') {
        this.#index++;
        return text;
      }
      if (character !== '\\') this.#fail("'\"' at the end of the text");
      this.#index++;
      text += this.#escape();
    }
  }

  #escape(): string {
    const character = this.#text.charAt(this.#index++);
    const plain = escapes.get(character);
    if (plain !== undefined) return plain;
    const hex = character === 'u' ? this.#match(HEX) : null;
    if (hex === null) this.#fail('an escape sequence');
    return String.fromCharCode(Number.parseInt(hex[0], 16));
  }

  #number(): bigint | number {
    const start = this.#index;
    const match = this.#match(NUMBER);
    if (match === null) return this.#fail('a value');
    const [text, fraction, exponent] = match;
    if (fraction === undefined && exponent === undefined) {
      if (text.length > MAX_DIGITS) this.#fail(`an integer of at most ${MAX_DIGITS} digits`, start);
      return BigInt(text);
    }
    const value = Number(text);
    if (Math.abs(value) > MAX_FRACTION) this.#fail(`a fraction of at most ${MAX_FRACTION}`, start);
    return value;
  }

  #word<Value extends JsonValue>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#index)) return this.#fail('a value');
    this.#index += word.length;
    return value;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#index;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#index = pattern.lastIndex;
    return match;
  }

  #skipBlanks(): void {
    this.#match(BLANKS);
  }

  #take(character: string): boolean {
    this.#skipBlanks();
    const isNext = this.#text.charAt(this.#index) === character;
    if (isNext) this.#index++;
    return isNext;
  }

  #fail(expected: string, index = this.#index): never {
    const before = this.#text.slice(0, index).split('\n');
    const line = before.length;
    const column = Array.from(before.at(-1) ?? '').length + 1;
    const found = index < this.#text.length ? 'something else' : 'the end of the document';
    // No `line` in the details: the string form of JSON errors has no `Line N: ` prefix (spec radl 14).
    throw new RadlError(`Invalid JSON at line ${line}, column ${column}: expected ${expected}`, { found, expected });
  }
}
