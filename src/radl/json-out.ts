// SPDX-License-Identifier: Apache-2.0
// A document as RADL JSON (spec radl 14.1): base units, `_min` and `_max` instead of operators.
import type { Configure, Contextualize, ContextualizeItem, Deploy } from './aspects.js';
import type { NumberFeature } from './feature.js';
import type { Features } from './features.js';
import { type Interval, isExact } from './interval.js';
import type { JsonObject, JsonValue } from './json-value.js';
import { type JsonLayout, stringifyJsonValue } from './json-write.js';
import type { Radl } from './radl.js';
import { scaleNumber } from './units.js';
import { writtenNumber } from './written-number.js';

/** The document as a list of JSON objects. */
export function radlToJson(radl: Radl): readonly JsonObject[] {
  const { description } = radl;
  return [
    ...radl.ansibleHosts.map((host) => featuredAspect('ansible', host.id, host)),
    ...radl.networks.map((network) => featuredAspect('network', network.id, network)),
    ...radl.systems.map((system) => featuredAspect('system', system.name, system)),
    ...radl.configures.map(configureJson),
    ...radl.deploys.map(deployJson),
    ...contextualizeJson(radl.contextualize),
    ...(description === undefined ? [] : [featuredAspect('description', description.name, description)]),
  ];
}

/** The document as JSON text. */
export function stringifyRadlJson(radl: Radl, layout: JsonLayout): string {
  return stringifyJsonValue(radlToJson(radl), layout);
}

/** Networks, systems and deploys only, with `_` for `.` in the top-level keys: what playbooks see of the document. */
export function inventoryJson(radl: Radl): readonly JsonObject[] {
  const objects = [
    ...radl.networks.map((network) => featuredAspect('network', network.id, network)),
    ...radl.systems.map((system) => featuredAspect('system', system.name, system)),
    ...radl.deploys.map(deployJson),
  ];
  return objects.map((object) => new Map([...object].map(([key, value]) => [key.replaceAll('.', '_'), value])));
}

/** One group of features as a JSON object. */
export function featuresToJson(features: Features): JsonObject {
  const members = new Map<string, JsonValue>();
  putFeatures(members, features);
  return members;
}

function featuredAspect(
  kind: string,
  id: string,
  aspect: { readonly features: Features; readonly isReference: boolean },
): JsonObject {
  const members = new Map<string, JsonValue>([
    ['class', kind],
    ['id', id],
  ]);
  if (aspect.isReference) members.set('reference', true);
  else putFeatures(members, aspect.features);
  return members;
}

function configureJson({ name, recipe, isReference }: Configure): JsonObject {
  return new Map<string, JsonValue>([
    ['class', 'configure'],
    ['id', name],
    isReference ? ['reference', true] : ['recipes', recipe],
  ]);
}

function deployJson({ system, count, exactCount, cloudId }: Deploy): JsonObject {
  const isWritten = typeof exactCount === 'string' || exactCount === null;
  const members = new Map<string, JsonValue>([
    ['class', 'deploy'],
    ['system', system],
    ['vm_number', isWritten ? exactCount : writtenNumber(count, exactCount)],
  ]);
  if (cloudId) members.set('cloud', cloudId);
  return members;
}

function contextualizeJson({ maxTime, exactMaxTime, items, options }: Contextualize): JsonObject[] {
  if (items === undefined && options === undefined) return [];
  const members = new Map<string, JsonValue>([['class', 'contextualize']]);
  if (maxTime !== 0) members.set('max_time', writtenNumber(maxTime, exactMaxTime));
  if (items !== undefined && items.length > 0) members.set('items', items.map(itemJson));
  if (options !== undefined && !options.isEmpty) members.set('options', featuresToJson(options));
  return [members];
}

function itemJson({ system, configure, step, exactStep, tool }: ContextualizeItem): JsonObject {
  const members = new Map<string, JsonValue>([
    ['system', system],
    ['configure', configure],
  ]);
  if (step !== 0) members.set('step', writtenNumber(step, exactStep));
  if (tool) members.set('ctxt_tool', tool);
  return members;
}

function putFeatures(members: Map<string, JsonValue>, features: Features): void {
  for (const [key, slot] of features.slots()) {
    switch (slot.kind) {
      case 'number':
        putInterval(members, String(key), slot.interval);
        break;
      case 'text':
        members.set(slot.feature.property, slot.feature.value);
        break;
      case 'contains':
        members.set(
          String(key),
          [...slot.items.values()].map((item) => featuresToJson(item.group)),
        );
        break;
      case 'soft':
        members.set(
          'softs',
          slot.softs.map(
            (soft) =>
              new Map<string, JsonValue>([
                ['weight', soft.weight],
                ['items', featuresToJson(soft.group)],
              ]),
          ),
        );
    }
  }
}

function putInterval(members: Map<string, JsonValue>, property: string, interval: Interval): void {
  const { lower, upper } = interval;
  if (isExact(interval)) {
    members.set(property, boundJson(interval.lower));
    return;
  }
  if (lower !== undefined) members.set(`${property}_min`, boundJson(lower));
  if (upper !== undefined) members.set(`${property}_max`, boundJson(upper));
}

function boundJson({ value, unit }: NumberFeature): JsonValue {
  return typeof value === 'boolean' ? value : scaleNumber(value, unit);
}
