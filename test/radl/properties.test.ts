// SPDX-License-Identifier: Apache-2.0
// Laws that hold for all documents, tried on generated ones: round trips, merging, and no input that crashes the readers.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkRadl,
  deserializeRadl,
  type Features,
  mergeRadl,
  parseRadl,
  parseRadlJson,
  printFeatures,
  printRadl,
  printSystem,
  type Radl,
  RadlError,
  serializeRadl,
  stringifyRadlJson,
} from '../../src/radl/index.js';
import {
  documents,
  FUZZ_RUNS,
  FUZZ_TIMEOUT_MS,
  features,
  fragmentTexts,
  groups,
  mutated,
  validDocuments,
} from './generators.js';

function withoutRecipes(radl: Radl): string {
  const copy = radl.clone();
  copy.configures.splice(
    0,
    Infinity,
    ...radl.configures.map((configure) => ({ ...configure, recipe: configure.recipe && 'same' })),
  );
  return serializeRadl(copy);
}

/** Runs the readers; only clean errors may come out. */
function readAll(text: string): void {
  for (const read of [() => parseRadl(text), () => parseRadlJson(text)]) {
    try {
      const radl = read();
      printRadl(radl);
      stringifyRadlJson(radl, 'compact');
      expect(serializeRadl(deserializeRadl(serializeRadl(radl)))).to.equal(serializeRadl(radl));
      checkRadl(radl);
    } catch (error) {
      if (!(error instanceof RadlError)) throw error;
      expect(error.message).not.to.equal('');
      expect(error.problems[0]?.message).to.equal(error.message);
    }
  }
}

/** Bounds of all number properties in base units, as text: what a group allows, whatever it was made of. */
function bounds(group: Features): string {
  return group
    .names()
    .filter((name) => group.getInterval(name) !== undefined)
    .sort()
    .map((name) => `${name} ${boundsOf(group, name)}`)
    .join('\n');
}

function boundsOf(group: Features, name: string): string {
  const { lower, upper } = group.getInterval(name) ?? {};
  return [lower, upper]
    .map((bound) => (bound === undefined ? 'open' : String(Number(bound.value)) + bound.unit))
    .join(' ');
}

