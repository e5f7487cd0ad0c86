// SPDX-License-Identifier: Apache-2.0
// Rules that every authorization item keeps, whatever form it came in: texts only, a legal id, a bounded number.
import { type AuthItem, ImError } from '../domain/index.js';

/** Type of the items that name the user of this service. */
export const IM_TYPE = 'InfrastructureManager';

/** Types of the items that name the EGI information service; AppDBIS is the older name (auth.md §6). */
export const EGI_SERVICE_TYPES: ReadonlySet<string> = new Set(['EGIIS', 'AppDBIS']);

/** Text for a call without any item that names its user (auth.md §8). */
export const NO_IM_CREDENTIALS = 'No credentials provided for the InfrastructureManager.';

const MAX_ITEMS = 1000;

// auth.md §1: the reference's `[a-zA-Z_.][\w\d_.-]*` with a Unicode-aware \w.
const ID_PATTERN = /^[a-zA-Z_.][\p{L}\p{N}_.-]*$/u;

/** An authorization that cannot be read: always 401, never a server error (spec/README.md). */
export function malformedAuthorization(message: string): ImError {
  return new ImError('invalid-credentials', message, { details: { reason: 'malformed' } });
}

/**
 * Checks what all items of a call must keep.
 * @throws ImError `invalid-credentials` for a bad id (auth.md §1) or for more than 1,000 items.
 */
export function checkItems(items: readonly AuthItem[]): readonly AuthItem[] {
  if (items.length > MAX_ITEMS) {
    throw malformedAuthorization(`The authorization data has ${items.length} items; at most ${MAX_ITEMS} are allowed.`);
  }
  for (const { id } of items) {
    if (id !== undefined && id !== '' && !ID_PATTERN.test(id)) {
      throw malformedAuthorization(`Incorrect value in auth item id: ${id.slice(0, 200)}`);
    }
  }
  return items;
}

/**
 * Makes items of structured input (the JSON form of the header, the arrays of XML-RPC): an array of objects whose values are texts.
 * Numbers and booleans become their text, nulls are left out; nothing is trimmed or replaced (auth.md §4).
 * @throws ImError `invalid-credentials` naming the item and the key, never the value.
 */
export function itemsFromObjects(input: readonly unknown[]): readonly AuthItem[] {
  return checkItems(input.map((element, index) => itemFromObject(element, index)));
}

function itemFromObject(input: unknown, index: number): AuthItem {
  const where = `item ${index + 1} of the authorization data`;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw malformedAuthorization(`Malformed authorization: ${where} must be an object of texts.`);
  }
  const entries = input instanceof Map ? [...input] : Object.entries(input);
  const pairs: [string, string][] = [];
  for (const [key, value] of entries) {
    if (value === null || value === undefined) continue;
    if (typeof key !== 'string' || !isPlain(value)) {
      throw malformedAuthorization(`Malformed authorization: key "${String(key)}" of ${where} must be a text.`);
    }
    pairs.push([key, String(value)]);
  }
  // fromEntries defines own properties, so a key such as __proto__ stays plain data.
  return Object.fromEntries(pairs);
}

function isPlain(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
