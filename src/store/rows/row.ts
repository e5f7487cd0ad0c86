// SPDX-License-Identifier: Apache-2.0
// Turns what a driver returns into typed values, once and with a check: drivers disagree on integers, and files can be damaged.
import { ImError, type JsonObject, type JsonValue } from '../../domain/index.js';

/** What can be written into a column. Booleans are 0 and 1, which every database has. */
export type SqlValue = string | number | null;

/** Values by column name. Undefined means: not among the columns that are written. */
export type Columns = Readonly<Record<string, SqlValue | undefined>>;

/** One row as the driver returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** A text column that is never null. */
export function textOf(row: Row, column: string): string {
  return optionalTextOf(row, column) ?? unreadable(column);
}

/** A text column. */
export function optionalTextOf(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' || value === null ? value : unreadable(column);
}

/** An integer column that is never null. PostgreSQL returns big ones as text. */
export function integerOf(row: Row, column: string): number {
  return optionalIntegerOf(row, column) ?? unreadable(column);
}

/** An integer column. */
export function optionalIntegerOf(row: Row, column: string): number | null {
  const value = row[column];
  if (value === null) {
    return null;
  }
  const number = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : unreadable(column);
}

/** A number column or sum that is never null. PostgreSQL and MySQL return decimals as text. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : unreadable(column);
}

/** A column of 0 and 1. */
export function flagOf(row: Row, column: string): boolean {
  return integerOf(row, column) !== 0;
}

/** A column of 0, 1 and null. */
export function optionalFlagOf(row: Row, column: string): boolean | null {
  const value = optionalIntegerOf(row, column);
  return value === null ? null : value !== 0;
}

/** A column that holds one of a few words. The words are the keys of a record, so that the compiler finds a forgotten one. */
export function wordOf<Word extends string>(row: Row, column: string, words: Readonly<Record<Word, true>>): Word {
  const value = textOf(row, column);
  return isWord(value, words) ? value : unreadable(column);
}

/** A flag as it is written. */
export function fromFlag(value: boolean): number {
  return value ? 1 : 0;
}

/** A flag that can be unknown, as it is written. */
export function fromOptionalFlag(value: boolean | null): number | null {
  return value === null ? null : fromFlag(value);
}

/** A JSON object as text. @param what names the value in the error */
export function parseJsonObject(text: string, what: string): JsonObject {
  const value = parseJson(text, what);
  return isJsonObject(value) ? value : unreadable(what);
}

/** A JSON object whose values are all texts. */
export function parseTextRecord(text: string, what: string): Readonly<Record<string, string>> {
  const value = parseJson(text, what);
  return isTextRecord(value) ? value : unreadable(what);
}

/** A JSON list, each element read by `read`. */
export function parseJsonList<T>(text: string, what: string, read: (value: JsonValue) => T | undefined): readonly T[] {
  const value = parseJson(text, what);
  return Array.isArray(value) ? value.map((item) => read(item) ?? unreadable(what)) : unreadable(what);
}

/** Is this a JSON object? */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Is this a JSON object whose values are all texts? */
export function isTextRecord(value: JsonValue | undefined): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

/** Fails for a column that holds what no version of the daemon writes. */
export function unreadable(column: string): never {
  throw new ImError('internal', `The database holds an unreadable value in '${column}': restore it from a backup.`);
}

/** Is this an object, such as a row? */
export function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}

/** Are these rows? */
export function isRowList(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.every(isObject);
}

function isWord<Word extends string>(value: string, words: Readonly<Record<Word, true>>): value is Word {
  return Object.hasOwn(words, value);
}

function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return unreadable(what);
  }
}
