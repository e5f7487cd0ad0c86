// SPDX-License-Identifier: Apache-2.0
// Reading RADL text: lexical rules, grammar, and how errors surface.
import { expect } from 'chai';
import { Features, parseRadl, printRadl, type Radl, RadlError } from '../../src/radl/index.js';
import { errorOf } from './support.js';

function features(text: string): Features {
  return parseRadl(`system s (${text})`).systems[0]?.features ?? Features.of();
}

function failure(text: string): RadlError {
  return errorOf(() => parseRadl(text));
}

describe('RADL text', () => {
  describe('characters', () => {
    it('is the empty document when blank, also with U+001C', () => {
      for (const blank of ['', ' \t\r\n', '\u001c\u2003\u0085']) expect(printRadl(parseRadl(blank))).to.equal('');
    });

    it('refuses a document of a byte order mark or comments only', () => {
      expect(failure('\ufeff').message).to.match(/^Parse error at the end of the document/);
      expect(failure('# nothing').line).to.equal(undefined);
    });

    it('skips characters that start no token', () => {
      const radl = parseRadl("\ufeffnetwork\u00a0lan; (outbound = \u0000 'yes');\r\ndeploy = s, [2] <c>");
      expect(radl.getNetwork('lan')?.features.getText('outbound')).to.equal('yes');
      expect(radl.deploys).to.have.length(1);
      expect(radl.deploys[0]).to.include({ system: 's', count: 2, cloudId: 'c' });
    });

    it('refuses a sign and a negation, because dropping them would invert the meaning', () => {
      for (const text of ['x = -5', 'x = - 5', 'x = \u22125', 'x != 3', 'x ! = 3']) {
        expect(failure(`system s (${text})`).message, text).to.match(
          /^Line 1: Parse error at column \d+: found '[!-]'/,
        );
      }
      expect(failure('system s ()\ndeploy s -1').line).to.equal(2);
    });

    it('takes letters of any script after the first character of an identifier', () => {
      expect(features('caf\u00e9.t\u00e91-x = 1').names()).to.deep.equal(['caf\u00e9.t\u00e91-x']);
      expect(parseRadl('system \u00f1odo').systems[0]?.name).to.equal('odo');
    });

    it('leaves # inside texts and recipes alone', () => {
      const radl = parseRadl("system s (a = 'x # y') # z\nconfigure s (\n@begin\n# keep\n@end\n)");
      expect(radl.systems[0]?.features.getText('a')).to.equal('x # y');
      expect(radl.configures[0]?.recipe).to.equal('\n# keep\n');
    });
  });

  describe('numbers', () => {
    it('keep integers apart from fractions, with all digits', () => {
      const group = features('a = 007 and b = 3. and c = 123456789012345678901234567890 and d = 1.50');
      expect(['a', 'b', 'c', 'd'].map((name) => group.getValue(name))).to.deep.equal([
        7n,
        3,
        123456789012345678901234567890n,
        1.5,
      ]);
      expect(typeof group.getValue('b')).to.equal('number');
    });

    it('have no exponent; an identifier after a number is its unit', () => {
      const group = features('a = 1e3 and b = 10.20.30 and c = 512 MiB');
      expect(['a', 'b', 'c'].map((name) => group.feature(name)?.unit)).to.deep.equal(['e3', '.30', 'MiB']);
      expect(group.feature('b')?.value).to.equal(10.2);
    });

    it('are bounded', () => {
      expect(failure(`system s (a = ${'9'.repeat(5000)})`).message).to.contain('at most 4300 digits');
      expect(failure(`system s (a = ${'9'.repeat(400)}.0)`).message).to.contain('a fraction is at most');
    });
  });

  describe('texts', () => {
    it('unescape the quote only', () => {
      expect(features("a = 'it\\'s \\n \\\\ end'").getText('a')).to.equal("it's \\n \\\\ end");
    });

    it('may stand between double quotes', () => {
      const group = features('a = "it\'s" and b = ["x", \'y\'] and c = "say \\"hi\\""');
      expect(group.getText('a')).to.equal("it's");
      expect(group.getTexts('b')).to.deep.equal(['x', 'y']);
      expect(group.getText('c')).to.equal('say "hi"');
    });

    it('may hold newlines, which are counted', () => {
      const radl = parseRadl("system s (a = 'one\ntwo' and\nb = 1)");
      expect(radl.systems[0]?.features.feature('b')?.line).to.equal(3);
    });

    it('drop the quote when a backslash stands at the end of the line, and say so', () => {
      const error = failure("system s (a = 'abc\\\ndef')");
      expect(error).to.include({ line: 1, column: 16, hint: 'a quote on line 1 is not closed' });
      expect(failure("system s (a = 1 and\nb = 'c and d = 2)").hint).to.equal('a quote on line 2 is not closed');
    });

    it('drop the first element of a list when it is empty', () => {
      const group = features("a = [] and b = [''] and c = ['', 'x'] and d = [, 'x'] and e = ['x', '']");
      expect(['a', 'b', 'c', 'd', 'e'].map((name) => group.getTexts(name))).to.deep.equal([
        [],
        [],
        ['x'],
        ['x'],
        ['x', ''],
      ]);
    });

    it('are made up by random(N)', () => {
      const radl = parseRadl("system s (a = 'random(12)' and b = 'random(x)')", {
        randomText: (length) => 'r'.repeat(length),
      });
      expect(radl.systems[0]?.features.getText('a')).to.equal('r'.repeat(12));
      expect(radl.systems[0]?.features.getText('b')).to.equal('random(x)');
      expect(features("a = 'random(40)'").getText('a')).to.match(/^[A-Za-z0-9]{40}$/);
      expect(failure("system s (a = 'random(999999999)')").message).to.contain('at most 4096');
    });
  });

  describe('recipes', () => {
    it('begin on the line of @begin and end at an @end in the first column', () => {
      const radl = parseRadl('configure c (\r\n@begin x\r\n  @end\n@end)');
      expect(radl.configures[0]?.recipe).to.equal(' x\r\n  @end\n');
    });

    it('need a line and an end', () => {
      expect(failure('configure c (\n@begin@end\n)').message).to.match(/^Line 2: Parse error/);
      expect(failure('configure c (\n@begin\n- a').message).to.contain('closing the recipe that begins on line 2');
    });

    it('are null for (), empty for a reference', () => {
      const [none, reference] = parseRadl('configure a () configure b').configures;
      expect(none).to.include({ recipe: null, isReference: false });
      expect(reference).to.include({ recipe: '', isReference: true });
    });
  });

  describe('sentences', () => {
    it('accept a leading and, nested groups and optional parts', () => {
      const group = features("and soft 2.5 (x contains (name = 'a' and soft 1 ())) and y >= 'v'");
      expect(group.softs()[0]?.weight).to.equal(2.5);
      expect(group.softs()[0]?.features.contained('x')[0]?.softs()).to.have.length(1);
      expect(group.feature('y')?.operator).to.equal('>=');
    });

    it('merge contextualize sections: largest time, later items and options in place', () => {
      const { contextualize } = parseRadl(
        "contextualize 10 (option v = '1' system a configure b) contextualize 5 (option v = '2' option w >= 3 " +
          'system a configure c with cloud_init system a configure b step 9)',
      );
      expect(contextualize.maxTime).to.equal(10);
      expect(contextualize.options?.getText('v')).to.equal('2');
      expect(contextualize.options?.names()).to.deep.equal(['v', 'w']);
      expect(contextualize.items?.map(({ configure, step, tool }) => [configure, step, tool])).to.deep.equal([
        ['b', 9, undefined],
        ['c', 0, 'cloud_init'],
      ]);
    });

    it('keep absent and empty contextualize items apart', () => {
      expect(parseRadl('network n').contextualize.items).to.equal(undefined);
      expect(parseRadl('contextualize ()').contextualize.items).to.deep.equal([]);
    });

    it('keep odd counts, steps and times as written', () => {
      const radl = parseRadl(
        'deploy s 2.5 deploy s 99999999999999999999 contextualize 7.0 (system a configure b step 1.5)',
      );
      expect(radl.deploys.map(({ exactCount }) => exactCount)).to.deep.equal([2.5, 99999999999999999999n]);
      expect(radl.contextualize.exactMaxTime).to.equal(7);
      expect(radl.contextualize.items?.[0]?.exactStep).to.equal(1.5);
    });

    it('let ids of different kinds be equal, but not of the same kind', () => {
      expect(() => parseRadl('system n () network n () configure n () ansible n ()')).not.to.throw();
      const error = failure('network n\nsystem s\nnetwork n');
      expect(error.message).to.equal('Aspect with the same id was found.');
      expect(error.hint).to.equal("network 'n' is declared twice on lines 1 and 3");
    });

    const wrong: readonly (readonly [string, string])[] = [
      ['foo', "Line 1: Parse error at column 1: found 'foo'"],
      ['system s ())', "Line 1: Parse error at column 12: found ')'"],
      ['ansible ext', 'Parse error at the end of the document: expected'],
      ['description d (a = 1)', 'Parse error at the end of the document'],
      ['system s ()\ndescription d ()', 'Line 2: Parse error at column 1: found the word'],
      [
        'network system ()',
        "Line 1: Parse error at column 9: found the word 'system', expected the id of the network ('system' is a reserved word)",
      ],
      [
        "network 'lan' ()",
        'Line 1: Parse error at column 9: found a quoted text, expected the id of the network (names are written without quotes)',
      ],
      ['system s (a = 1 and)', "Line 1: Parse error at column 20: found ')'"],
      [
        'system s (a = b)',
        "Line 1: Parse error at column 15: found 'b', expected a value: a number, a text in quotes or a list in brackets (texts stand between quotes)",
      ],
      [
        'system s (a == 1)',
        "Line 1: Parse error at column 14: found '=', expected a value: a number, a text in quotes or a list in brackets ('=' compares; it is written once)",
      ],
      [
        'system s (a = 1, b = 2)',
        "Line 1: Parse error at column 16: found ',', expected 'and' or ')' (features are joined by 'and')",
      ],
      [
        'system s (cpu.count = @input.N@)',
        "Line 1: Parse error at column 24: found 'input.N', expected a value: a number, a text in quotes or a list in brackets (the parameter was not replaced by the client)",
      ],
      [
        'contextualize (system a configure b option v = 1)',
        "Line 1: Parse error at column 37: found the word 'option', expected 'system' or ')' (options come before the items)",
      ],
      [
        "system s (a = ['x', 1])",
        'Line 1: Parse error at column 21: found a number, expected a text in quotes (lists hold texts in quotes only)',
      ],
      ['deploy s one', "Line 1: Parse error at column 10: found 'one', expected the number of virtual machines"],
      [
        'netwrok lan ()',
        "Line 1: Parse error at column 1: found 'netwrok', expected a sentence (network, ansible, system, configure, contextualize, deploy) (did you mean 'network'?)",
      ],
    ];
    for (const [text, message] of wrong) {
      it(`refuses ${JSON.stringify(text)}`, () => {
        expect(failure(text).message.slice(0, message.length)).to.equal(message);
      });
    }

    it('count columns in characters', () => {
      expect(failure("system s (a = '\u{1f600}\u{1f600}' and b = oops)")).to.include({
        line: 1,
        column: 28,
        found: "'oops'",
      });
    });

    it('do not show quoted texts in syntax errors, they may be secrets', () => {
      expect(failure("system s (a = 1 'TopSecret')").message).not.to.contain('TopSecret');
    });

    it('never repeats what may be a password, a key or a token', () => {
      for (const value of ["'canary", 'canary', '= canary', "= 'canary"]) {
        for (const name of ['disk.0.os.credentials.password', 'disk.0.os.credentials.private_key', 'token']) {
          const { message } = failure(`system s (${name} ${value})`);
          expect(message).to.match(/^Line 1: Parse error at column \d+: found a word that may be a secret/);
        }
      }
      expect(failure("system s (password = 'x' nad y = 1)").message).to.contain("found 'nad'");
    });
  });

  describe('conflicts', () => {
    it('surface when the token after the group is acceptable, hidden by a wrong one', () => {
      expect(failure('network a (x = 1 and x = 2) foo').message).to.match(/^Line 1: Parse error/);
      expect(failure('network a (x = 1 and x = 2) network b').message).to.equal(
        "Line 1: Disjoint intervals!. Involved features: ['x = 1', 'x = 1']",
      );
    });

    it('are reported all at once, the first one as the error', () => {
      const error = failure(
        "system s (\nx = 1 and\nx = 2 and\ny = 'a' and\ny = 'b'\n)\nsystem (\n)\nnetwork n (z >= 2 and\nz <= 1)\nsystem s ()\ndeploy s x",
      );
      expect(error.line).to.equal(3);
      expect(error.problems.map(({ message }) => message.replace(/ at column.*/, ''))).to.deep.equal([
        "Line 3: Disjoint intervals!. Involved features: ['x = 1', 'x = 1']",
        "Line 5: Conflict adding `y = 'b'` because `y = 'a'` is already set and conflict is error",
        'Line 7: Parse error',
        "Line 10: Disjoint intervals!. Involved features: ['z >= 2', 'None']",
        'Aspect with the same id was found.',
        'Line 12: Parse error',
      ]);
    });

    it('are reported up to a bound', () => {
      expect(failure('network a (x = 1 and x = 2)\n'.repeat(500)).problems).to.have.length(50);
    });

    it('name a second description at the end of the document', () => {
      expect(failure('description a () description b () network n').message).to.equal(
        'Description can only be defined once.',
      );
    });

    it('refuse a contains whose name is a list', () => {
      expect(failure("system s (\na contains (name = ['x']))").message).to.equal(
        "Line 2: Invalid value in property 'name'",
      );
    });
  });

  describe('hostile input', () => {
    const hostile: Readonly<Record<string, string>> = {
      'nested groups': `system s (${'soft 1 ('.repeat(20_000)}`,
      'escaped quotes without end': `system s (a = '${"\\'".repeat(100_000)}\\\n)`,
      'both kinds of quotes': `'"`.repeat(50_000),
      'open parentheses': '('.repeat(100_000),
      '@begin again and again': '@begin'.repeat(50_000),
      'words outside the basic plane': 'system \u{1f600}s '.repeat(20_000),
      'minus signs': `system s (a = ${'- '.repeat(100_000)})`,
    };
    for (const [name, text] of Object.entries(hostile)) {
      it(`ends with an error: ${name}`, () => {
        expect(failure(text)).to.be.instanceOf(RadlError);
      });
    }

    it('merges many features of one property in linear time', () => {
      const parts = Array.from({ length: 10_000 }, (_, index) => `a contains (name = 'x' and p${index} = ${index})`);
      const radl: Radl = parseRadl(`system s (${parts.join(' and ')})`);
      expect(radl.systems[0]?.features.contained('a')[0]?.names()).to.have.length(10_001);
    });

    it('keeps property names that are special in JavaScript, in order', () => {
      const group = features(
        "__proto__ = 'x' and constructor = 1 and toString = 'y' and hasOwnProperty contains (__proto__ = 1)",
      );
      expect(group.names()).to.deep.equal(['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
      expect(group.has('valueOf')).to.equal(false);
    });
  });
});
