// SPDX-License-Identifier: Apache-2.0
// The grammar of a contextualize section (spec radl 3, 4).
import type { Contextualize, ContextualizeItem } from './aspects.js';
import { mergeContextualize, NO_CONTEXTUALIZE } from './contextualize.js';
import { simpleFeature } from './feature.js';
import { parseComparator } from './feature-parser.js';
import { Features } from './features.js';
import type { TokenStream } from './token-stream.js';
import { isPlainInteger, plainNumber } from './written-number.js';

/** Reads the section after its first word; `expectEnd` checks the token that follows it. */
export function parseContextualize(tokens: TokenStream, expectEnd: () => void): Contextualize {
  const hasTime = tokens.current.type === 'number';
  const time = hasTime ? tokens.expectNumber('the time') : 0n;
  tokens.expectSymbol('(', hasTime ? "'('" : "a number of seconds or '('");
  const options = Features.of();
  while (tokens.isKeyword('option')) parseOption(tokens, options);
  const items: ContextualizeItem[] = [];
  while (!tokens.takeSymbol(')')) {
    if (!tokens.isKeyword('system')) {
      const isLateOption = tokens.isKeyword('option');
      const expected = items.length === 0 ? "'option', 'system' or ')'" : "'system' or ')'";
      tokens.fail(expected, isLateOption ? 'options come before the items' : undefined);
    }
    items.push(parseItem(tokens));
  }
  expectEnd();
  const section: Contextualize = {
    maxTime: plainNumber(time),
    ...(!isPlainInteger(time) && { exactMaxTime: time }),
    items,
    options,
  };
  return mergeContextualize(NO_CONTEXTUALIZE, section);
}

function parseOption(tokens: TokenStream, options: Features): void {
  const { line, column } = tokens;
  tokens.take();
  const name = tokens.expectIdentifier('the name of the option');
  const operator = parseComparator(tokens);
  const token = tokens.current;
  if (token.type !== 'number' && token.type !== 'string') tokens.fail('a number or a text in quotes');
  tokens.take();
  const value = token.type === 'number' ? token.value : token.text;
  options.replace(simpleFeature(name, operator, value, '', { line, column }));
}

function parseItem(tokens: TokenStream): ContextualizeItem {
  const { line } = tokens;
  tokens.take();
  const system = tokens.expectIdentifier('the name of the system');
  tokens.expectKeyword('configure');
  const configure = tokens.expectIdentifier('the name of the configure');
  if (tokens.takeKeyword('with')) {
    return { system, configure, step: 0, tool: tokens.expectIdentifier('the name of the tool'), line };
  }
  if (!tokens.takeKeyword('step')) return { system, configure, step: 0, line };
  const step = tokens.expectNumber('the number of the step');
  return { system, configure, step: plainNumber(step), ...(!isPlainInteger(step) && { exactStep: step }), line };
}
