// SPDX-License-Identifier: Apache-2.0
// Looking into values that came out of a YAML text, whose shape nobody has checked.

/** The entries of a mapping, undefined for anything else. */
export function mappingOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]): [string, unknown] => [String(key), item]));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? new Map(Object.entries(value)) : undefined;
}

/** The items of a list, undefined for anything else. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Whether Python would take the value for true: not null, false, zero, or empty. */
export function isTruthy(value: unknown): boolean {
  const size = listOf(value)?.length ?? mappingOf(value)?.size;
  return size === undefined ? Boolean(value) : size > 0;
}

/** Whether a mapping anywhere inside the value has one of the keys with a true value. */
export function hasTrueKey(value: unknown, keys: ReadonlySet<string>): boolean {
  const mapping = mappingOf(value);
  if (mapping !== undefined) {
    return [...mapping].some(([key, item]) => (keys.has(key) && isTruthy(item)) || hasTrueKey(item, keys));
  }
  return listOf(value)?.some((item) => hasTrueKey(item, keys)) ?? false;
}
