// SPDX-License-Identifier: Apache-2.0
// fast-check generators of RADL features and documents, and of texts that are nearly RADL.
import fc from 'fast-check';
import { type Feature, Features, Radl, simpleFeature } from '../../src/radl/index.js';

/** How many inputs the property tests try: 5,000, or what IM_FUZZ_RUNS says (100,000 in the nightly run). */
export const FUZZ_RUNS = Number(process.env.IM_FUZZ_RUNS ?? 5000);

/** Mocha's time limit for a property test of that many runs. */
export const FUZZ_TIMEOUT_MS = 60_000 + FUZZ_RUNS * 20;

const KEYWORDS = new Set(
  'network ansible system soft and contains deploy configure contextualize step with option description'.split(' '),
);

/** Names with a meaning of their own in RADL JSON. */
const JSON_NAMES = /^(?:class|id|reference|softs|.*_(?:min|max))$/;

/** Names that RADL text and JSON can write, a few of them special in JavaScript. */
export const names = fc.oneof(
  fc
    .stringMatching(/^[A-Za-z_.][A-Za-z0-9_.\u00e9\u4e2d-]{0,8}$/)
    .filter((name) => !KEYWORDS.has(name) && !JSON_NAMES.test(name)),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'cpu.count',
    'memory.size',
    'disk.0.os.name',
    'net_interface.0.connection',
    'a',
    'b',
  ),
);

/** Texts that RADL can express: no backslash before a quote, a newline or the end. */
export const texts = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom("'", '"', ' ', '\n', '#', '(', ')', '@', 'a', '\u00e9', '\u{1f600}'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
    maxLength: 12,
  })
  .map((text) => text.replaceAll('\\', '/'));

const integers = fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: 10n ** 40n }));
const fractions = fc.double({ min: 0, max: 1e30, noNaN: true }).map((value) => (value === 0 ? 0.5 : value));
const numbers: fc.Arbitrary<bigint | number> = fc.oneof(integers, fractions);
const units = fc.constantFrom('', '', '', 'M', 'GiB', 'Ki', 'T', 'ecu', 'B');

const numberFeatures = fc
  .tuple(names, fc.constantFrom('=', '<=', '>=', '<', '>'), numbers, units)
  .map(([name, operator, value, unit]): Feature => simpleFeature(name, operator, value, unit));

const textFeatures = fc
  .tuple(
    names,
    fc.constantFrom('=', '<=', '>='),
    fc.oneof(
      texts,
      fc.array(
        texts.filter((text) => text !== ''),
        { maxLength: 3 },
      ),
    ),
  )
  .map(([name, operator, value]): Feature => simpleFeature<string | readonly string[]>(name, operator, value));

/** Any feature, with groups nested up to a few levels. */
export const features: fc.Arbitrary<Feature> = fc.letrec<{ feature: Feature; group: Features }>((tie) => ({
  feature: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    numberFeatures,
    textFeatures,
    fc.tuple(names, tie('group')).map(([property, group]): Feature => ({ kind: 'contains', property, group })),
    fc.tuple(numbers, tie('group')).map(([weight, group]): Feature => ({ kind: 'soft', weight, group })),
  ),
  group: fc.array(tie('feature'), { maxLength: 4 }).map(groupOf),
})).feature;

/** A group; features that contradict earlier ones are left out. */
export const groups = fc.array(features, { maxLength: 6 }).map(groupOf);

function groupOf(list: readonly Feature[]): Features {
  const group = Features.of();
  for (const feature of list) {
    try {
      group.add(cloneFeature(feature));
    } catch {
      // A conflict: this feature is not part of the group.
    }
  }
  return group;
}

function cloneFeature(feature: Feature): Feature {
  return feature.kind === 'simple' ? feature : { ...feature, group: feature.group.clone() };
}

const recipes = fc
  .array(
    fc.string({ maxLength: 10 }).filter((line) => !line.includes('\n') && !line.startsWith('@end')),
    { maxLength: 4 },
  )
  .map((lines) => lines.join('\n'));

const identified = fc
  .record({ id: names, features: groups, isReference: fc.boolean() })
  .map(({ id, isReference, ...rest }) => ({
    id,
    isReference,
    features: isReference ? Features.of() : rest.features,
  }));

const items = fc.record({ system: names, configure: names, step: fc.nat({ max: 5 }) });

