// SPDX-License-Identifier: Apache-2.0
// Reads one YAML document as PyYAML's safe loader would, with bounds on depth, aliases and expanded size.
import {
  constructFromEvents,
  mergeTag,
  parseEvents,
  Schema,
  type TagDefinition,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml';
import { checkEvents, placeOf } from './event-rules.js';
import { COLLECTION_AS_KEY, exactMappingTag } from './exact-mapping.js';
import { checkExpansion } from './expansion.js';
import { type RelaxedText, relaxIndentation } from './relax-indentation.js';
import { scalarTags } from './scalars.js';
import { YamlError, type YamlPlace } from './values.js';

/** How a document is read. */
export interface LoadOptions {
  /**
   * Keep all that is needed to write the same document again: integral fractions as `YamlFloat`, dates as `YamlDate`, mappings with
   * keys that are no texts (or look like integers) as `Map`.
   */
  readonly exact?: boolean;
}

const MAX_DEPTH = 100;
const MAX_ALIASES = 10_000;
const MAX_LENGTH = 16_000_000;
const DEFICIENT_INDENTATION = 'deficient indentation';
const NOT_PRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function schemaFor(exact: boolean): Schema {
  const own: TagDefinition[] = [...scalarTags({ exact }), ...(exact ? [exactMappingTag] : [])];
  const ownNames = new Set(own.map((tag) => tag.tagName));
  // The merge key must stay before our scalars, which would otherwise take `<<` for a text.
  return new Schema([
    mergeTag,
    ...own,
    ...YAML11_SCHEMA.tags.filter((tag) => tag !== mergeTag && !ownNames.has(tag.tagName)),
  ]);
}

const schemas = { plain: schemaFor(false), exact: schemaFor(true) } as const;

/**
 * The value of the document: null when it is empty. Integers beyond 2^53 come as `bigint`; dates come as texts. Of duplicate
 * keys the last one wins; merge keys are merged.
 *
 * @throws YamlError when PyYAML's safe loader would refuse the text, or it is out of bounds; the message holds no content
 */
export function loadYaml(text: string, { exact = false }: LoadOptions = {}): unknown {
  if (text.length > MAX_LENGTH) throw new YamlError(`the document is longer than ${MAX_LENGTH} characters`);
  const control = NOT_PRINTABLE.exec(text);
  if (control !== null) throw new YamlError('special characters are not allowed', placeOf(text, control.index));
  try {
    return loadRelaxed({ text, addedTo: () => 0 }, exact);
  } catch (error) {
    if (!(error instanceof YamlError) || error.reason !== DEFICIENT_INDENTATION) throw error;
    return loadRelaxed(relaxIndentation(text), exact);
  }
}

/** Reads a text whose indentation suits the library. */
function loadRelaxed(relaxed: RelaxedText, exact: boolean): unknown {
  const { text } = relaxed;
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    checkEvents(text, events);
    const [document = null, ...others] = constructFromEvents(events, {
      source: text,
      schema: exact ? schemas.exact : schemas.plain,
      json: true,
      maxAliases: MAX_ALIASES,
    });
    if (others.length > 0) throw new YamlError('expected a single document in the stream');
    checkExpansion(document);
    return document;
  } catch (error) {
    throw asYamlError(error, relaxed);
  }
}

/** The reason of the library without its excerpt of the document, which may hold secrets; columns as in the original text. */
function asYamlError(error: unknown, { addedTo }: RelaxedText): unknown {
  if (error instanceof YAMLException) {
    const { reason, mark } = error;
    const text = reason.includes('complex keys') ? COLLECTION_AS_KEY : reason;
    return placedError(text, mark && { line: mark.line + 1, column: mark.column + 1 }, addedTo);
  }
  if (error instanceof YamlError) {
    const { reason, line, column } = error;
    return placedError(reason, line === undefined || column === undefined ? undefined : { line, column }, addedTo);
  }
  return error instanceof RangeError ? new YamlError(error.message) : error;
}

function placedError(reason: string, place: YamlPlace | undefined, addedTo: (line: number) => number): YamlError {
  if (place === undefined) return new YamlError(reason);
  return new YamlError(reason, { line: place.line, column: Math.max(1, place.column - addedTo(place.line)) });
}
