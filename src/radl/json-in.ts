// SPDX-License-Identifier: Apache-2.0
// Reads RADL JSON into a document (spec radl 14.2): the classes and their members.
import { loadYaml, YamlError } from '../yaml.js';
import type { Aspect, ContextualizeItem } from './aspects.js';
import { mergeContextualize, NO_CONTEXTUALIZE } from './contextualize.js';
import { DocumentBuilder } from './document-builder.js';
import { MAX_PROBLEMS, RadlError, type RadlProblem, throwProblems } from './error.js';
import { Features } from './features.js';
import { featuresFromJson } from './json-features.js';
import { readJson } from './json-read.js';
import type { JsonObject, JsonValue } from './json-value.js';
import { Radl } from './radl.js';
import { isPlainInteger, plainNumber } from './written-number.js';

/**
 * Reads a RADL JSON document. `[]`, `{}` and `""` are the empty document.
 *
 * @throws RadlError listing what is wrong with each element
 */
export function parseRadlJson(input: string): Radl {
  return radlFromJson(readJson(input));
}

/** Reads a document from a JSON value, see `parseRadlJson`. @throws RadlError */
export function radlFromJson(json: JsonValue): Radl {
  if (json === '' || (json instanceof Map && json.size === 0)) return Radl.empty();
  if (!Array.isArray(json)) throw new RadlError('A RADL JSON document is a list of objects', { expected: 'a list' });
  const builder = new DocumentBuilder();
  const problems: RadlProblem[] = [];
  for (const element of json) {
    if (problems.length >= MAX_PROBLEMS) break;
    try {
      builder.add(readAspect(element));
    } catch (error) {
      if (!(error instanceof RadlError)) throw error;
      problems.push(...error.problems);
    }
  }
  throwProblems(problems);
  return builder.radl;
}

function readAspect(json: JsonValue): Aspect {
  if (!isObject(json)) throw new RadlError("Each element of a RADL JSON document is an object with a 'class'");
  const kind = json.get('class');
  switch (kind) {
    case 'network':
    case 'ansible':
      return { kind, id: idOf(json, kind), ...body(json, kind) };
    case 'system':
    case 'description':
      return { kind, name: idOf(json, kind), ...body(json, kind) };
    case 'configure':
      return readConfigure(json);
    case 'deploy':
      return readDeploy(json);
    case 'contextualize':
      return readContextualize(json);
    case undefined:
      throw new RadlError("Missing 'class' in an element of the RADL JSON document");
    default:
      throw new RadlError(`Invalid class '${typeof kind === 'string' ? kind : 'which is no text'}'`, {
        expected: 'network, ansible, system, configure, deploy, contextualize or description',
      });
  }
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return json instanceof Map;
}

function textOf(json: JsonObject, key: string, owner: string): string {
  const value = json.get(key);
  if (typeof value === 'string') return value;
  throw new RadlError(`Missing or invalid '${key}' in ${owner}: expected a text`, { expected: 'a text' });
}

function idOf(json: JsonObject, kind: string): string {
  const id = textOf(json, 'id', `an element of class '${kind}'`);
  if (id === '') throw new RadlError(`Empty 'id' in an element of class '${kind}'`);
  return id;
}

function body(json: JsonObject, kind: string): { features: Features; isReference: boolean } {
  const reference = json.get('reference') ?? false;
  if (typeof reference !== 'boolean') throw new RadlError(`Invalid 'reference' in ${kind}: expected true or false`);
  if (!reference) return { features: featuresFromJson(json, ['class', 'id', 'reference']), isReference: false };
  if (kind === 'ansible') throw new RadlError('An Ansible host cannot be a reference');
  return { features: Features.of(), isReference: true };
}

function readConfigure(json: JsonObject): Aspect {
  const name = idOf(json, 'configure');
  if (json.get('reference') === true) return { kind: 'configure', name, recipe: '', isReference: true };
  const recipe = json.get('recipes');
  if (recipe !== null && typeof recipe !== 'string') {
    throw new RadlError(`Missing or invalid 'recipes' in configure '${name}': expected a text or null`);
  }
  if (recipe !== null) checkRecipe(recipe, name);
  return { kind: 'configure', name, recipe, isReference: false };
}

function checkRecipe(recipe: string, name: string): void {
  try {
    loadYaml(recipe);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new RadlError(`Error parsing YAML: ${error.message}`, { found: `the recipe of configure '${name}'` });
  }
}

function readDeploy(json: JsonObject): Aspect {
  const system = textOf(json, 'system', 'a deploy');
  const count = json.get('vm_number');
  if (count === undefined || typeof count === 'boolean' || typeof count === 'object') {
    if (count !== null) throw new RadlError(`Missing or invalid 'vm_number' in the deploy of '${system}'`);
  }
  const cloud = json.get('cloud') ?? '';
  if (typeof cloud !== 'string') throw new RadlError(`Invalid 'cloud' in the deploy of '${system}': expected a text`);
  return {
    kind: 'deploy',
    system,
    count: plainNumber(count),
    ...(!isPlainInteger(count) && { exactCount: count }),
    ...(cloud !== '' && { cloudId: cloud }),
  };
}

function readContextualize(json: JsonObject): Aspect {
  const time = json.get('max_time') ?? 0n;
  if (typeof time !== 'bigint' && typeof time !== 'number') {
    throw new RadlError("Invalid 'max_time' in contextualize: expected a number", { expected: 'a number' });
  }
  const items = json.get('items') ?? [];
  if (!Array.isArray(items)) throw new RadlError("Invalid 'items' in contextualize: expected a list");
  const options = json.get('options') ?? new Map<string, JsonValue>();
  if (!isObject(options)) throw new RadlError("Invalid 'options' in contextualize: expected an object");
  const section = {
    maxTime: plainNumber(time),
    ...(!isPlainInteger(time) && { exactMaxTime: time }),
    items: items.map(readItem),
    options: featuresFromJson(options),
  };
  return { kind: 'contextualize', contextualize: mergeContextualize(NO_CONTEXTUALIZE, section) };
}

function readItem(json: JsonValue): ContextualizeItem {
  if (!isObject(json)) throw new RadlError("Each of the 'items' of contextualize is an object");
  const system = textOf(json, 'system', 'an item of contextualize');
  const configure = textOf(json, 'configure', 'an item of contextualize');
  const step = json.get('step') ?? 0n;
  if (typeof step !== 'bigint' && typeof step !== 'number') {
    throw new RadlError("Invalid 'step' in an item of contextualize: expected a number");
  }
  const tool = json.get('ctxt_tool') ?? '';
  if (typeof tool !== 'string') throw new RadlError("Invalid 'ctxt_tool' in an item of contextualize: expected a text");
  return {
    system,
    configure,
    step: plainNumber(step),
    ...(!isPlainInteger(step) && { exactStep: step }),
    ...(tool !== '' && { tool }),
  };
}
