// SPDX-License-Identifier: Apache-2.0
// A row of the table of grycap/im in any of its layouts, and what becomes of it (persistence.md §2, §6).
import { errorText, type JsonValue, type Owner } from '../../domain/index.js';
import { RadlError } from '../../radl/index.js';
import { optionalNumber, parseJson, RecordError } from './json.js';
import { readOwners } from './owners.js';
import { Lenient, readOr } from './reading.js';
import { type ReferenceRecord, readWithWarnings } from './record.js';

/** A row as the driver returns it: columns that a layout does not have are undefined. */
export interface ReferenceRow {
  readonly id: unknown;
  /** 0 or 1. */
  readonly deleted?: unknown;
  /** Time of the last save: `YYYY-MM-DD`, a date, or seconds since 1970. */
  readonly date?: unknown;
  /** The record: text, bytes or an object. */
  readonly data?: unknown;
  /** The owners: text, bytes or a list. */
  readonly auth?: unknown;
}

const PICKLE = 'it is no JSON (a release before 1.5 wrote it?): convert it with db_1_4_to_1_5 of grycap/im 1.5 first';
const FROM_BACKUP = 'put the row back from a backup of that database';
const WAS_DESTROYED =
  'it was destroyed there, so that only statistics lack it: if nobody needs them, delete the row from inf_list';

/** What a row means. Warnings are for the operator and hold no secrets. */
export type ReadRow =
  | {
      readonly ok: true;
      readonly record: ReferenceRecord;
      /** Time of its last save there, milliseconds since 1970; undefined when the row tells none. */
      readonly savedAt: number | undefined;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a row. Never fails: what cannot be read has a reason with its remedy, and parts that cannot be read are left out with a warning.
 * @param id under which it is kept here
 */
export function readReferenceRow(row: ReferenceRow, id: string): ReadRow {
  const isMarkedDeleted = Number(row.deleted ?? 0) === 1;
  try {
    const savedAt = timeOf(row.date);
    const reading = new Lenient();
    const { record, warnings } = readWithWarnings(recordValue(row.data), { createdAt: savedAt ?? 0, id, reading });
    const { infrastructure } = record;
    const owners = infrastructure.owners.length > 0 ? infrastructure.owners : columnOwners(row.auth, reading);
    const isDeleted = infrastructure.isDeleted || isMarkedDeleted;
    return {
      ok: true,
      record: { ...record, infrastructure: { ...infrastructure, owners, isDeleted } },
      savedAt,
      warnings: isDeleted ? [] : limited([...ownerWarnings(owners), ...reading.notes, ...warnings]),
    };
  } catch (error) {
    const reason = reasonOf(error, row.data);
    return { ok: false, reason: isMarkedDeleted ? `${reason}; ${WAS_DESTROYED}` : reason };
  }
}

/** The record. Nothing at all is told from something that is no record. */
function recordValue(data: unknown): JsonValue {
  const value = columnValue(data);
  if (value === null || (typeof value === 'string' && value.trim() === '')) {
    throw new RecordError(
      `its record is empty: ${FROM_BACKUP}, or remove its machines at their providers and delete the row`,
    );
  }
  return value;
}

function columnOwners(auth: unknown, reading: Lenient): readonly Owner[] {
  return readOr(
    reading,
    `its column 'auth' cannot be read`,
    () => readOwners(columnValue(auth)),
    () => [],
  );
}

/** The value of a column: JSON text, bytes of one (LONGBLOB), or what MongoDB keeps as it is. */
function columnValue(value: unknown): JsonValue {
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    return textValue(decode(bytes));
  }
  if (typeof value === 'string') {
    return textValue(value);
  }
  return parseJson(JSON.stringify(value ?? null));
}

/** Bytes of a SQL driver, or the Binary of MongoDB's, which wraps them. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) {
    return value;
  }
  const isWrapped = typeof value === 'object' && value !== null && '_bsontype' in value && value._bsontype === 'Binary';
  const inner: unknown = isWrapped && 'buffer' in value ? value.buffer : undefined;
  const length = isWrapped && 'position' in value ? Number(value.position) : undefined;
  return inner instanceof Uint8Array ? inner.subarray(0, length) : undefined;
}

const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // JSON in an old Windows or ISO encoding; a pickle begins otherwise.
    if (bytes[0] === OPENING_BRACE || bytes[0] === OPENING_BRACKET) {
      return new TextDecoder('windows-1252').decode(bytes);
    }
    throw new RecordError(PICKLE);
  }
}

function textValue(text: string): string {
  const json = text.replace(/^[\s\0\uFEFF]+|[\s\0]+$/g, '');
  if (json !== '' && !/^["[{]/.test(json) && json !== 'null') {
    throw new RecordError(PICKLE);
  }
  // Converters wrapped some texts once more.
  return json.startsWith('"') || json === 'null' ? String(parseJson(json) ?? '') : json;
}

function timeOf(date: unknown): number | undefined {
  const seconds = typeof date === 'number' || typeof date === 'string' ? optionalNumber(date) : undefined;
  const time =
    seconds !== undefined
      ? seconds * 1000
      : date instanceof Date
        ? date.getTime()
        : typeof date === 'string'
          ? Date.parse(date)
          : Number.NaN;
  // Databases write a time that nobody set as 0, in one form or another; what is no date is none either.
  return time > 0 && !Number.isNaN(new Date(time).getTime()) ? Math.round(time) : undefined;
}

function ownerWarnings(owners: readonly Owner[]): readonly string[] {
  return owners.length === 0
    ? ['it has no owner: only administrators see it, and give it one with POST /infrastructures/ID/authorization']
    : [];
}

const MOST_WARNINGS = 40;

function limited(warnings: readonly string[]): readonly string[] {
  const further = warnings.length - MOST_WARNINGS;
  return further > 0 ? [...warnings.slice(0, MOST_WARNINGS), `${further} further warnings like these`] : warnings;
}

/** Texts of parsers can quote the record, and with it its passwords. */
function reasonOf(error: unknown, data: unknown): string {
  if (error instanceof RecordError) {
    return error.message.startsWith(`'`)
      ? `${error.message} is missing or has another form: ${FROM_BACKUP}`
      : error.message;
  }
  if (error instanceof RadlError) {
    return `its RADL cannot be read: ${FROM_BACKUP}`;
  }
  if (error instanceof SyntaxError) {
    return `${damageOf(data)}: ${FROM_BACKUP}`;
  }
  return errorText(error);
}

/** Databases that cut what does not fit leave the beginning. */
function damageOf(data: unknown): string {
  const bytes = typeof data === 'string' ? Buffer.from(data) : bytesOf(data);
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trimEnd();
  return text === '' || text.endsWith('}')
    ? 'its record is no JSON'
    : `its record is cut off after ${bytes?.length} bytes`;
}
