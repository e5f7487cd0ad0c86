// SPDX-License-Identifier: Apache-2.0
// Gets documents of the EGI information service over the web, or from the mirror of a site without access to it.
import type { UrlMirror } from '../../config/url-mirrors.js';
import type { BoundedHttp } from '../bounded-http.js';
import { EGI_SERVICE_URL, type EgiFetcher } from './egi-service.js';

/** Makes the fetcher. @param mirrors the first whose prefix fits is asked instead (URL_MIRRORS) */
export function createEgiFetcher(http: BoundedHttp, mirrors: readonly UrlMirror[]): EgiFetcher {
  return async (path) => {
    const url = `${EGI_SERVICE_URL}${path}`;
    const mirror = mirrors.find(({ prefix }) => url.startsWith(prefix));
    const { status, text } = await http({
      method: 'GET',
      url: new URL(mirror ? `${mirror.replacement}${url.slice(mirror.prefix.length)}` : url),
      headers: { accept: 'application/json' },
    });
    if (status !== 200) throw new Error(`status ${status}`);
    const answer: unknown = JSON.parse(text);
    return answer;
  };
}
