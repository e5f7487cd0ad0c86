// SPDX-License-Identifier: Apache-2.0
// Reads RADL text into a document: sentences and how reading goes on after an error (spec radl 2-4).
import type { Aspect, Description } from './aspects.js';
import { didYouMean } from './closest.js';
import { parseContextualize } from './contextualize-parser.js';
import { DocumentBuilder } from './document-builder.js';
import { MAX_PROBLEMS, RadlError, type RadlProblem, throwProblems } from './error.js';
import { mergeFeatures, type ParserSurroundings, parseFeatures } from './feature-parser.js';
import { type Feature, Features } from './features.js';
import { MAX_DOCUMENT_LENGTH } from './limits.js';
import { Radl } from './radl.js';
import { cryptographicText, type RandomText } from './random-text.js';
import { SENTENCE_WORDS, type Token } from './token.js';
import { DocumentTooLargeError, TokenStream } from './token-stream.js';
import { isPlainInteger, plainNumber } from './written-number.js';

/** Blank as the reference sees it: U+001C-U+001F count, the byte order mark does not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these four count as blanks
const BLANK = /^[\p{White_Space}\u001c-\u001f]*$/u;

/** What a caller may replace, for tests. */
export interface ParseOptions {
  /** Makes the text of `'random(N)'`. */
  readonly randomText?: RandomText;
}

/**
 * Reads a RADL document; blank input is the empty document. Never touches the file system.
 *
 * @example
 * const radl = parseRadl("network pub (outbound = 'yes')\ndeploy web 2");
 * @throws RadlError with the first problem as the reference would meet it, and all others it could find
 */
export function parseRadl(text: string, options: ParseOptions = {}): Radl {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    throw new RadlError(`The document is too long: ${text.length} characters, at most ${MAX_DOCUMENT_LENGTH}`);
  }
  if (BLANK.test(text)) return Radl.empty();
  return new DocumentParser(text, options.randomText ?? cryptographicText).parse();
}

class DocumentParser {
  readonly #problems: RadlProblem[] = [];
  readonly #builder = new DocumentBuilder();
  readonly #descriptions: Description[] = [];
  readonly #tokens: TokenStream;
  readonly #surroundings: ParserSurroundings;

  constructor(text: string, randomText: RandomText) {
    this.#tokens = new TokenStream(text);
    this.#surroundings = { tokens: this.#tokens, randomText, report: (error) => this.#report(error) };
  }

  parse(): Radl {
    this.#attempt(() => this.#parseDescriptions());
    while (this.#tokens.current.type !== 'end' && this.#problems.length < MAX_PROBLEMS) {
      this.#attempt(() => this.#parseSentence());
    }
    this.#addDescriptions();
    throwProblems(this.#problems);
    return this.#builder.radl;
  }

  #report(error: RadlError): void {
    this.#problems.push(...error.problems);
    // More would not be shown; collecting them could take long for hostile input.
    if (this.#problems.length >= MAX_PROBLEMS) throwProblems(this.#problems);
  }

  /** Runs a part of the grammar; after a syntax error goes on at the next sentence, or gives up at the end. */
  #attempt(part: () => void): void {
    try {
      part();
    } catch (error) {
      if (!(error instanceof RadlError) || error instanceof DocumentTooLargeError) throw error;
      this.#report(error);
      this.#tokens.recover();
    }
  }

