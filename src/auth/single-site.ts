// SPDX-License-Identifier: Apache-2.0
// The single-site mode: one cloud for everybody, entered with the credentials of the header (configuration.md §4).

import type { AuthItem } from '../domain/index.js';
import { trimEndOf } from '../util/trim-text.js';
import { IM_TYPE } from './item.js';

/** The SINGLE_SITE_* options; a part of the configuration. */
export interface SingleSiteConfig {
  readonly singleSite: boolean;
  readonly singleSiteType: string;
  readonly singleSiteAuthHost: string;
  readonly singleSiteImageUrlPrefix: string;
}

/** The cloud item that Basic credentials bring along. */
export function basicSiteItem(config: SingleSiteConfig, username: string, password: string): AuthItem {
  return { type: config.singleSiteType, host: config.singleSiteAuthHost, username, password };
}

/** The cloud item that a Bearer token brings along. */
export function bearerSiteItem(config: SingleSiteConfig, token: string): AuthItem {
  const { singleSiteType: type, singleSiteAuthHost: host } = config;
  return type === 'OpenStack'
    ? { type, host, username: 'indigo-dc', tenant: 'oidc', password: token }
    : { type, host, token };
}

/** The items of a call that count: those of the user, of image catalogues and of the one cloud, whose host is always ours. */
export function keepSingleSite(config: SingleSiteConfig, items: readonly AuthItem[]): readonly AuthItem[] {
  const kept = items.filter(({ type }) => type === IM_TYPE || type === 'VMRC' || type === config.singleSiteType);
  const first = kept.findIndex(({ type }) => type === config.singleSiteType);
  return kept.map((item, index) => (index === first ? { ...item, host: config.singleSiteAuthHost } : item));
}

/**
 * The image of the single site that a requested `disk.0.image.url` stands for: the prefix and the last element of the path.
 *
 * @example singleSiteImageUrl({ ..., singleSiteImageUrlPrefix: 'one://server.com' }, 'ost://other/images/7') // one://server.com/7
 */
export function singleSiteImageUrl(config: SingleSiteConfig, imageUrl: string): string {
  const prefix = config.singleSiteImageUrlPrefix.replace(/\/?$/, '/');
  return `${prefix}${trimEndOf(imageUrl, '/').split('/').at(-1) ?? ''}`;
}
