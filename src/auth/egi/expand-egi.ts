// SPDX-License-Identifier: Apache-2.0
// Turns EGI and EGIIS items into the OpenStack credentials of the sites that they mean (auth.md §10).
import type { AuthItem } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { createSemaphore } from '../../util/semaphore.js';
import type { ItemExpansion } from '../authenticate.js';
import { EGI_SERVICE_TYPES } from '../item.js';
import { openIdItem } from '../openid-cloud.js';
import { providerText } from '../provider-text.js';
import { EGI_SERVICE_URL, type EgiService } from './egi-service.js';

const EGI_TYPE = 'EGI';

const MOST_QUESTIONS = 8;

/**
 * Makes the expansion. EGI items keep their place in the list, also those that cannot be used: they say why to whoever wants that cloud
 * (connectors/egi.md §1). What EGIIS items bring comes after all others.
 */
export function createEgiExpansion(service: EgiService, logger: Logger): ItemExpansion {
  const siteItem = async (item: AuthItem, index: number): Promise<AuthItem> => {
    const { host: site = '', vo = '', token = '', api_version: apiVersion } = item;
    // Without one, the name by which the caller knows the cloud stays good.
    const id = item.id === undefined || item.id === '' ? `${EGI_TYPE}${index}` : item.id;
    const unusable = (problem: string): AuthItem => {
      logger.warn(`EGI item ${index} is not used: ${problem}`);
      return { type: EGI_TYPE, id, vo, problem };
    };
    if (site === '' || vo === '' || token === '') return unusable('It needs host (the name of a site), vo and token.');
    const url = await service.siteUrl(site);
    if (url === undefined) {
      return unusable(`Site name '${providerText(site)}' not found at fedcloud IS (${EGI_SERVICE_URL}).`);
    }
    const domain = (await service.projectAt(site, vo)) ?? vo;
    return {
      id,
      ...openIdItem(token),
      host: url,
      domain,
      vo,
      ...(apiVersion !== undefined && { api_version: apiVersion }),
    };
  };

  const organisationItems = async ({ vo = '', token = '' }: AuthItem): Promise<readonly AuthItem[]> => {
    if (vo === '' || token === '') return [];
    const permits = createSemaphore(MOST_QUESTIONS);
    const items = await Promise.all(
      (await service.sitesOf(vo)).map(({ name, url }) =>
        permits.run(async () => {
          const domain = await service.projectOf(name, vo);
          return domain === undefined ? [] : [{ id: name, ...openIdItem(token), host: url, domain, vo }];
        }),
      ),
    );
    return items.flat();
  };

  return async (items, { signal }) => {
    const kept: AuthItem[] = [];
    const brought: AuthItem[] = [];
    for (const [index, item] of items.entries()) {
      signal?.throwIfAborted();
      if (item.type === EGI_TYPE) {
        kept.push(await siteItem(item, index));
      } else if (EGI_SERVICE_TYPES.has(item.type ?? '') && item.vo && item.token) {
        brought.push(...(await organisationItems(item)));
        const { vo: _vo, ...rest } = item;
        kept.push(rest);
      } else {
        kept.push(item);
      }
    }
    return [...kept, ...brought];
  };
}
