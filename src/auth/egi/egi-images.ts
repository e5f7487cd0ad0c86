// SPDX-License-Identifier: Apache-2.0
// Images of the EGI federation: the list for GetCloudImageList, and what an `egi://` URL stands for at a site
// (connectors/egi.md §3, oidc-vault-oai-stats.md §5).
import { badRequest, ImError } from '../../domain/index.js';
import { EGI_SERVICE_URL, type EgiService } from './egi-service.js';

/** An image as GetCloudImageList shows it. */
export interface EgiImage {
  readonly uri: string;
  readonly name: string;
  readonly vo: string;
  readonly [key: string]: string;
}

/** What is known of images. */
export interface EgiImages {
  /**
   * Images whose names hold the filters `distribution`, `version` and `app`; with `vo` those of its sites, in their order.
   * @throws ImError `provider` when the information service does not answer
   */
  list(filters: Readonly<Record<string, string>>): Promise<readonly EgiImage[]>;
  /**
   * Id that the cloud itself gives to the image of an `egi://site/image?vo` URL.
   * @param cloud host of the OpenStack credential, and its organisation for URLs that name none
   * @throws ImError `bad-request` whose text says what does not fit
   */
  resolve(url: string, cloud: { readonly server: string; readonly vo?: string | undefined }): Promise<string>;
}

const NAME_FILTERS = ['distribution', 'version', 'app'] as const;

/** Makes it over the information service. */
export function createEgiImages(service: EgiService): EgiImages {
  return {
    list: async (filters) => {
      const { vo } = filters;
      const known = await service.images(vo === '' ? undefined : vo);
      if (known === undefined) {
        throw new ImError(
          'provider',
          `The EGI information service ${EGI_SERVICE_URL} does not answer. Try again later.`,
        );
      }
      const wanted = NAME_FILTERS.flatMap((name) => filters[name]?.toLowerCase() ?? []);
      const shown = known.flatMap(({ id, name, endpoint, organisation }): readonly EgiImage[] => {
        const isWanted = wanted.every((text) => name.toLowerCase().includes(text));
        if (!isWanted || !URL.canParse(endpoint)) return [];
        return [{ uri: `ost://${new URL(endpoint).host}/${id}`, name, vo: organisation }];
      });
      return vo === undefined || vo === '' ? shown : bySite(shown, await service.sitesOf(vo));
    },
    resolve: async (url, cloud) => {
      const { site, image, organisation } = parseImageUrl(url, cloud.vo);
      if ((await service.siteUrl(site)) === undefined) {
        throw badRequest(`No site URL returned from EGI FedcloudInfo for site: ${site}.`);
      }
      if (!(await service.sitesAt(cloud.server)).includes(site)) {
        throw badRequest(`Site host does not match site name: ${site}.`);
      }
      const [newest] = (await service.imagesAt(site, organisation))
        .filter(({ egiId }) => egiId === image)
        .sort((one, other) => (one.version < other.version ? 1 : one.version > other.version ? -1 : 0));
      if (newest === undefined) {
        throw badRequest(`No image ID returned from EGI FedcloudInfo for image: ${site}/${image}/${organisation}.`);
      }
      return newest.id.slice(newest.id.indexOf('#') + 1);
    },
  };
}

function bySite(
  images: readonly EgiImage[],
  sites: readonly { readonly name: string; readonly url: string }[],
): readonly EgiImage[] {
  const byHost = new Map<string, EgiImage[]>();
  for (const image of images) {
    const host = new URL(image.uri.replace(/^ost:/, 'https:')).hostname;
    const same = byHost.get(host);
    if (same === undefined) byHost.set(host, [image]);
    else same.push(image);
  }
  return sites.flatMap(({ name: site, url }) =>
    (byHost.get(new URL(url).hostname) ?? []).map((image) => ({ ...image, name: `${site} - ${image.name}` })),
  );
}

function parseImageUrl(
  url: string,
  vo: string | undefined,
): { readonly site: string; readonly image: string; readonly organisation: string } {
  // The path holds `:` and `/`, so that the parser for web addresses would not understand it. `appdb` is the older name.
  const [, site, image, query] = /^(?:egi|appdb):\/\/([^/?]{1,255})\/([^?]{1,1000})(?:\?(.{1,255}))?$/i.exec(url) ?? [];
  if (site === undefined || image === undefined) {
    throw badRequest(
      /^(?:egi|appdb):/i.test(url)
        ? `The image URL ${url.slice(0, 300)} must be egi://SITE/IMAGE?VO.`
        : 'Incorrect Protocol',
    );
  }
  const organisation = query ?? vo ?? '';
  if (organisation === '') {
    throw badRequest(
      `The image URL ${url.slice(0, 300)} names no virtual organisation: add ?VO, or vo to the credential.`,
    );
  }
  return { site, image, organisation };
}
