// SPDX-License-Identifier: Apache-2.0
// The tokens of RADL text (spec radl 2.2), and how messages name them.

/** Reserved words; they cannot be identifiers. */
export const KEYWORDS = [
  'network',
  'ansible',
  'system',
  'soft',
  'and',
  'contains',
  'deploy',
  'configure',
  'contextualize',
  'step',
  'with',
  'option',
  'description',
] as const;

/** A reserved word. */
export type Keyword = (typeof KEYWORDS)[number];

/** Words that begin a sentence other than a description. */
export const SENTENCE_WORDS = ['network', 'ansible', 'system', 'configure', 'contextualize', 'deploy'] as const;

/** Operators and punctuation. */
export type SymbolText = '(' | ')' | '[' | ']' | ',' | '=' | '<=' | '>=' | '<' | '>';

/** A token; its place is kept by the lexer. */
export type Token =
  | { readonly type: 'identifier'; readonly text: string }
  | { readonly type: 'keyword'; readonly text: Keyword }
  | { readonly type: 'symbol'; readonly text: SymbolText }
  | { readonly type: 'number'; readonly value: bigint | number }
  | { readonly type: 'string'; readonly text: string }
  /** `'random(N)'` */
  | { readonly type: 'random'; readonly length: number }
  /** Everything between `@begin` and `@end`; open without `@end`, empty when the `@end` follows directly. */
  | { readonly type: 'recipe'; readonly text: string; readonly state: 'complete' | 'open' | 'empty' }
  /** A character that must not be dropped, because that would invert the meaning (spec radl 18 D1). */
  | { readonly type: 'stray'; readonly text: '!' | '-' }
  /** A number beyond the bounds of the reader. */
  | { readonly type: 'invalid'; readonly reason: string }
  | { readonly type: 'end' };

const LONGEST_QUOTED = 60;

/** A short name of the token for messages; the content of texts is not shown, it may be a secret. */
export function describeToken(token: Token): string {
  switch (token.type) {
    case 'identifier':
      return `'${token.text.length > LONGEST_QUOTED ? `${token.text.slice(0, LONGEST_QUOTED)}...` : token.text}'`;
    case 'keyword':
      return `the word '${token.text}'`;
    case 'symbol':
    case 'stray':
      return `'${token.text}'`;
    case 'number':
    case 'invalid':
      return 'a number';
    case 'string':
    case 'random':
      return 'a quoted text';
    case 'recipe':
      return "'@begin'";
    case 'end':
      return 'the end of the document';
  }
}
