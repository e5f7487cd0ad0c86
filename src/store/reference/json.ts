// SPDX-License-Identifier: Apache-2.0
// Reads values of a record of grycap/im, whose older releases put JSON texts where newer ones nest objects (persistence.md §6).
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/index.js';

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

/** A text. */
export function text(value: JsonValue | undefined, name: string): string {
  if (typeof value !== 'string') {
    throw new RecordError(`'${name}'`);
  }
  return value;
}

/** A text, or the empty one. */
export function optionalText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Seconds since 1970 as milliseconds. */
export function milliseconds(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value * 1000) : otherwise;
}
