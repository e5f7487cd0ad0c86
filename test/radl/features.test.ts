// SPDX-License-Identifier: Apache-2.0
// Groups of features: intervals, conflicts, modes, values, and changes in place.
import { expect } from 'chai';
import { Features, parseRadl, printFeatures, printSystem, simpleFeature } from '../../src/radl/index.js';
import { errorOf, group } from './support.js';

function merged(text: string): string {
  return printFeatures(group(text)).replaceAll('\n', ' ');
}

describe('features', () => {
  describe('intervals', () => {
    const table: readonly (readonly [string, string])[] = [
      ['x >= 1 and x <= 4', 'x >= 1 and x <= 4'],
      ['x <= 4 and x >= 1', 'x >= 1 and x <= 4'],
      ['x >= 3 and x >= 5', 'x >= 5'],
      ['x >= 5 and x >= 3', 'x >= 5'],
      ['x <= 3 and x <= 5', 'x <= 3'],
      ['x >= 1 and x = 2', 'x = 2'],
      ['x = 2 and x >= 1', 'x = 2'],
      ['x = 2 and x <= 5', 'x = 2'],
      ['x = 2 and x >= 2', 'x >= 2 and x = 2'],
      ['x <= 2 and x = 2', 'x = 2 and x <= 2'],
      ['x >= 2 and x <= 2', 'x >= 2 and x <= 2'],
      ['x > 2 and x < 2', 'x > 2 and x < 2'],
      ['x = 2 and x = 2.0', 'x = 2.0'],
      ['m >= 1000M and m >= 1G', 'm >= 1G'],
      ['m = 1024Mi and m = 1Gi', 'm = 1Gi'],
      ['x >= 1 and x <= 9 and x >= 3 and x <= 7', 'x >= 3 and x <= 7'],
      ['x <= 9 and x = 4', 'x = 4'],
      ['a = 1 and x >= 1 and b = 2 and x <= 3', 'a = 1 and x >= 1 and x <= 3 and b = 2'],
    ];
    for (const [text, expected] of table) {
      it(`merges ${text}`, () => {
        expect(merged(text)).to.equal(expected);
      });
    }

    const disjoint: readonly (readonly [string, string])[] = [
      ['x >= 4 and x <= 1', "['x >= 4', 'None']"],
      ['x <= 1 and x >= 4', "['None', 'x <= 1']"],
      ['x = 2 and x = 3', "['x = 2', 'x = 2']"],
      ['m >= 1G and m <= 999M', "['m >= 1G', 'None']"],
    ];
    for (const [text, bounds] of disjoint) {
      it(`refuses ${text}`, () => {
        expect(errorOf(() => group(text)).message).to.equal(
          `Line 1: Disjoint intervals!. Involved features: ${bounds}`,
        );
      });
    }
  });

  describe('other kinds', () => {
    it('keep the old text when the new one is equal, whatever the operators', () => {
      expect(merged("v >= '1' and v = '1'")).to.equal("v >= '1'");
    });

    it('merge contained groups of the same name, and all without name', () => {
      expect(
        merged("a contains (name = 'x' and v >= 1) and a contains (name = 'y') and a contains (name = 'x' and v <= 2)"),
      ).to.equal("a contains (name = 'x' and v >= 1 and v <= 2) and a contains (name = 'y')");
      expect(merged('a contains (v = 1) and a contains (w = 2)')).to.equal('a contains (v = 1 and w = 2)');
    });

    it('key contained groups by the value of their name', () => {
      expect(group('a contains (name = 5) and a contains (name = 5.0 and b = 1)').contained('a')).to.have.length(1);
      const different = group(
        "a contains (name = 5) and a contains (name = '5') and a contains (name = '') and a contains ()",
      );
      expect(different.contained('a')).to.have.length(4);
    });

    it('keep all soft groups at the place of the first', () => {
      expect(merged('soft 1 (a = 1) and b = 2 and soft 3 (c = 1)')).to.equal(
        'soft 1 ( a = 1 ) and soft 3 ( c = 1 ) and b = 2',
      );
    });

    it('conflict with each other', () => {
      const cases: readonly (readonly [string, string, string])[] = [
        ["a = 'x'", 'a = 1', "a = 'x'"],
        ['a = 1', "a = 'x'", 'a = 1'],
        ['a >= 1 and a <= 2', "a = ['x']", 'a >= 1 and a <= 2'],
        ["a contains (name = 'y')", 'a = 1', "a contains (name = 'y')"],
        ["a = 'x'", 'a contains ()', "a = 'x'"],
        ["a = ['x']", "a = 'x'", "a = ['x']"],
      ];
      for (const [stored, added, shown] of cases) {
        expect(errorOf(() => group(`${stored} and ${added}`)).message, `${stored} / ${added}`).to.equal(
          `Line 1: Conflict adding \`${added}\` because \`${shown}\` is already set and conflict is error`,
        );
      }
    });
  });

  describe('modes of an application', () => {
    const apply = (
      base: string,
      other: string,
      conflict: 'error' | 'ignore' | 'me' | 'other',
      missing: 'error' | 'ignore' | 'me' | 'other',
    ) => {
      const target = group(base);
      target.apply(group(other), { conflict, missing });
      return printFeatures(target).replaceAll('\n', ' ');
    };

    it('missing: error raises, ignore and me leave out, other adds', () => {
      expect(errorOf(() => apply('x = 1', 'y = 1', 'error', 'error')).message).to.equal('Property has not set.');
      expect(apply('x = 1', 'y = 1', 'error', 'ignore')).to.equal('x = 1');
      expect(apply('x = 1', 'y = 1', 'error', 'me')).to.equal('x = 1');
      expect(apply('x = 1', 'y = 1', 'error', 'other')).to.equal('x = 1 and y = 1');
    });

    it('conflict: ignore and me keep the old, other takes the new', () => {
      for (const [base, other] of [
        ['x = 1', 'x = 2'],
        ["x = 'a'", "x = 'b'"],
        ["x = 'a'", 'x = 1'],
        ['x >= 5', 'x <= 1'],
      ] as const) {
        expect(apply(base, other, 'ignore', 'other')).to.equal(base);
        expect(apply(base, other, 'me', 'other')).to.equal(base);
        expect(apply(base, other, 'other', 'other')).to.equal(other);
      }
    });

    it('conflict: other still intersects intervals that meet', () => {
      expect(apply('x >= 1', 'x <= 4', 'other', 'error')).to.equal('x >= 1 and x <= 4');
    });

    it('reach into contained groups', () => {
      expect(
        apply("a contains (name = 'x' and v = 1)", "a contains (name = 'x' and v = 2 and w = 3)", 'other', 'ignore'),
      ).to.equal("a contains (name = 'x' and v = 2)");
    });

    it('are all or nothing', () => {
      const text = "x >= 1 and a contains (name = 'n' and v = 1) and soft 1 (z = 1) and y = 'old'";
      const target = group(text);
      const before = printFeatures(target);
      const other = group(
        "new = 1 and x <= 3 and a contains (name = 'n' and w = 2) and a contains (name = 'm') and soft 2 () and y = 'other'",
      );
      expect(() => target.apply(other, { conflict: 'error', missing: 'other' })).to.throw('Conflict adding');
      expect(printFeatures(target)).to.equal(before);
    });

    it('share nothing with the applied group', () => {
      const target = Features.of();
      const other = group("a contains (name = 'x')");
      target.apply(other, { missing: 'other' });
      target.contained('a')[0]?.setText('v', '1');
      expect(other.contained('a')[0]?.has('v')).to.equal(false);
    });
  });

  describe('values', () => {
    it('are in base units, or in the unit asked for, rounded halves to even for integers', () => {
      const values = group('a = 2500M and b = 1.5G and c = 500M and d <= 3 and e = 1024 MiB and f = 3500MB');
      expect(values.getValue('a')).to.equal(2_500_000_000n);
      expect(values.getValue('a', 'G')).to.equal(2n);
      expect(values.getValue('f', 'G')).to.equal(4n);
      expect(values.getValue('c', 'G')).to.equal(0n);
      expect(values.getValue('b', 'Mi')).to.equal(1430.511474609375);
      expect(values.getValue('d')).to.equal(3n);
      expect(values.getNumber('e', 'Gi')).to.equal(1);
      expect(values.getValue('absent')).to.equal(undefined);
    });

    it('know their kind', () => {
      const values = group("t = 'x' and l = ['a','b'] and n >= 1 and c contains (name = 'q')");
      expect(values.getText('t')).to.equal('x');
      expect(values.getText('l')).to.equal(undefined);
      expect(values.getTexts('l')).to.deep.equal(['a', 'b']);
      expect(values.getTexts('t')).to.deep.equal(['x']);
      expect(values.getNumber('t')).to.equal(undefined);
      expect(values.getValue('c')).to.equal(undefined);
      expect([...values.getContained('c').keys()]).to.deep.equal(['q']);
      expect(values.getInterval('n')?.lower?.value).to.equal(1n);
      expect(values.getInterval('n')?.upper).to.equal(undefined);
    });

    it('keep integers of any size when converted', () => {
      const digits = `1${'0'.repeat(400)}`;
      expect(group(`a = ${digits}K`).getValue('a')).to.equal(BigInt(digits) * 1000n);
    });
  });

  describe('changes', () => {
    it('set numbers to one exact value and texts in place, keeping position', () => {
      const values = group("m >= 512M and m <= 1G and v >= '1' and x = 'y'");
      values.setInteger('m', 2048, 'M');
      values.setText('v', '2');
      values.setNumber('x', 1.5);
      values.setText('z', ['a']);
      expect(printFeatures(values).replaceAll('\n', ' ')).to.equal("m = 2048M and v >= '2' and x = 1.5 and z = ['a']");
    });

    it('refuse numbers that are not finite, and fractions as integers', () => {
      expect(() => Features.of().setNumber('x', Number.NaN)).to.throw(RangeError);
      expect(() => Features.of().setInteger('x', 1.5)).to.throw(RangeError);
    });

    it('rename a property to the end with all it holds', () => {
      const values = group("a >= 1 and a <= 2 and b contains (name = 'x') and b contains (name = 'y')");
      values.rename('a', 'c');
      values.rename('b', 'd');
      expect(printFeatures(values).replaceAll('\n', ' ')).to.equal(
        "c >= 1 and c <= 2 and d contains (name = 'x') and d contains (name = 'y')",
      );
    });

    it('see soft groups when asked to', () => {
      const values = group('soft 1 (soft 2 (gpu.count >= 1))');
      expect(values.has('gpu.count')).to.equal(false);
      expect(values.has('gpu.count', true)).to.equal(true);
      expect(values.withoutSofts().isEmpty).to.equal(true);
    });

    it('do not reach clones', () => {
      const radl = parseRadl("system s (a contains (name = 'x') and b = 1)");
      const copy = radl.clone();
      copy.systems[0]?.features.contained('a')[0]?.setText('v', '1');
      copy.systems[0]?.features.delete('b');
      expect(radl.systems.map(printSystem)).to.deep.equal(["system s (\na contains (name = 'x') and\nb = 1\n)\n"]);
    });

    it('take over contained groups by name', () => {
      const values = Features.of();
      values.addContained('a', group("name = 'x' and v = 1"));
      values.addContained('a', group("name = 'x' and w = 2"));
      values.add(simpleFeature('n', '>=', 3n));
      expect(printFeatures(values).replaceAll('\n', ' ')).to.equal(
        "a contains (name = 'x' and v = 1 and w = 2) and n >= 3",
      );
    });
  });
});
