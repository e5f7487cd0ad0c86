// SPDX-License-Identifier: Apache-2.0
// PyYAML does not care how the lines inside brackets and quotes are indented; the library does. This indents them.
import { YamlError } from './values.js';

/** A text with its lines inside flow collections and quoted texts indented further. */
export interface RelaxedText {
  readonly text: string;
  /** Blanks added in front of a line (from 1). */
  addedTo(line: number): number;
}

/**
 * Indents every line that continues a flow collection or a quoted text more than the node around it, which changes
 * no value. Lines of block texts and multi-line plain texts stay as they are.
 *
 * @throws YamlError when that would make the text far longer (hostile indentation)
 */
export function relaxIndentation(text: string): RelaxedText {
  const added = new ContinuationScanner(text).scan();
  const blanks = [...added.values()].reduce((sum, count) => sum + count, 0);
  if (blanks > MAX_ADDED) throw new YamlError('the lines inside brackets or quotes are indented too little');
  const lines = text.split('\n').map((line, index) => ' '.repeat(added.get(index + 1) ?? 0) + line);
  return { text: lines.join('\n'), addedTo: (line) => added.get(line) ?? 0 };
}

const MAX_ADDED = 16_000_000;
const BLANK_OR_END = /[ \t\r\n]|$/y;
const LINE_END = /[\r\n]|$/y;
const SPACES = / */y;
const WORD = /[^ \t\r\n]*/y;
const FLOW_WORD = /[^ \t\r\n,[\]{}]+/y;
const BLANKS = /[ \t]*/y;
const DOCUMENT_MARK = /(?:---|\.\.\.)(?:[ \t\r\n]|$)/y;

/** Go on in this line; nothing more on it matters; the scanner stands at the start of another line already. */
type Step = 'more' | 'done' | 'next line';

/** Walks over the structure of a document far enough to know which lines continue brackets or quotes. */
class ContinuationScanner {
  readonly #text: string;
  readonly #added = new Map<number, number>();
  #index = 0;
  #line = 1;
  #lineStart = 0;
  /** Column of the node that encloses the one being read; -1 at the top. */
  #parent = -1;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): ReadonlyMap<number, number> {
    while (this.#index < this.#text.length) {
      if (this.#scanLine() !== 'next line') this.#skipRestOfLine();
    }
    return this.#added;
  }

