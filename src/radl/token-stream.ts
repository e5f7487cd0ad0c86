// SPDX-License-Identifier: Apache-2.0
// One token of look-ahead over the lexer, with the expectations of the grammar turned into errors (spec radl 3, 7, 18 D6).
import { RadlError } from './error.js';
import { Lexer } from './lexer.js';
import { MAX_PARTS } from './limits.js';
import { describeToken, type Keyword, SENTENCE_WORDS, type SymbolText, type Token } from './token.js';

/** Names whose values must not be repeated in an error text, which clients show and log. */
const SECRET_NAME = /password|private_key|secret|token/i;

/** The document has more than {@link MAX_PARTS} parts. No syntax error: reading does not go on after it. */
export class DocumentTooLargeError extends RadlError {
  constructor() {
    super(`The document is too large: it has more than ${MAX_PARTS} words, signs and values`);
  }
}

/** The tokens of a document, read one by one. */
export class TokenStream {
  readonly #lexer: Lexer;
  #current: Token;
  /** The name that the next token belongs to, when there is nothing or only a `=` between them. */
  #lastName = '';
  #taken = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#current = this.#lexer.next();
  }

  /** The next token, not consumed yet. */
  get current(): Token {
    return this.#current;
  }

  /** Line of the next token. */
  get line(): number {
    return this.#lexer.line;
  }

  /** Column of the next token. */
  get column(): number {
    return this.#lexer.column;
  }

  /** Consumes the next token. */
  take(): void {
    this.#taken += 1;
    if (this.#taken > MAX_PARTS) throw new DocumentTooLargeError();
    if (this.#current.type === 'identifier') this.#lastName = this.#current.text;
    else if (!this.isSymbol('=')) this.#lastName = '';
    this.#current = this.#lexer.next();
  }

  isSymbol(text: SymbolText): boolean {
    return this.#current.type === 'symbol' && this.#current.text === text;
  }

  isKeyword(text: Keyword): boolean {
    return this.#current.type === 'keyword' && this.#current.text === text;
  }

  /** Whether the next token begins a sentence other than a description. */
  startsSentence(): boolean {
    const token = this.#current;
    return token.type === 'keyword' && SENTENCE_WORDS.some((word) => word === token.text);
  }

  /** Consumes the symbol when it is next. */
  takeSymbol(text: SymbolText): boolean {
    const isNext = this.isSymbol(text);
    if (isNext) this.take();
    return isNext;
  }

  /** Consumes the word when it is next. */
  takeKeyword(text: Keyword): boolean {
    const isNext = this.isKeyword(text);
    if (isNext) this.take();
    return isNext;
  }

  expectSymbol(text: SymbolText, expected = `'${text}'`, hint?: string): void {
    if (!this.takeSymbol(text)) this.fail(expected, hint);
  }

  expectKeyword(text: Keyword): void {
    if (!this.takeKeyword(text)) this.fail(`the word '${text}'`);
  }

  /** The text of an identifier. `meaning` says what it names, e.g. `the id of the network`. */
  expectIdentifier(meaning: string): string {
    const token = this.#current;
    if (token.type !== 'identifier') return this.fail(meaning, identifierHint(token));
    this.take();
    return token.text;
  }

  expectNumber(meaning: string): bigint | number {
    const token = this.#current;
    if (token.type !== 'number') return this.fail(meaning);
    this.take();
    return token.value;
  }

  /** Raises the syntax error for the next token. */
  fail(expected: string, likelyHint?: string): never {
    const hint = this.#generalHint() ?? likelyHint;
    const token = this.#current;
    const isSecret = token.type === 'identifier' && SECRET_NAME.test(this.#lastName);
    const found = isSecret ? 'a word that may be a secret' : describeToken(token);
    if (token.type === 'end') {
      const text = `Parse error at the end of the document: expected ${expected}${sentence(hint)}`;
      throw new RadlError(text, { found, expected, hint });
    }
    const { line, column } = this.#lexer;
    const where = `Parse error at column ${column}`;
    if (token.type === 'invalid') throw new RadlError(`${where}: ${token.reason}`, { line, column });
    const text = `${where}: found ${found}, expected ${expected}${sentence(hint)}`;
    throw new RadlError(text, { line, column, found, expected, hint });
  }

  #generalHint(): string | undefined {
    const token = this.#current;
    if (token.type === 'stray') {
      return token.text === '!' ? "there is no 'not equal' in RADL" : 'numbers have no sign in RADL';
    }
    const line = this.#lexer.unclosedQuoteLine;
    return line === undefined ? undefined : `a quote on line ${line} is not closed`;
  }

  /**
   * After a syntax error: skips to a sentence that begins its line outside all parentheses, where reading can go on.
   *
   * @returns false when there is none
   */
  recover(): boolean {
    let hasMoved = false;
    for (;;) {
      const token = this.#current;
      if (token.type === 'end') return false;
      if (this.#lexer.depth === 0 && this.#lexer.startsLine && hasMoved && this.startsSentence()) return true;
      this.take();
      hasMoved = true;
    }
  }
}

function sentence(hint: string | undefined): string {
  return hint === undefined ? '' : ` (${hint})`;
}

function identifierHint(token: Token): string | undefined {
  if (token.type === 'keyword') return `'${token.text}' is a reserved word`;
  return token.type === 'string' ? 'names are written without quotes' : undefined;
}