/** Documents that RADL text can express. */
export const documents: fc.Arbitrary<Radl> = fc
  .record({
    description: fc.option(identified, { nil: undefined }),
    networks: fc.uniqueArray(identified, { maxLength: 3, selector: ({ id }) => id }),
    hosts: fc.uniqueArray(identified, { maxLength: 1, selector: ({ id }) => id }),
    systems: fc.uniqueArray(identified, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
    configures: fc.uniqueArray(fc.record({ name: names, recipe: fc.option(recipes) }), {
      maxLength: 2,
      selector: ({ name }) => name,
    }),
    deploys: fc.array(fc.record({ system: names, count: fc.nat(), cloudId: fc.option(names, { nil: undefined }) }), {
      maxLength: 3,
    }),
    maxTime: fc.nat({ max: 1000 }),
    items: fc.option(
      fc.uniqueArray(items, { minLength: 1, maxLength: 3, selector: (item) => `${item.system} ${item.configure}` }),
      { nil: undefined },
    ),
  })
  .map((parts) => {
    const radl = Radl.empty();
    const { description, items: list } = parts;
    if (description !== undefined) {
      // A description without features has no reference form in text.
      radl.description = {
        kind: 'description',
        name: description.id,
        features: description.features,
        isReference: false,
      };
    }
    for (const network of parts.networks) radl.networks.push({ kind: 'network', ...network });
    for (const host of parts.hosts) radl.ansibleHosts.push({ kind: 'ansible', ...host, isReference: false });
    for (const { id, ...rest } of parts.systems) radl.systems.push({ kind: 'system', name: id, ...rest });
    for (const configure of parts.configures)
      radl.configures.push({ kind: 'configure', ...configure, isReference: false });
    for (const { cloudId, ...deploy } of parts.deploys) {
      radl.deploys.push({ kind: 'deploy', ...deploy, ...(cloudId !== undefined && { cloudId }) });
    }
    if (list !== undefined) radl.contextualize = { maxTime: parts.maxTime, items: list, options: Features.of() };
    return radl;
  });

const CHECKED_NAMES = /^(?:cpu|memory|disk|net_interface|price|spot|outbound|outports|provider_id)/;

/** Documents that pass the semantic check: deploys of their own systems, free properties only. */
export const validDocuments: fc.Arbitrary<Radl> = documents.map((radl) => {
  const valid = radl.clone();
  valid.ansibleHosts.length = 0;
  const recipe = '- hosts: all';
  valid.configures.splice(0, Infinity, ...radl.configures.map((configure) => ({ ...configure, recipe })));
  valid.deploys.splice(
    0,
    Infinity,
    ...radl.deploys.map((deploy, index) => ({
      ...deploy,
      system: radl.systems[index % radl.systems.length]?.name ?? '',
    })),
  );
  for (const { features: group } of [...valid.networks, ...valid.systems]) dropCheckedNames(group);
  const [system] = valid.systems;
  const [configure] = valid.configures;
  if (system !== undefined && configure !== undefined) {
    const item = { system: system.name, configure: configure.name, step: 1 };
    valid.contextualize = { maxTime: radl.contextualize.maxTime, items: [item], options: Features.of() };
  } else {
    valid.contextualize = { maxTime: 0 };
  }
  return valid;
});

function dropCheckedNames(group: Features): void {
  for (const name of group.names()) if (CHECKED_NAMES.test(name)) group.delete(name);
  for (const soft of group.softs()) dropCheckedNames(soft.features);
}

const fragments = fc.constantFrom(
  ...KEYWORDS,
  '(',
  ')',
  '[',
  ']',
  ',',
  '=',
  '<=',
  '>=',
  '<',
  '>',
  "'",
  '"',
  "'x'",
  '"y"',
  '\\',
  '#',
  '\n',
  ' ',
  '\r\n',
  '@begin',
  '\n@end',
  '@input.x@',
  '1',
  '2.5',
  '99999999999999999999',
  '512M',
  '-',
  '!',
  ';',
  "'random(3)'",
  'a',
  'cpu.count',
  'name',
  '\u{1f600}',
  '\ufeff',
  '\u0000',
  '---\n- a: b\n',
  '{{ x }}',
  '\ud800',
);

/** Sequences of RADL fragments: rarely a document, always close to one. */
export const fragmentTexts = fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join(''));

/** A text with a few places deleted, doubled or replaced. */
export function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edits = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 5 }), fragments), {
    minLength: 1,
    maxLength: 4,
  });
  return fc.tuple(text, edits).map(([original, list]) => {
    let result = original;
    for (const [place, length, fragment] of list) {
      const index = Math.floor(place * result.length);
      result = result.slice(0, index) + fragment + result.slice(index + length);
    }
    return result;
  });
}