  get #character(): string {
    return this.#text.charAt(this.#index);
  }

  #match(pattern: RegExp, index = this.#index): string | undefined {
    pattern.lastIndex = index;
    return pattern.exec(this.#text)?.[0];
  }

  #skip(pattern: RegExp): void {
    this.#index += this.#match(pattern)?.length ?? 0;
  }

  #isBlankAt(index: number): boolean {
    return this.#match(BLANK_OR_END, index) !== undefined;
  }

  #nextLine(): void {
    this.#index++;
    this.#line++;
    this.#lineStart = this.#index;
  }

  #skipRestOfLine(): void {
    const end = this.#text.indexOf('\n', this.#index);
    this.#index = end === -1 ? this.#text.length : end;
    if (end !== -1) this.#nextLine();
  }

  /** Reads the nodes that begin on a line in block context; tells where it stands then. */
  #scanLine(): Step {
    if (this.#character === '%') return 'done';
    this.#parent = -1;
    if (this.#match(DOCUMENT_MARK) !== undefined) {
      this.#index += 3;
      this.#skip(BLANKS);
    } else {
      this.#skip(BLANKS);
      this.#parent = this.#index - this.#lineStart - 1;
    }
    for (;;) {
      const step = this.#scanNode();
      if (step !== 'more') return step;
      this.#skip(BLANKS);
    }
  }

  /** Reads one indicator, property or scalar. */
  #scanNode(): Step {
    const column = this.#index - this.#lineStart;
    const character = this.#character;
    switch (character) {
      case '':
      case '\n':
      case '\r':
      case '#':
        return 'done';
      case '-':
      case '?':
      case ':':
        if (!this.#isBlankAt(this.#index + 1)) return this.#scanPlain(column);
        this.#parent = column;
        this.#index++;
        return 'more';
      case '!':
      case '&':
        this.#skip(WORD);
        return 'more';
      case '*':
        this.#skip(WORD);
        return this.#scanKeyMark(column);
      case '|':
      case '>':
        this.#skipDeeperLines(false);
        return 'next line';
      case '"':
      case "'":
        this.#scanQuoted(character);
        return this.#scanKeyMark(column);
      case '[':
      case '{':
        this.#scanFlow();
        return this.#scanKeyMark(column);
      default:
        return this.#scanPlain(column);
    }
  }

  /** After a node that may be a key: its `:` makes it the parent of what follows. */
  #scanKeyMark(column: number): Step {
    this.#skip(BLANKS);
    if (this.#character !== ':' || !this.#isBlankAt(this.#index + 1)) return 'done';
    this.#parent = column;
    this.#index++;
    return 'more';
  }

  #scanPlain(column: number): Step {
    for (; ; this.#index++) {
      const character = this.#character;
      if (character === '' || character === '\n') break;
      if (character === '#' && this.#isBlankAt(this.#index - 1)) return 'done';
      if (character === ':' && this.#isBlankAt(this.#index + 1)) return this.#scanKeyMark(column);
    }
    this.#skipDeeperLines(true);
    return 'next line';
  }

  /** Skips the lines of a block text or plain text: those that are blank or indented more than the parent. */
  #skipDeeperLines(endsAtComment: boolean): void {
    this.#skipRestOfLine();
    while (this.#index < this.#text.length) {
      const indent = this.#match(SPACES)?.length ?? 0;
      const first = this.#text.charAt(this.#index + indent);
      const isBlank = first === '\n' || first === '\r' || first === '';
      const isMark = indent === 0 && this.#match(DOCUMENT_MARK) !== undefined;
      if (isMark || (!isBlank && (indent <= this.#parent || (endsAtComment && first === '#')))) break;
      this.#skipRestOfLine();
    }
  }

  #scanQuoted(quote: string): void {
    for (this.#index++; this.#index < this.#text.length; this.#index++) {
      const character = this.#character;
      if (character === '\n') {
        this.#continueLine();
      } else if (character === '\\' && quote === '"' && this.#text.charAt(this.#index + 1) !== '\n') {
        this.#index++;
      } else if (character === quote) {
        this.#index++;
        if (quote === '"' || this.#character !== "'") return;
      }
    }
  }

  /** At a newline inside brackets or quotes: the next line is indented, unless it is blank or a document mark. */
  #continueLine(): void {
    const next = this.#index + 1;
    const start = next + (this.#match(BLANKS, next)?.length ?? 0);
    if (this.#match(LINE_END, start) === undefined && this.#match(DOCUMENT_MARK, next) === undefined) {
      this.#added.set(this.#line + 1, this.#parent + 1);
    }
    this.#nextLine();
    this.#index--;
  }

  #scanFlow(): void {
    let depth = 0;
    let isTokenStart = true;
    for (; this.#index < this.#text.length; this.#index++) {
      const character = this.#character;
      if (character === '\n') {
        this.#continueLine();
        isTokenStart = true;
      } else if (character === '#' && this.#isBlankAt(this.#index - 1)) {
        this.#skipComment();
      } else if ((character === '"' || character === "'") && isTokenStart) {
        this.#scanQuoted(character);
        this.#index--;
        isTokenStart = false;
        // A `:` right after a quoted key begins the value even without a blank.
        if (this.#text.charAt(this.#index + 1) === ':') {
          this.#index++;
          isTokenStart = true;
        }
      } else if (character === '[' || character === '{') {
        depth++;
        isTokenStart = true;
      } else if (character === ']' || character === '}') {
        depth--;
        if (depth === 0) {
          this.#index++;
          return;
        }
        isTokenStart = false;
      } else if (character === ',') {
        isTokenStart = true;
      } else if (character === ':' || character === '?' || character === '-') {
        isTokenStart = isTokenStart || this.#isBlankAt(this.#index + 1);
      } else if (!this.#isBlankAt(this.#index)) {
        isTokenStart = (character === '!' || character === '&') && isTokenStart ? this.#skipProperty() : false;
      }
    }
  }

  #skipProperty(): boolean {
    this.#skip(FLOW_WORD);
    this.#index--;
    return true;
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#index);
    this.#index = (end === -1 ? this.#text.length : end) - 1;
  }
}