  #addDescriptions(): void {
    for (const description of this.#descriptions) {
      try {
        this.#builder.add(description);
      } catch (error) {
        if (!(error instanceof RadlError)) throw error;
        this.#report(error);
        return;
      }
    }
  }

  #parseDescriptions(): void {
    const tokens = this.#tokens;
    while (tokens.isKeyword('description')) {
      const { line } = tokens;
      tokens.take();
      const name = tokens.expectIdentifier('the name of the description');
      const features = this.#parseOptionalGroup();
      if (!tokens.isKeyword('description')) this.#expectSentence(features === undefined);
      this.#descriptions.push({ kind: 'description', name, ...this.#body(features), line });
    }
    this.#expectSentence(false);
  }

  #parseSentence(): void {
    const tokens = this.#tokens;
    const start = tokens.current;
    const { line } = tokens;
    if (start.type !== 'keyword' || !tokens.startsSentence()) this.#failSentence(start, false);
    tokens.take();
    switch (start.text) {
      case 'network':
        this.#finish({ kind: 'network', id: tokens.expectIdentifier('the id of the network'), line });
        break;
      case 'system':
        this.#finish({ kind: 'system', name: tokens.expectIdentifier('the name of the system'), line });
        break;
      case 'ansible':
        this.#parseAnsible(line);
        break;
      case 'configure':
        this.#parseConfigure(line);
        break;
      case 'deploy':
        this.#parseDeploy(line);
        break;
      default:
        this.#add({ kind: 'contextualize', contextualize: parseContextualize(tokens, () => this.#expectEnd()) });
    }
  }

  /** The rest of a network or system: an optional group of features. */
  #finish(head: { kind: 'network'; id: string; line: number } | { kind: 'system'; name: string; line: number }): void {
    const features = this.#parseOptionalGroup();
    this.#expectEnd(features === undefined ? "'('" : undefined);
    this.#add({ ...head, ...this.#body(features) });
  }

  #parseAnsible(line: number): void {
    const id = this.#tokens.expectIdentifier('the id of the Ansible host');
    this.#tokens.expectSymbol('(', "'('", 'an Ansible host is always defined, it cannot be a reference');
    const features = parseFeatures(this.#surroundings);
    this.#expectEnd();
    this.#add({ kind: 'ansible', id, ...this.#body(features), line });
  }

  #parseConfigure(line: number): void {
    const tokens = this.#tokens;
    const name = tokens.expectIdentifier('the name of the configure');
    const isReference = !tokens.takeSymbol('(');
    const recipe = isReference ? '' : this.#parseRecipe();
    this.#expectEnd(isReference ? "'('" : undefined);
    this.#add({ kind: 'configure', name, recipe, isReference, line });
  }

  #parseRecipe(): string | null {
    const tokens = this.#tokens;
    if (tokens.takeSymbol(')')) return null;
    const token = tokens.current;
    if (token.type !== 'recipe') return tokens.fail("'@begin' or ')'");
    const { line } = tokens;
    if (token.state === 'empty') tokens.fail("a line between '@begin' and '@end'");
    tokens.take();
    if (token.state === 'open')
      tokens.fail(`'@end' at the start of a line, closing the recipe that begins on line ${line}`);
    tokens.expectSymbol(')');
    return token.text;
  }

  #parseDeploy(line: number): void {
    const tokens = this.#tokens;
    const system = tokens.expectIdentifier('the name of the system to deploy');
    const count = tokens.expectNumber('the number of virtual machines');
    const cloud = tokens.current.type === 'identifier' ? tokens.expectIdentifier('a cloud id') : undefined;
    this.#expectEnd(cloud === undefined ? 'a cloud id' : undefined);
    this.#add({
      kind: 'deploy',
      system,
      count: plainNumber(count),
      ...(!isPlainInteger(count) && { exactCount: count }),
      ...(cloud !== undefined && { cloudId: cloud }),
      line,
    });
  }

  #parseOptionalGroup(): Feature[] | undefined {
    return this.#tokens.takeSymbol('(') ? parseFeatures(this.#surroundings) : undefined;
  }

  #body(features: readonly Feature[] | undefined): { features: Features; isReference: boolean } {
    return {
      features: features === undefined ? Features.of() : mergeFeatures(features, this.#surroundings),
      isReference: features === undefined,
    };
  }

  /** Checks that the sentence is over: another one begins, or the document ends (spec radl 3.1). */
  #expectEnd(alternative?: string): void {
    if (this.#tokens.current.type !== 'end' && !this.#tokens.startsSentence()) {
      this.#failSentence(this.#tokens.current, true, alternative);
    }
  }

  #expectSentence(mayOpenGroup: boolean): void {
    if (!this.#tokens.startsSentence()) {
      this.#failSentence(this.#tokens.current, false, mayOpenGroup ? "'('" : undefined);
    }
  }

  #failSentence(token: Token, mayEnd: boolean, alternative?: string): never {
    const begin = `a sentence (${SENTENCE_WORDS.join(', ')})`;
    const expected = [alternative, begin, mayEnd ? 'the end of the document' : undefined];
    return this.#tokens.fail(expected.filter((text) => text !== undefined).join(' or '), sentenceHint(token));
  }

  #add(aspect: Aspect): void {
    try {
      this.#builder.add(aspect);
    } catch (error) {
      if (!(error instanceof RadlError)) throw error;
      this.#report(error);
    }
  }
}

function sentenceHint(token: Token): string | undefined {
  if (token.type === 'identifier') return didYouMean(token.text, [...SENTENCE_WORDS, 'description']);
  if (token.type === 'keyword' && token.text === 'description') return 'descriptions come before everything else';
  return undefined;
}
