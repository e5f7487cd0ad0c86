// SPDX-License-Identifier: Apache-2.0
// The grammar of features: what may stand between the parentheses of an aspect (spec radl 3).
import { closest } from './closest.js';
import { RadlError } from './error.js';
import type { Place, SimpleFeature } from './feature.js';
import { simpleFeature } from './feature.js';
import { type Feature, Features } from './features.js';
import { MAX_DEPTH } from './limits.js';
import type { RandomText } from './random-text.js';
import type { Token } from './token.js';
import type { TokenStream } from './token-stream.js';
import type { Comparator, RadlValue } from './value.js';

const COMPARATORS: readonly string[] = ['=', '<=', '>=', '<', '>'];

/** What the grammar needs besides tokens. */
export interface ParserSurroundings {
  readonly tokens: TokenStream;
  readonly randomText: RandomText;
  /** Takes a conflict that does not stop the parser. */
  readonly report: (error: RadlError) => void;
}

/**
 * Reads `features ")"` after the `(`. The features are not merged yet: conflicts surface only when the token after
 * the `)` is acceptable (spec radl 3.1), so the caller looks at it and then calls `mergeFeatures`.
 */
export function parseFeatures(surroundings: ParserSurroundings, depth = 1): Feature[] {
  const { tokens } = surroundings;
  if (depth > MAX_DEPTH) tokens.fail(`at most ${MAX_DEPTH} nested groups`);
  const features: Feature[] = [];
  if (tokens.takeSymbol(')')) return features;
  if (!tokens.isKeyword('and')) features.push(parseFeature(surroundings, depth));
  while (!tokens.takeSymbol(')')) {
    if (!tokens.takeKeyword('and')) tokens.fail("'and' or ')'", joinHint(tokens.current, features.at(-1)));
    features.push(parseFeature(surroundings, depth));
  }
  return features;
}

/** The features as a group; conflicts are reported and leave the stored feature in place. */
export function mergeFeatures(features: readonly Feature[], { report }: ParserSurroundings): Features {
  const group = Features.of();
  for (const feature of features) {
    try {
      group.add(feature);
    } catch (error) {
      if (!(error instanceof RadlError)) throw error;
      report(error);
    }
  }
  return group;
}

function parseFeature(surroundings: ParserSurroundings, depth: number): Feature {
  const { tokens } = surroundings;
  const { line, column } = tokens;
  if (tokens.takeKeyword('soft')) {
    const weight = tokens.expectNumber("the weight of the 'soft' group");
    tokens.expectSymbol('(');
    return { kind: 'soft', weight, group: parseInnerGroup(surroundings, depth), line, column };
  }
  const property = tokens.expectIdentifier("a feature: a property name, or the word 'soft'");
  if (tokens.takeKeyword('contains')) {
    tokens.expectSymbol('(');
    return { kind: 'contains', property, group: parseInnerGroup(surroundings, depth), line, column };
  }
  return parseComparison(surroundings, property, { line, column });
}

function parseInnerGroup(surroundings: ParserSurroundings, depth: number): Features {
  const { tokens } = surroundings;
  const features = parseFeatures(surroundings, depth + 1);
  if (!tokens.isKeyword('and') && !tokens.isSymbol(')')) tokens.fail("'and' or ')'");
  return mergeFeatures(features, surroundings);
}

function parseComparison(
  { tokens, randomText }: ParserSurroundings,
  property: string,
  place: Required<Place>,
): SimpleFeature {
  const operator = parseComparator(tokens);
  const token = tokens.current;
  switch (token.type) {
    case 'number': {
      tokens.take();
      return simpleFeature(property, operator, token.value, parseUnit(tokens), place);
    }
    case 'string':
      tokens.take();
      return simpleFeature(property, operator, token.text, '', place);
    case 'random':
      tokens.take();
      return simpleFeature(property, operator, randomText(token.length), '', place);
    default:
      tokens.expectSymbol('[', `a value: a number, a text in quotes or a list in brackets`, valueHint(token));
      return simpleFeature<RadlValue>(property, operator, parseList(tokens), '', place);
  }
}

/** Reads `= <= >= < >`. */
export function parseComparator(tokens: TokenStream): Comparator {
  const token = tokens.current;
  if (token.type === 'symbol' && isComparator(token.text)) {
    tokens.take();
    return token.text;
  }
  return tokens.fail("an operator ('=', '<=', '>=', '<', '>' or 'contains')", operatorHint(token));
}

function isComparator(text: string): text is Comparator {
  return COMPARATORS.includes(text);
}

function parseUnit(tokens: TokenStream): string {
  const token = tokens.current;
  if (token.type !== 'identifier') return '';
  tokens.take();
  return token.text;
}

/** The texts of a list after its `[`; the first one may be missing or empty and is then dropped. */
function parseList(tokens: TokenStream): string[] {
  const texts: string[] = [];
  const first = tokens.current;
  if (first.type === 'string') {
    tokens.take();
    if (first.text !== '') texts.push(first.text);
  }
  while (!tokens.takeSymbol(']')) {
    if (!tokens.takeSymbol(',')) tokens.fail("',' or ']'", listHint(tokens.current));
    const token = tokens.current;
    if (token.type !== 'string') return tokens.fail('a text in quotes', listHint(token));
    tokens.take();
    texts.push(token.text);
  }
  return texts;
}

function listHint(token: Token): string | undefined {
  return token.type === 'number' || token.type === 'identifier' ? 'lists hold texts in quotes only' : undefined;
}

function valueHint(token: Token): string | undefined {
  if (token.type === 'identifier') {
    return token.text.startsWith('input.')
      ? 'the parameter was not replaced by the client'
      : 'texts stand between quotes';
  }
  return token.type === 'symbol' && token.text === '=' ? "'=' compares; it is written once" : undefined;
}

function operatorHint(token: Token): string | undefined {
  return token.type === 'identifier' && closest(token.text, ['contains']) !== undefined
    ? "did you mean 'contains'?"
    : undefined;
}

function joinHint(token: Token, last: Feature | undefined): string | undefined {
  if (token.type === 'symbol' && token.text === ',') return "features are joined by 'and'";
  if (token.type === 'identifier' && closest(token.text, ['and']) !== undefined) return "did you mean 'and'?";
  if (token.type !== 'identifier' && token.type !== 'keyword') return undefined;
  if (token.type === 'keyword' && token.text !== 'soft') return "is the ')' of this group missing?";
  return last === undefined ? undefined : "features are joined by 'and'";
}
