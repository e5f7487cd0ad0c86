// SPDX-License-Identifier: Apache-2.0
// Copies of public sites inside an air-gapped one (URL_MIRRORS).

/** URLs that begin with `prefix` are fetched from `replacement` and the rest of the URL. */
export interface UrlMirror {
  readonly prefix: string;
  readonly replacement: string;
}

/** The URL to fetch instead: by the longest prefix that fits, else the URL itself. */
export function mirroredUrl(url: string, mirrors: readonly UrlMirror[]): string {
  const mirror = mirrors
    .filter(({ prefix }) => url.startsWith(prefix))
    .reduce<UrlMirror | undefined>(
      (best, next) => (best !== undefined && best.prefix.length >= next.prefix.length ? best : next),
      undefined,
    );
  if (mirror === undefined) return url;
  const replaced = mirror.replacement + url.slice(mirror.prefix.length);
  // Dots in the rest must not lead out of the mirror.
  const isInside = URL.canParse(replaced) && new URL(replaced).href.startsWith(new URL(mirror.replacement).href);
  return isInside ? replaced : url;
}
