// SPDX-License-Identifier: Apache-2.0
// Compact JSON of answers, which may hold integers of any size and maps with ordered keys (rest-api.md §4.3).

/** What an answer may hold; undefined members are left out. */
export type JsonInput =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonInput[]
  | ReadonlyMap<string, JsonInput>
  | { readonly [key: string]: JsonInput | undefined };

/** JSON without blanks; characters outside ASCII stay as they are. Infinite numbers become null, as in JSON.stringify. */
export function jsonText(value: JsonInput): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const members = entries.flatMap(([key, member]) =>
    member === undefined ? [] : [`${JSON.stringify(key)}:${jsonText(member)}`],
  );
  return `{${members.join(',')}}`;
}

function isList(value: object): value is readonly JsonInput[] {
  return Array.isArray(value);
}
