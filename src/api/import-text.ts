// SPDX-License-Identifier: Apache-2.0
// The document to import, freed from the wrappings that clients leave around it (rest-api.md §9.3).

/**
 * The JSON text of an exported infrastructure: as it is, inside a JSON string (what `im_client export` prints), or as
 * the member `data` of the export answer. Anything else is returned unchanged, for the import to refuse.
 */
export function importText(body: string): string {
  const text = body.trim();
  if (!text.startsWith('"') && !/^\{\s*"data"\s*:\s*"/.test(text)) return body;
  let outer: unknown;
  try {
    outer = JSON.parse(text);
  } catch {
    return body; // the import says what is wrong with it
  }
  if (typeof outer === 'string') return outer;
  if (typeof outer === 'object' && outer !== null && 'data' in outer && typeof outer.data === 'string')
    return outer.data;
  return body;
}
