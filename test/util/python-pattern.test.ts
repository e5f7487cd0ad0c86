// SPDX-License-Identifier: Apache-2.0
// Regular expressions of Python in JavaScript.
import { expect } from 'chai';
import { javaScriptPattern } from '../../src/util/python-pattern.js';

describe('javaScriptPattern', () => {
  const regExp = (pattern: string): RegExp => {
    const { source, flags } = javaScriptPattern(pattern);
    return new RegExp(source, flags);
  };

  // What Python's re.search finds, given as the text that matches, or undefined.
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['(?P<word>\\w+) (?P=word)', 'go go', 'go go'],
    ['(?P<word>\\w+) (?P=word)', 'go up', undefined],
    ['\\Ab', 'a\nb', undefined],
    ['(?m)^b', 'a\nb', 'b'],
    ['(?m)\\Ab', 'a\nb', undefined],
    ['a\\Z', 'a\nb', undefined],
    ['b\\Z', 'a\nb', 'b'],
    ['(?i)ABC', 'xabcx', 'abc'],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['(?im)^B$', 'a\nb\nc', 'b'],
    ['(?u)b', 'b', 'b'],
    ['\\\\Z', '\\Z', '\\Z'],
    ['[(?P<]', '<', '<'],
    ['[]\\]a]+', ']a]', ']a]'],
    [
      ".*description\\s*.*\\s*(\\s*name\\s*=\\s*'N'.*).*",
      "description d (\nname = 'N'\n)",
      "description d (\nname = 'N'",
    ],
  ];
  for (const [pattern, text, found] of cases) {
    it(`${pattern} finds ${JSON.stringify(found)} in ${JSON.stringify(text)}`, () => {
      expect(regExp(pattern).exec(text)?.[0]).to.equal(found);
    });
  }

  it('leaves what neither side knows to RegExp', () => {
    for (const pattern of ['[', '(?P<1>x)', '(?P>x)', '(?x) a'])
      expect(() => regExp(pattern), pattern).to.throw(SyntaxError);
  });
});
