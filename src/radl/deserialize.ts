// SPDX-License-Identifier: Apache-2.0
// Reads the stored form back into a document; whatever is not of that form is refused.
import type { Configure, Contextualize, ContextualizeItem, Deploy } from './aspects.js';
import { RadlError } from './error.js';
import { type NumberFeature, simpleFeature } from './feature.js';
import { Features } from './features.js';
import { intervalOf } from './interval.js';
import { MAX_DEPTH, MAX_DIGITS } from './limits.js';
import { Radl } from './radl.js';
import { STORED_VERSION } from './stored-form.js';
import type { Comparator, RadlNumeric } from './value.js';
import { isPlainInteger, plainNumber } from './written-number.js';

const INTEGER = /^-?[0-9]+$/;
const COMPARATORS: ReadonlyMap<unknown, Comparator> = new Map(
  (['=', '<=', '>=', '<', '>'] as const).map((operator) => [operator, operator]),
);

interface StoredIdentity<Kind extends string> {
  readonly kind: Kind;
  readonly id: string;
  readonly features: Features;
  readonly isReference: boolean;
}

/** The inverse of `serializeRadl`. @throws RadlError when the text is not the stored form of a document */
export function deserializeRadl(text: string): Radl {
  const document = readDocument(text);
  const radl = Radl.empty();
  const { d } = document;
  if (d !== undefined) {
    const [name, isReference, features] = aspect(d);
    radl.description = { kind: 'description', name, features, isReference };
  }
  for (const entry of array(document.n)) radl.networks.push(identified('network', entry));
  for (const entry of array(document.a)) radl.ansibleHosts.push(identified('ansible', entry));
  for (const entry of array(document.s)) {
    const [name, isReference, features] = aspect(entry);
    radl.systems.push({ kind: 'system', name, features, isReference });
  }
  for (const entry of array(document.c)) radl.configures.push(configure(entry));
  for (const entry of array(document.p)) radl.deploys.push(deploy(entry));
  radl.contextualize = contextualize(array(document.x));
  return radl;
}

function readDocument(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message may quote the document, which may hold secrets.
    return malformed('it is not JSON');
  }
  const document = object(json);
  return document.radl === STORED_VERSION ? document : malformed('its version is unknown');
}

function malformed(reason: string): never {
  throw new RadlError(`Malformed stored RADL document: ${reason}`);
}

function object(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : malformed('an object is missing');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : malformed('a list is missing');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : malformed('a text is missing');
}

function isReferenceFlag(value: unknown): boolean {
  return value === 0 || value === 1 ? value === 1 : malformed('a reference mark is missing');
}

function aspect(entry: unknown): [string, boolean, Features] {
  const [id, reference, features] = array(entry);
  return [text(id), isReferenceFlag(reference), group(features, 1)];
}

function identified<Kind extends string>(kind: Kind, entry: unknown): StoredIdentity<Kind> {
  const [id, isReference, features] = aspect(entry);
  return { kind, id, features, isReference };
}

function configure(entry: unknown): Configure {
  const [name, reference, recipe] = array(entry);
  const isReference = isReferenceFlag(reference);
  return { kind: 'configure', name: text(name), recipe: recipe === null ? null : text(recipe), isReference };
}

function deploy(entry: unknown): Deploy {
  const [system, count, cloudId] = array(entry);
  const value = count === null ? null : scalar(count);
  return {
    kind: 'deploy',
    system: text(system),
    count: plainNumber(value),
    ...(!isPlainInteger(value) && { exactCount: value }),
    ...(cloudId !== undefined && { cloudId: text(cloudId) }),
  };
}

function contextualize([time, items, options]: readonly unknown[]): Contextualize {
  const maxTime = number(time);
  return {
    maxTime: plainNumber(maxTime),
    ...(!isPlainInteger(maxTime) && { exactMaxTime: maxTime }),
    ...(items !== null && { items: array(items).map(item) }),
    ...(options !== null && { options: group(options, 1) }),
  };
}

function item(entry: unknown): ContextualizeItem {
  const [system, configureName, step, tool] = array(entry);
  const value = number(step);
  return {
    system: text(system),
    configure: text(configureName),
    step: plainNumber(value),
    ...(!isPlainInteger(value) && { exactStep: value }),
    ...(tool !== undefined && { tool: text(tool) }),
  };
}

function group(entries: unknown, depth: number): Features {
  if (depth > MAX_DEPTH + 1) malformed('its groups are nested too deep');
  const features = Features.of();
  for (const stored of array(entries)) readEntry(features, array(stored), depth);
  return features;
}

function readEntry(features: Features, stored: readonly unknown[], depth: number): void {
  const [property, value] = stored;
  if (property === 0) {
    for (const soft of array(value)) {
      const [weight, inner] = array(soft);
      features.add({ kind: 'soft', weight: number(weight), group: group(inner, depth + 1) });
    }
  } else if (isRecord(value) && value.c !== undefined) {
    for (const inner of array(value.c)) features.addContained(text(property), group(inner, depth + 1));
  } else {
    readSimple(features, text(property), stored);
  }
}

function readSimple(features: Features, property: string, stored: readonly unknown[]): void {
  const [, value, unit = '', operator = '='] = stored;
  if (typeof value === 'string' || Array.isArray(value)) {
    const content = typeof value === 'string' ? value : value.map(text);
    const feature = simpleFeature(property, comparator(operator), content, text(unit));
    features.putSlot(property, { kind: 'text', feature });
    return;
  }
  const first = numberFeature(property, operator, value, unit);
  if (stored.length <= 4) {
    features.putSlot(property, { kind: 'number', interval: intervalOf(first) });
    return;
  }
  const [, , , , second, secondUnit, secondOperator] = stored;
  const upper = numberFeature(property, secondOperator, second, secondUnit);
  features.putSlot(property, { kind: 'number', interval: { lower: first, upper } });
}

function numberFeature(property: string, operator: unknown, value: unknown, unit: unknown): NumberFeature {
  const content: RadlNumeric = typeof value === 'boolean' ? value : number(value);
  return simpleFeature(property, comparator(operator), content, text(unit));
}

function comparator(value: unknown): Comparator {
  return COMPARATORS.get(value) ?? malformed('an operator is unknown');
}

function number(value: unknown): bigint | number {
  const result = scalar(value);
  return typeof result === 'string' ? malformed('a number is missing') : result;
}

function scalar(value: unknown): bigint | number | string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? BigInt(value) : malformed('an integer is missing');
  const marked = object(value);
  const fraction = marked.f;
  if (fraction === '-0') return -0;
  if (typeof fraction === 'number') return fraction;
  const digits = text(marked.i);
  return INTEGER.test(digits) && digits.length <= 2 * MAX_DIGITS ? BigInt(digits) : malformed('an integer is missing');
}
