// SPDX-License-Identifier: Apache-2.0
// The information service of the EGI federation: sites, and the projects of virtual organisations (oidc-vault-oai-stats.md §5).
import { errorText } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { providerText } from '../provider-text.js';

/** Where the service is. */
export const EGI_SERVICE_URL = 'https://is.cloud.egi.eu';

const MAX_AGE_MS = 300_000;
/** Failures are remembered too, or each call would wait for a service that is down. */
const FAILURE_MAX_AGE_MS = 15_000;
const MOST_REMEMBERED = 1000;
const MOST_SITES = 500;

/**
 * Gets a JSON document of the service. No credentials are sent.
 * @param path begins with a slash
 * @throws Error for any other status than 200, or when the service cannot be reached
 */
export type EgiFetcher = (path: string) => Promise<unknown>;

/** What the service knows. Whatever it cannot say is "no data" (undefined, or an empty list); the log has the reason. */
export interface EgiService {
  /** Endpoint of a site, without the version at its end. */
  siteUrl(site: string): Promise<string | undefined>;
  /** Id of the project of a virtual organisation at a site. */
  projectAt(site: string, organisation: string): Promise<string | undefined>;
  /** Sites that serve a virtual organisation. */
  sitesOf(organisation: string): Promise<readonly { readonly name: string; readonly url: string }[]>;
  /** As `projectAt`, asked in the way that fits `sitesOf`. */
  projectOf(site: string, organisation: string): Promise<string | undefined>;
}

/** Makes the client; answers are kept for five minutes. @param options.now milliseconds since 1970 */
export function createEgiService(options: {
  readonly fetcher: EgiFetcher;
  readonly now: () => number;
  readonly logger: Logger;
}): EgiService {
  const { fetcher, now, logger } = options;
  const remembered = new Map<string, { readonly answer: Promise<unknown>; untilMs: number }>();

  const ask = (path: string): Promise<unknown> => {
    const known = remembered.get(path);
    if (known && known.untilMs > now()) return known.answer;
    const entry = {
      untilMs: now() + MAX_AGE_MS,
      answer: fetcher(path).catch((error: unknown) => {
        entry.untilMs = now() + FAILURE_MAX_AGE_MS;
        logger.error(`No data from the EGI information service for ${path}: ${providerText(errorText(error))}`);
        return undefined;
      }),
    };
    remembered.delete(path);
    remembered.set(path, entry);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MOST_REMEMBERED) break;
      remembered.delete(oldest);
    }
    return entry.answer;
  };

  return {
    siteUrl: async (site) => endpointOf(textOf(await ask(`/site/${encodeURIComponent(site)}/`), 'url')),
    projectAt: async (site, organisation) =>
      listOf(await ask(`/site/${encodeURIComponent(site)}/projects`))
        .filter((project) => textOf(project, 'name') === organisation)
        .map((project) => textOf(project, 'id'))
        .find((id) => id !== undefined),
    sitesOf: async (organisation) =>
      listOf(await ask(`/sites/?vo_name=${encodeURIComponent(organisation)}`))
        .slice(0, MOST_SITES)
        .flatMap((site) => {
          const name = textOf(site, 'name');
          const url = endpointOf(textOf(site, 'url'));
          return name === undefined || url === undefined ? [] : [{ name, url }];
        }),
    projectOf: async (site, organisation) =>
      textOf(await ask(`/sites/${encodeURIComponent(site)}/${encodeURIComponent(organisation)}/project`), 'id'),
  };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function textOf(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = new Map<string, unknown>(Object.entries(value)).get(key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** `https://keystone.example:5000/v3/` -> `https://keystone.example:5000`. */
function endpointOf(url: string | undefined): string | undefined {
  if (url === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const parts = new URL(url);
  const path = parts.pathname.replace(/\/+$/, '').replace(/\/[^/]*$/, '');
  return `${parts.origin}${path}`;
}
