// SPDX-License-Identifier: Apache-2.0
// The stored form of a document: lossless, compact JSON arrays (operators, units, integers apart from fractions).
import type { AnsibleHost, Contextualize, ContextualizeItem, Deploy, Network, System } from './aspects.js';
import type { NumberFeature, TextFeature } from './feature.js';
import type { Features } from './features.js';
import type { Interval } from './interval.js';
import type { Radl } from './radl.js';
import type { Slot } from './slot.js';
import type {
  StoredDeploy,
  StoredDocument,
  StoredEntry,
  StoredGroup,
  StoredItem,
  StoredScalar,
  StoredValue,
} from './stored-form.js';
import { STORED_VERSION } from './stored-form.js';
import type { RadlValue } from './value.js';

/** The document as text that `deserializeRadl` reads back without loss (except lines). Not the RADL JSON form. */
export function serializeRadl(radl: Radl): string {
  const { description } = radl;
  const document: StoredDocument = {
    radl: STORED_VERSION,
    ...(description !== undefined && { d: [description.name, flag(description), group(description.features)] }),
    n: radl.networks.map(identified),
    a: radl.ansibleHosts.map(identified),
    s: radl.systems.map((system: System) => [system.name, flag(system), group(system.features)]),
    c: radl.configures.map(({ name, isReference, recipe }) => [name, isReference ? 1 : 0, recipe]),
    p: radl.deploys.map(deploy),
    x: contextualize(radl.contextualize),
  };
  return JSON.stringify(document);
}

function flag(aspect: { readonly isReference: boolean }): 0 | 1 {
  return aspect.isReference ? 1 : 0;
}

function identified(aspect: Network | AnsibleHost): [string, 0 | 1, StoredGroup] {
  return [aspect.id, flag(aspect), group(aspect.features)];
}

function deploy({ system, count, exactCount, cloudId }: Deploy): StoredDeploy {
  const stored = exactCount === undefined ? count : exactCount === null ? null : scalar(exactCount);
  return cloudId === undefined ? [system, stored] : [system, stored, cloudId];
}

function contextualize({ maxTime, exactMaxTime, items, options }: Contextualize): StoredDocument['x'] {
  return [
    exactMaxTime === undefined ? maxTime : scalar(exactMaxTime),
    items === undefined ? null : items.map(item),
    options === undefined ? null : group(options),
  ];
}

function item({ system, configure, step, exactStep, tool }: ContextualizeItem): StoredItem {
  const stored = exactStep === undefined ? step : scalar(exactStep);
  return tool === undefined ? [system, configure, stored] : [system, configure, stored, tool];
}

function group(features: Features): StoredGroup {
  const entries: StoredEntry[] = [];
  for (const [key, slot] of features.slots()) entries.push(entry(String(key), slot));
  return entries;
}

function entry(property: string, slot: Slot<Features>): StoredEntry {
  switch (slot.kind) {
    case 'text':
      return simple(property, slot.feature);
    case 'number':
      return bounds(property, slot.interval);
    case 'contains':
      return [property, { c: [...slot.items.values()].map((contained) => group(contained.group)) }];
    case 'soft':
      return [0, slot.softs.map((soft) => [scalar(soft.weight), group(soft.group)] as const)];
  }
}

/** One feature fills its slot alone: an exact number, one bound, a text. */
function simple(property: string, { operator, value, unit }: NumberFeature | TextFeature): StoredEntry {
  if (operator !== '=') return [property, stored(value), unit, operator];
  return unit === '' ? [property, stored(value)] : [property, stored(value), unit];
}

function bounds(property: string, { lower, upper }: Interval): StoredEntry {
  const only = lower === upper || upper === undefined ? lower : lower === undefined ? upper : undefined;
  if (only !== undefined) return simple(property, only);
  if (lower === undefined || upper === undefined) throw new TypeError(`'${property}' has no bound`);
  const [first, second] = [stored(lower.value), stored(upper.value)];
  return [property, first, lower.unit, lower.operator, second, upper.unit, upper.operator];
}

function stored(value: RadlValue): StoredValue {
  return typeof value === 'object' || typeof value === 'boolean' ? value : scalar(value);
}

/** Small integers are plain JSON numbers; fractions and big integers are marked. */
function scalar(value: bigint | number | string): StoredScalar {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return { f: Object.is(value, -0) ? '-0' : value };
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : { i: value.toString() };
}
