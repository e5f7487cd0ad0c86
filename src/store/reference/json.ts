// SPDX-License-Identifier: Apache-2.0
// Reads values of a record of grycap/im, whose older releases put JSON texts where newer ones nest objects (persistence.md §6).
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/index.js';
import { storable } from '../rows/log-text.js';

/** A record does not have the expected form; the text names the key in question, never its value. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** @throws SyntaxError when the text is no JSON */
export function parseJson(text: string): JsonValue {
  return JSON.parse(text);
}

/** An object, or a JSON text of one. */
export function nested(value: JsonValue | undefined, name: string): JsonObject {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  if (!isJsonObject(parsed)) {
    throw new RecordError(`'${name}'`);
  }
  return parsed;
}

/** A list. */
export function list(value: JsonValue | undefined, name: string): readonly JsonValue[] {
  if (!Array.isArray(value)) {
    throw new RecordError(`'${name}'`);
  }
  return value;
}

/** A text, or the empty one. Characters that databases refuse are replaced. */
export function optionalText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? storable(value) : '';
}

/** A number, also one that was written as text; undefined for anything else. */
export function optionalNumber(value: JsonValue | undefined): number | undefined {
  const isNumeric = typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value);
  const number = isNumeric ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Beyond it there is no date. */
const LAST_TIME_MS = 8.64e15;

/** Seconds since 1970 as milliseconds; what is no time that can be is that of `otherwise`. */
export function milliseconds(value: JsonValue | undefined, otherwise: number): number {
  const time = Math.round((optionalNumber(value) ?? Number.NaN) * 1000);
  return time >= 0 && time <= LAST_TIME_MS ? time : otherwise;
}