describe('RADL laws', function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  const runs = { numRuns: Math.ceil(FUZZ_RUNS / 10) };

  it('reading what was written gives the same text, but for blank lines around recipes', () => {
    fc.assert(
      fc.property(documents, (radl) => {
        const text = printRadl(radl);
        const read = parseRadl(text);
        for (const [index, { recipe }] of read.configures.entries()) {
          const original = radl.configures[index]?.recipe;
          expect(recipe).to.equal(typeof original === 'string' ? `\n${original}\n` : original);
        }
        const again = parseRadl(printRadl(read));
        expect(withoutRecipes(again)).to.equal(withoutRecipes(read));
        expect(printRadl(withSame(read))).to.equal(printRadl(withSame(again)));
      }),
      runs,
    );
  });

  it('the stored form loses nothing', () => {
    fc.assert(
      fc.property(documents, (radl) => {
        const stored = serializeRadl(radl);
        const copy = deserializeRadl(stored);
        expect(serializeRadl(copy)).to.equal(stored);
        expect(printRadl(copy)).to.equal(printRadl(radl));
        expect(stringifyRadlJson(copy, 'pretty')).to.equal(stringifyRadlJson(radl, 'pretty'));
      }),
      runs,
    );
  });

  it('JSON that was read from JSON is the same JSON', () => {
    fc.assert(
      fc.property(documents, (radl) => {
        radl.configures.length = 0;
        const json = stringifyRadlJson(parseJsonOf(radl), 'compact');
        expect(stringifyRadlJson(parseRadlJson(json), 'compact')).to.equal(json);
      }),
      runs,
    );
  });

  it('a clone is equal and independent', () => {
    fc.assert(
      fc.property(groups, (group) => {
        const before = printFeatures(group);
        const copy = group.clone();
        expect(printFeatures(copy)).to.equal(before);
        for (const name of copy.names()) copy.setText(name, 'changed');
        copy.deleteSofts();
        expect(printFeatures(group)).to.equal(before);
      }),
      runs,
    );
  });

  it('applying a group to itself changes nothing but the number of its soft groups', () => {
    fc.assert(
      fc.property(groups, (group) => {
        const hard = withoutSoftsInside(group);
        const before = printFeatures(hard);
        hard.apply(hard);
        expect(printFeatures(hard)).to.equal(before);
      }),
      runs,
    );
  });

  it('a failing application changes nothing', () => {
    fc.assert(
      fc.property(groups, groups, (group, other) => {
        const before = printFeatures(group);
        try {
          group.apply(other, { conflict: 'error', missing: 'other' });
        } catch (error) {
          if (!(error instanceof RadlError)) throw error;
          expect(printFeatures(group)).to.equal(before);
        }
      }),
      runs,
    );
  });

  it('an application never changes the applied group, and with me or ignore never fails', () => {
    fc.assert(
      fc.property(groups, groups, fc.constantFrom('me', 'ignore', 'other'), (group, other, conflict) => {
        const before = printFeatures(other);
        group.apply(other, { conflict, missing: 'other' });
        expect(printFeatures(other)).to.equal(before);
      }),
      runs,
    );
  });

  it('intersections do not depend on the order', () => {
    const plain = features.filter((feature) => feature.kind === 'simple' && feature.unit === '');
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 8 }), (list) => {
        const results = [list, [...list].reverse()].map((ordered) => {
          const group = parseRadl('system s ()').systems[0]?.features;
          try {
            for (const feature of ordered)
              group?.add(feature.kind === 'simple' ? { ...feature, property: 'x' } : feature);
            return group && bounds(group);
          } catch (error) {
            if (!(error instanceof RadlError)) throw error;
            return 'conflict';
          }
        });
        expect(results[1]).to.equal(results[0]);
      }),
      runs,
    );
  });

  it('merging a document twice is merging it once, and a failing merge changes nothing', () => {
    fc.assert(
      fc.property(validDocuments, fc.oneof(validDocuments, documents), (stored, request) => {
        checkRadl(stored);
        const before = serializeRadl(stored);
        try {
          mergeRadl(stored, request);
        } catch (error) {
          if (!(error instanceof RadlError)) throw error;
          expect(serializeRadl(stored)).to.equal(before);
          return;
        }
        const once = serializeRadl(stored);
        mergeRadl(stored, request);
        expect(serializeRadl(stored)).to.equal(once);
      }),
      runs,
    );
  });

  it('valid documents can be merged into each other in any order of kinds', () => {
    fc.assert(
      fc.property(validDocuments, validDocuments, (stored, request) => {
        const systems = new Set([...stored.systems, ...request.systems].map(({ name }) => name));
        mergeRadl(stored, request);
        expect(new Set(stored.systems.map(({ name }) => name))).to.deep.equal(systems);
        expect(stored.systems.slice(-request.systems.length).map(printSystem)).to.deep.equal(
          request.systems.map(printSystem),
        );
      }),
      runs,
    );
  });

  it('no sequence of fragments crashes the readers', () => {
    fc.assert(fc.property(fragmentTexts, readAll), { numRuns: FUZZ_RUNS });
  });

  it('no mutation of a document crashes the readers', () => {
    fc.assert(fc.property(mutated(documents.map(printRadl)), readAll), { numRuns: Math.ceil(FUZZ_RUNS / 2) });
    fc.assert(fc.property(mutated(documents.map((radl) => stringifyRadlJson(radl, 'pretty'))), readAll), {
      numRuns: Math.ceil(FUZZ_RUNS / 4),
    });
  });

  it('no mutation of a stored document crashes its reader', () => {
    fc.assert(
      fc.property(mutated(documents.map(serializeRadl)), (text) => {
        try {
          deserializeRadl(text);
        } catch (error) {
          if (!(error instanceof RadlError)) throw error;
        }
      }),
      { numRuns: Math.ceil(FUZZ_RUNS / 4) },
    );
  });
});

/** The document with equal recipes, because each round through text adds blank lines to them. */
function withSame(radl: Radl): Radl {
  const copy = radl.clone();
  copy.configures.splice(
    0,
    Infinity,
    ...radl.configures.map((configure) => ({ ...configure, recipe: configure.recipe && 'same' })),
  );
  return copy;
}

function parseJsonOf(radl: Radl): Radl {
  return parseRadlJson(stringifyRadlJson(radl, 'compact'));
}

function withoutSoftsInside(group: Features): Features {
  const copy = group.withoutSofts();
  for (const name of copy.names()) {
    for (const item of copy.contained(name)) stripSofts(item);
  }
  return copy;
}

function stripSofts(group: Features): void {
  group.deleteSofts();
  for (const name of group.names()) for (const item of group.contained(name)) stripSofts(item);
}
