// SPDX-License-Identifier: Apache-2.0
// The information service of the EGI federation: sites, and the projects of virtual organisations (oidc-vault-oai-stats.md §5).
import { errorText } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { providerText } from '../provider-text.js';

/** Where the service is. */
export const EGI_SERVICE_URL = 'https://is.cloud.egi.eu';

const MAX_AGE_MS = 3_600_000;
/** Failures are remembered too, or each call would wait for a service that is down. The last good answer serves meanwhile. */
const FAILURE_MAX_AGE_MS = 15_000;
const MOST_REMEMBERED = 1000;
const MOST_SITES = 500;
const MOST_IMAGES = 20_000;

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
  /** Names of the sites whose computers or whose Keystone are at this host. */
  sitesAt(host: string): Promise<readonly string[]>;
  /** The images that an organisation has at a site. */
  imagesAt(site: string, organisation: string): Promise<readonly SiteImage[]>;
  /** The images of an organisation, or of all; undefined when the service does not say. */
  images(organisation?: string): Promise<readonly ListedImage[] | undefined>;
}

/** An image of a site, with its name in the federation. */
export interface SiteImage {
  readonly egiId: string;
  readonly id: string;
  readonly version: string;
}

/** An image of the whole list. */
export interface ListedImage {
  readonly id: string;
  readonly name: string;
  /** URL of the Keystone of its site. */
  readonly endpoint: string;
  readonly organisation: string;
}

/** Makes the client; answers are kept for an hour, and longer while there is no newer one. @param options.now milliseconds since 1970 */
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
        return known?.answer;
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
    sitesAt: async (host) =>
      listOf(await ask('/sites/')).flatMap((site) => {
        const name = textOf(site, 'name');
        // The host name may be that of the computers; the credential names the Keystone.
        const isThere = textOf(site, 'hostname') === host || hostOf(textOf(site, 'url')) === host;
        return name !== undefined && isThere ? [name] : [];
      }),
    imagesAt: async (site, organisation) =>
      listOf(await ask(`/site/${encodeURIComponent(site)}/${encodeURIComponent(organisation)}/images`)).flatMap(
        (image) => {
          const [egiId, id] = [textOf(image, 'egi_id'), textOf(image, 'id')];
          return egiId === undefined || id === undefined
            ? []
            : [{ egiId, id, version: textOf(image, 'version') ?? '' }];
        },
      ),
    images: async (organisation) => {
      const query = organisation === undefined ? '' : `?vo_name=${encodeURIComponent(organisation)}`;
      const answer = await ask(`/images${query}`);
      if (!Array.isArray(answer)) return undefined;
      return answer.slice(0, MOST_IMAGES).flatMap((image) => {
        const [id, name, endpoint] = [textOf(image, 'id'), textOf(image, 'name'), textOf(image, 'endpoint')];
        if (id === undefined || name === undefined || endpoint === undefined) return [];
        return [{ id, name, endpoint, organisation: textOf(image, 'vo') ?? organisation ?? '' }];
      });
    },
  };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function textOf(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = new Map<string, unknown>(Object.entries(value)).get(key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** Host name of a URL, without port. */
function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** `https://keystone.example:5000/v3/` -> `https://keystone.example:5000`. What is no version stays. */
function endpointOf(url: string | undefined): string | undefined {
  if (url === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const parts = new URL(url);
  const path = parts.pathname.replace(/\/{1,9}$/, '').replace(/\/v\d(?:\.\d)?$/i, '');
  return `${parts.origin}${path}`;
}
