// SPDX-License-Identifier: Apache-2.0
// A row of the table of grycap/im in any of its layouts, and what becomes of it (persistence.md §2, §6).
import { errorText, type JsonValue } from '../../domain/index.js';
import { RadlError } from '../../radl/index.js';
import { parseJson, RecordError } from './json.js';
import { type ReferenceRecord, readOwners, readReferenceRecord } from './record.js';

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

/** Reads a row. Never fails: what cannot be read has a reason. */
export function readReferenceRow(row: ReferenceRow): ReadRow {
  try {
    const savedAt = timeOf(row.date);
    const record = readReferenceRecord(columnValue(row.data), savedAt ?? 0);
    const { infrastructure } = record;
    const owners = infrastructure.owners.length > 0 ? infrastructure.owners : readOwners(columnValue(row.auth ?? ''));
    const isDeleted = infrastructure.isDeleted || Number(row.deleted ?? 0) === 1;
    const complete = { ...record, infrastructure: { ...infrastructure, owners, isDeleted } };
    return { ok: true, record: complete, savedAt, warnings: isDeleted ? [] : warningsOf(complete) };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

/** The value of a column: JSON text, bytes of one (LONGBLOB), or what MongoDB keeps as it is. */
function columnValue(value: unknown): JsonValue {
  if (value instanceof Uint8Array) {
    return textValue(decode(value));
  }
  if (typeof value === 'string') {
    return textValue(value);
  }
  return parseJson(JSON.stringify(value ?? null));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RecordError(PICKLE);
  }
}

function textValue(text: string): JsonValue {
  if (text !== '' && !/^\s*[[{]/.test(text)) {
    throw new RecordError(PICKLE);
  }
  return text;
}

function timeOf(date: unknown): number | undefined {
  const time =
    typeof date === 'number'
      ? date * 1000
      : date instanceof Date
        ? date.getTime()
        : typeof date === 'string'
          ? Date.parse(date)
          : Number.NaN;
  // Databases write a time that nobody set as 0, in one form or another.
  return time > 0 ? Math.round(time) : undefined;
}

function warningsOf({ infrastructure, vms }: ReferenceRecord): readonly string[] {
  return [
    ...(infrastructure.owners.length === 0 ? ['it has no owner: only administrators see it'] : []),
    ...vms
      .filter(({ providerId, isDestroyed }) => providerId === null && isDestroyed)
      .map(({ number }) => `VM ${number} was being created when it was saved: look for it in its cloud`),
  ];
}

/** Texts of parsers can quote the record, and with it its passwords. */
function reasonOf(error: unknown): string {
  if (error instanceof RecordError) {
    return error.message.startsWith(`'`) ? `${error.message} is missing or has another form` : error.message;
  }
  if (error instanceof RadlError) {
    return 'its RADL cannot be read';
  }
  if (error instanceof SyntaxError) {
    return 'it is no JSON';
  }
  return errorText(error);
}
