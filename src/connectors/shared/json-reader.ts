// SPDX-License-Identifier: Apache-2.0
// Reads answers of providers: whatever is missing or of another type becomes empty, so that odd answers cannot break the daemon.
import { ImError } from '../../domain/index.js';

/** A JSON object of unknown content. */
export type JsonRecord = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Parses JSON.
 * @param name who answered, for the error text
 * @throws ImError `provider` when the text is no JSON
 */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ImError('provider', `The answer of ${name} is not JSON.`, { cause: error });
  }
}

/** The value as an object; empty when it is none. */
export function asRecord(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** The objects of a list; empty when the value is no list. */
export function asRecords(value: unknown): readonly JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** The value as text; empty when it is none. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a list. */
export function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The value as a finite number, also when it is written as text; undefined when it is none. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The text entries of an object. */
export function asTextMap(value: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(asRecord(value));
  return new Map(entries.flatMap(([key, item]) => (typeof item === 'string' ? [[key, item] as const] : [])));
}
