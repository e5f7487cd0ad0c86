// SPDX-License-Identifier: Apache-2.0
// The metadata of a template as a record: its identifier, its date, and its fields in the order of the document.
import { loadYaml, YamlDate, YamlError, YamlFloat } from '../../yaml.js';

/** What is published about one template. */
export interface TemplateRecord {
  readonly identifier: string;
  /** `YYYY-MM-DD` */
  readonly datestamp: string;
  /** Values of each metadata key as texts, in the order of the template, then what is the same for all templates. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

/** Date of templates that do not say when they were made. */
export const EARLIEST_DATE = '2000-01-01';

/**
 * The record of a template; undefined when the text is no YAML document with a `metadata` map: the folder also holds
 * icons, read-me files and half-written templates.
 */
export function templateRecord(identifier: string, text: string): TemplateRecord | undefined {
  let document: unknown;
  try {
    document = loadYaml(text, { exact: true });
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
  const metadata = entriesOf(new Map(entriesOf(document)).get('metadata'));
  if (metadata.length === 0) return undefined;
  const fields = new Map(metadata.map(([key, value]): [string, readonly string[]] => [String(key), textsOf(value)]));
  fields.set('identifier', [identifier]).set('resource_type', ['software']).set('rights', ['openaccess']);
  return { identifier, datestamp: dateOf(fields.get('creation_date')?.[0]), fields };
}

/** Members of a mapping; none for anything else. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value instanceof Map) return [...value];
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.entries(value) : [];
}

/** A scalar as one text, a list as several; what has no text form is left out. */
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (value instanceof YamlDate) return [value.text];
  if (value instanceof YamlFloat) return [Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value)];
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? [String(value)] : [];
}

function dateOf(text: string | undefined): string {
  const [date] = /^\d{4}-\d{2}-\d{2}(?=$|[Tt\s])/.exec(text?.trim() ?? '') ?? [];
  return date !== undefined && isCalendarDate(date) ? date : EARLIEST_DATE;
}

/** Is it a day of the calendar, as `YYYY-MM-DD`? */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
