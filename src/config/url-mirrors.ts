// SPDX-License-Identifier: Apache-2.0
// The value of URL_MIRRORS: where an air-gapped site keeps copies of what documents refer to.
import { splitList } from './option.js';

/** URLs that begin with `prefix` are fetched from `replacement` and the rest of the URL. */
export interface UrlMirror {
  readonly prefix: string;
  readonly replacement: string;
}

const isWebUrl = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);

/** Reads `prefix=replacement` pairs separated by commas. Undefined when a piece is not such a pair. */
export function readUrlMirrors(text: string): readonly UrlMirror[] | undefined {
  const mirrors: UrlMirror[] = [];
  for (const piece of splitList(text)) {
    // The prefix may hold a "=" of its own (a query), so the cut is where the second URL begins.
    const cut = piece.search(/=\s*https?:\/\//i);
    const prefix = piece.slice(0, cut).trim();
    const replacement = piece.slice(cut + 1).trim();
    if (cut < 0 || !isWebUrl(prefix) || !isWebUrl(replacement)) return undefined;
    mirrors.push({ prefix, replacement });
  }
  return mirrors;
}

/** The text that {@link readUrlMirrors} reads back. */
export function formatUrlMirrors(mirrors: readonly UrlMirror[]): string {
  return mirrors.map(({ prefix, replacement }) => `${prefix}=${replacement}`).join(', ');
}
