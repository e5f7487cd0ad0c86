// SPDX-License-Identifier: Apache-2.0
// Cuts RADL text into tokens (spec radl 2); characters that start no token are skipped, as the language demands.
import { MAX_DIGITS, MAX_FRACTION, MAX_RANDOM_LENGTH } from './limits.js';
import { KEYWORDS, type Keyword, type SymbolText, type Token } from './token.js';

const keywords: ReadonlyMap<string, Keyword> = new Map(KEYWORDS.map((word) => [word, word]));

const IDENTIFIER_START = /[A-Za-z_.]/;
const ASCII_WORD = /[A-Za-z0-9_.-]*/y;
const ANY_WORD = /[\p{L}\p{N}_.-]*/uy;
const NUMBER = /([0-9]+)(\.[0-9]*)?/y;
const RANDOM = /(['"])random\(([0-9]+)\)\1/y;
const NEGATION = /![ \t]*[=<>]/y;
const MINUS = /[-\u2212][ \t]*[0-9]/y;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const SURROGATE = /[\ud800-\udbff]/;

const END: Token = { type: 'end' };

type Quote = "'" | '"';

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
}

/** Reads one document front to back, in time linear in its length. */
export class Lexer {
  readonly #text: string;
  readonly #hasSurrogates: boolean;
  #index = 0;
  #line = 1;
  #lineStart = 0;
  #tokenLine = 0;
  #tokenColumn = 0;
  #startsLine = true;
  /** Characters outside the basic plane before `#countedTo` on the current line: they are two units but one column. */
  #pairs = 0;
  #countedTo = 0;
  #depth = 0;
  #unclosedLine: number | undefined;
  /** Up to where a search for the closing quote has failed: nothing in between can close either. */
  readonly #unclosedUntil: Record<Quote, number> = { "'": 0, '"': 0 };

  constructor(text: string) {
    this.#text = `${text}\n`;
    this.#hasSurrogates = SURROGATE.test(text);
  }

  /** Open parentheses at this point; above 0 the inner mode of the spec applies. */
  get depth(): number {
    return this.#depth;
  }

  /** Line of the last token, from 1. */
  get line(): number {
    return this.#tokenLine;
  }

  /** Column of the last token in characters (code points), from 1. */
  get column(): number {
    return this.#tokenColumn;
  }

  /** Line of the first quote that was dropped because it is not closed. */
  get unclosedQuoteLine(): number | undefined {
    return this.#unclosedLine;
  }

  /** Whether no other token stands before the last one on its line. */
  get startsLine(): boolean {
    return this.#startsLine;
  }

  /** The next token; `end` again and again after the last one. */
  next(): Token {
    const text = this.#text;
    const lastLine = this.#line;
    const isFirst = this.#tokenLine === 0;
    while (this.#index < text.length) {
      const start = this.#index;
      const token = this.#scan(text.charAt(start));
      if (token === undefined) {
        if (this.#index === start) this.#index++;
        continue;
      }
      this.#setPlace(start, isFirst || this.#line !== lastLine);
      if (token.type === 'string' || token.type === 'recipe') this.#countLines(start, this.#index);
      return token;
    }
    this.#setPlace(text.length, true);
    return END;
  }

  // Line and column are those of the start of the token, so they are taken before newlines inside it are counted.
  #setPlace(start: number, startsLine: boolean): void {
    this.#tokenLine = this.#line;
    this.#tokenColumn = this.#columnOf(start);
    this.#startsLine = startsLine;
  }

  /** The token that starts here, or undefined to skip (one character, unless the index has moved). */
  #scan(character: string): Token | undefined {
    switch (character) {
      case ' ':
      case '\t':
        return undefined;
      case '\n':
        this.#index++;
        this.#startLine(this.#index);
        return undefined;
      case '#':
        this.#index = this.#text.indexOf('\n', this.#index);
        return undefined;
      case '(':
        this.#depth++;
        return this.#symbol('(');
      case ')':
        if (this.#depth > 0) this.#depth--;
        return this.#symbol(')');
      case '[':
      case ']':
      case ',':
      case '=':
        return this.#depth > 0 ? this.#symbol(character) : undefined;
      case '<':
      case '>':
        if (this.#depth === 0) return undefined;
        return this.#symbol(this.#text.charAt(this.#index + 1) === '=' ? `${character}=` : character);
      case "'":
      case '"':
        return this.#string(character);
      case '@':
        return this.#text.startsWith('@begin', this.#index) ? this.#recipe() : undefined;
      case '!':
        return this.#depth > 0 && matchAt(NEGATION, this.#text, this.#index) ? this.#stray('!') : undefined;
      case '-':
      case '\u2212':
        return matchAt(MINUS, this.#text, this.#index) ? this.#stray('-') : undefined;
      default:
        if (character >= '0' && character <= '9') return this.#number();
        return IDENTIFIER_START.test(character) ? this.#word() : undefined;
    }
  }

  #symbol(text: SymbolText): Token {
    this.#index += text.length;
    return { type: 'symbol', text };
  }

  #stray(text: '!' | '-'): Token {
    this.#index++;
    return { type: 'stray', text };
  }

  #word(): Token {
    const start = this.#index;
    let end = start + (matchAt(ASCII_WORD, this.#text, start)?.[0].length ?? 0);
    if (this.#text.charCodeAt(end) > 127) end = start + (matchAt(ANY_WORD, this.#text, start)?.[0].length ?? 0);
    this.#index = end;
    const text = this.#text.slice(start, end);
    const keyword = keywords.get(text);
    return keyword === undefined ? { type: 'identifier', text } : { type: 'keyword', text: keyword };
  }

  #number(): Token {
    const [text = '', digits = '', fraction] = matchAt(NUMBER, this.#text, this.#index) ?? [];
    if (fraction === undefined) {
      if (digits.length > MAX_DIGITS)
        return this.#outOfBounds(text.length, `an integer has at most ${MAX_DIGITS} digits`);
      this.#index += text.length;
      return { type: 'number', value: BigInt(digits) };
    }
    const value = Number(text);
    if (value > MAX_FRACTION) return this.#outOfBounds(text.length, `a fraction is at most ${MAX_FRACTION}`);
    this.#index += text.length;
    return { type: 'number', value };
  }

  #string(quote: Quote): Token | undefined {
    const random = matchAt(RANDOM, this.#text, this.#index);
    if (random !== null) {
      const length = Number(random[2]);
      if (length > MAX_RANDOM_LENGTH)
        return this.#outOfBounds(random[0].length, `random() makes at most ${MAX_RANDOM_LENGTH} characters`);
      this.#index += random[0].length;
      return { type: 'random', length };
    }
    if (this.#index < this.#unclosedUntil[quote]) return undefined;
    const end = this.#closingQuote(quote);
    if (end === undefined) return undefined;
    const text = this.#text.slice(this.#index + 1, end);
    this.#index = end + 1;
    return { type: 'string', text: text.includes('\\') ? text.replaceAll(`\\${quote}`, quote) : text };
  }

  /**
   * The index of the closing quote, or undefined when there is none before a backslash at the end of a line. A failed
   * search covers every later quote up to its end, which keeps hostile input linear.
   */
  #closingQuote(quote: Quote): number | undefined {
    const text = this.#text;
    const quoteCode = quote.charCodeAt(0);
    let index = this.#index + 1;
    while (index < text.length) {
      const code = text.charCodeAt(index);
      if (code === quoteCode) return index;
      if (code === BACKSLASH && text.charCodeAt(index + 1) === NEWLINE) break;
      index += code === BACKSLASH ? 2 : 1;
    }
    this.#unclosedUntil[quote] = index;
    this.#unclosedLine ??= this.#line;
    return undefined;
  }

  #recipe(): Token {
    const start = this.#index + '@begin'.length;
    if (this.#text.startsWith('@end', start)) {
      this.#index = start + '@end'.length;
      return { type: 'recipe', text: '', state: 'empty' };
    }
    const end = this.#text.indexOf('\n@end', start);
    if (end === -1) {
      this.#index = this.#text.length;
      return { type: 'recipe', text: '', state: 'open' };
    }
    this.#index = end + '\n@end'.length;
    return { type: 'recipe', text: this.#text.slice(start, end + 1), state: 'complete' };
  }

  #outOfBounds(length: number, reason: string): Token {
    this.#index += length;
    return { type: 'invalid', reason };
  }

  #startLine(index: number): void {
    this.#line++;
    this.#lineStart = index;
    this.#countedTo = index;
    this.#pairs = 0;
  }

  #countLines(from: number, to: number): void {
    for (
      let index = this.#text.indexOf('\n', from);
      index !== -1 && index < to;
      index = this.#text.indexOf('\n', index + 1)
    ) {
      this.#startLine(index + 1);
    }
  }

  #columnOf(index: number): number {
    if (this.#hasSurrogates) {
      for (; this.#countedTo < index; this.#countedTo++) {
        const isPair = (this.#text.codePointAt(this.#countedTo) ?? 0) > 0xffff;
        if (isPair) this.#pairs++;
        if (isPair) this.#countedTo++;
      }
    }
    return index - this.#lineStart - this.#pairs + 1;
  }
}
