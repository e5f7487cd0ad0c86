// SPDX-License-Identifier: Apache-2.0
// The YAML module against what PyYAML 6 reads and refuses (its answers were recorded by running it).
import { expect } from 'chai';
import { dumpYaml, loadYaml, YamlDate, YamlError, YamlFloat } from '../src/yaml.js';

describe('YAML', () => {
  describe('scalars', () => {
    const table: readonly (readonly [string, unknown])[] = [
      ['yes', true],
      ['On', true],
      ['OFF', false],
      ['y', 'y'],
      ['N', 'N'],
      ['yEs', 'yEs'],
      ['010', 8],
      ['+012', 10],
      ['0o10', '0o10'],
      ['09', '09'],
      ['0x1F', 31],
      ['-0x1F', -31],
      ['0b101', 5],
      ['0x', '0x'],
      ['1_000', 1000],
      ['1__0', 10],
      ['12:30:45', 45045],
      ['-1:30', -90],
      ['12:60', '12:60'],
      ['99999999999999999999', 99999999999999999999n],
      ['1e3', '1e3'],
      ['1.5e3', '1.5e3'],
      ['1.5e+3', 1500],
      ['1.e+21', 1e21],
      ['1e+21', '1e+21'],
      ['.5', 0.5],
      ['-.5', '-.5'],
      ['1_000.5', 1000.5],
      ['190:20:30.15', 685230.15],
      ['-.inf', Number.NEGATIVE_INFINITY],
      ['.Inf', Number.POSITIVE_INFINITY],
      ['~', null],
      ['Null', null],
      ['nUll', 'nUll'],
      ['2020-01-01', '2020-01-01'],
      ['2020-1-1', '2020-1-1'],
      ['2020-02-29 10:00:00', '2020-02-29 10:00:00'],
      ['!!str 5', '5'],
      ['!!int "7"', 7],
      ['!!float 1', 1],
      ['!!null x', null],
      ['! b', 'b'],
      ["'yes'", 'yes'],
    ];
    for (const [text, value] of table) {
      it(`reads ${text}`, () => {
        expect(loadYaml(`- ${text}`)).to.deep.equal([value]);
        expect(loadYaml(`{a: ${text}}`), 'in a flow mapping').to.deep.equal({ a: value });
      });
    }
  });

  describe('documents', () => {
    it('are null when empty or only comments', () => {
      for (const text of ['', '\n', '# x\n', '---\n', '#cloud-config\n']) expect(loadYaml(text)).to.equal(null);
    });

    it('may be scripts', () => {
      expect(loadYaml('\n#!/bin/sh\n')).to.equal(null);
      expect(loadYaml('echo hello')).to.equal('echo hello');
    });

    it('keep the last of duplicate keys and merge merge keys', () => {
      expect(loadYaml('a: 1\na: 2')).to.deep.equal({ a: 2 });
      expect(loadYaml('x: &x {a: 1, b: 1}\ny:\n  <<: *x\n  b: 2')).to.deep.equal({
        x: { a: 1, b: 1 },
        y: { a: 1, b: 2 },
      });
      expect(loadYaml('<<: [{a: 1}, {a: 2, b: 3}]')).to.deep.equal({ a: 1, b: 3 });
    });

    it('keep keys that are special in JavaScript as plain members', () => {
      const value = loadYaml('__proto__: {polluted: true}\nconstructor: 1');
      expect(value).to.have.own.property('__proto__');
      expect({}).not.to.have.property('polluted');
    });

    it('may hold tabs in comments, quoted and block texts', () => {
      expect(loadYaml('a: "x\ty" # c\td\nb: |\n  c\td\n')).to.deep.equal({ a: 'x\ty', b: 'c\td\n' });
    });
  });

  describe('indentation inside brackets and quotes', () => {
    const table: readonly (readonly [string, unknown])[] = [
      ['vars: {\n  a: 1\n}\n', { vars: { a: 1 } }],
      ['- vars: [\n  a,\nb\n]\n', [{ vars: ['a', 'b'] }]],
      ['a:\n  b: {\n  c: 1\n}\n', { a: { b: { c: 1 } } }],
      ['a: "x\ny"\n', { a: 'x y' }],
      ["a:\n  b: 'x\n\n y ''z'\n", { a: { b: "x\ny 'z" } }],
      ['a: "x\\\ny"\n', { a: 'xy' }],
      ['- {\n"a":"b",\n"c": [\n{\n}\n]\n}\n', [{ a: 'b', c: [{}] }]],
      ['a: [ # no [\nb, "#", c#d, it\'s\n]\n', { a: ['b', '#', 'c#d', "it's"] }],
      ['a: |\n  {\n  "\nb: [\n1]\n', { a: '{\n"\n', b: [1] }],
      ['a: plain\n  [ text\nb: {\n}\n', { a: 'plain [ text', b: {} }],
      ['a: &x !!map {\n}\nb: *x\n', { a: {}, b: {} }],
    ];
    for (const [text, value] of table) {
      it(`does not matter in ${JSON.stringify(text)}`, () => {
        expect(loadYaml(text)).to.deep.equal(value);
      });
    }

    it('does not shift the place of errors', () => {
      expect(() => loadYaml('a:\n  b: [\n1,\n*none]\n')).to.throw(YamlError, /line 4, column 2\)/);
    });
  });

  describe('refusals', () => {
    const wrong: Readonly<Record<string, RegExp>> = {
      'a: {{ x }}': /cannot be a key; a value that begins with '\{\{' needs quotes/,
      '[1]: 2': /cannot be a key/,
      'a: !vault x': /unknown scalar tag/,
      'a: !!python/object:os.system x': /unknown scalar tag/,
      '---\na\n---\nb': /single document/,
      '...': /./,
      'a: *x': /alias/,
      'a: &x 1\nb: &x 2': /duplicate anchor.*line 2/,
      'a: &x [*x]': /contains it/,
      'a: @x': /./,
      'a: `x`': /./,
      'a: b: c': /line 1/,
      'a: [': /./,
      '%bad': /./,
      'a: =': /tag:yaml\.org,2002:value/,
      '<<: 5': /merge/,
      '<<: [a]': /merge/,
      'a: 2001-99-99': /date/,
      'a: 2023-02-29': /date/,
      'a: 2023-02-28 25:00:00': /date/,
      'a: !!bool maybe': /bool/,
      'a: \u0001': /special characters.*column 4/,
      'a: \ud800': /special characters/,
      '\t- a': /./,
      'a:\tb': /line 1, column 3/,
      'a: b\t': /column 5/,
      'a: {\tb: c}': /line 1/,
      'a:\n  - b\t# c': /line 2/,
    };
    for (const [text, message] of Object.entries(wrong)) {
      it(`refuses ${JSON.stringify(text)}`, () => {
        expect(() => loadYaml(text)).to.throw(YamlError, message);
      });
    }

    it('bound depth and what aliases expand to', () => {
      expect(() => loadYaml('['.repeat(10_000))).to.throw(YamlError);
      const lines = Array.from({ length: 12 }, (_, index) =>
        index === 0
          ? 'a0: &a0 [x]'
          : `a${index}: &a${index} [${Array(9)
              .fill(`*a${index - 1}`)
              .join(', ')}]`,
      );
      expect(() => loadYaml(lines.join('\n'))).to.throw(YamlError, 'nodes');
    });

    it('do not quote the document', () => {
      expect(() => loadYaml('password: TopSecret\n  broken: ['))
        .to.throw(YamlError)
        .with.property('message')
        .that.does.not.contain('TopSecret');
    });
  });

  describe('writing', () => {
    it('quotes texts that a reader would take for something else', () => {
      const texts = [
        'y',
        'NO',
        'on',
        '010',
        '0o10',
        '1e3',
        '12:30:45',
        '2020-01-01',
        '1_000',
        '0x1f',
        '.5',
        '~',
        'null',
        '',
        '=',
        '<<',
        ' x',
        '@a',
        '{{ x }}',
        '- a',
        'a: b',
        'x #y',
        '!t',
        '&a',
        '*a',
        '%a',
      ];
      const written = dumpYaml(texts);
      expect(written.split('\n').filter((line) => line !== '' && !/^- ['"]/.test(line))).to.deep.equal([]);
      expect(loadYaml(written)).to.deep.equal(texts);
    });

    it('writes numbers that PyYAML reads as numbers', () => {
      expect(dumpYaml([1, -2.5, 1e21, 1.5e-9, -0, Number.NaN, Number.POSITIVE_INFINITY, 10n ** 25n])).to.equal(
        '- 1\n- -2.5\n- 1.0e+21\n- 1.5e-9\n- -0.0\n- .nan\n- .inf\n- 10000000000000000000000000\n',
      );
    });

    it('leaves out undefined members, writes no anchors', () => {
      const shared = { a: 1 };
      expect(dumpYaml({ p: shared, q: shared, r: undefined })).to.equal('p:\n  a: 1\nq:\n  a: 1\n');
    });

    it('keeps long lines and literal texts', () => {
      const long = `${'word '.repeat(60)}end`;
      expect(dumpYaml({ a: long, b: 'x\ny\n' })).to.equal(`a: ${long}\nb: |\n  x\n  y\n`);
    });

    it('refuses functions and cycles', () => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      expect(() => dumpYaml({ a: () => 1 })).to.throw(YamlError);
      expect(() => dumpYaml(cycle)).to.throw(YamlError);
    });
  });

  it('reads and writes without loss in exact mode', () => {
    const text =
      "a: 2.0\nb: 2020-01-01\nc:\n  80: http\n  b: '80'\n  '7': x\n  yes: 'no'\nd: 99999999999999999999\ne: 2.50\n";
    const value = loadYaml(text, { exact: true });
    expect(value).to.have.property('a').that.is.instanceOf(YamlFloat);
    expect(value).to.have.property('b').that.is.instanceOf(YamlDate);
    expect(value).to.have.property('c').that.is.instanceOf(Map);
    expect(dumpYaml(value)).to.equal(
      "a: 2.0\nb: 2020-01-01\nc:\n  80: http\n  b: '80'\n  '7': x\n  true: 'no'\nd: 99999999999999999999\ne: 2.5\n",
    );
  });
});
