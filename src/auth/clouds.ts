// SPDX-License-Identifier: Apache-2.0
// The clouds among the items of a call, with their ids and hosts (auth.md §5).
import type { AuthItem, CloudCredential } from '../domain/index.js';
import { parseHost } from './host.js';
import { EGI_SERVICE_TYPES, IM_TYPE } from './item.js';

// Neither services that know clouds nor catalogues of images are clouds.
const NOT_CLOUDS = new Set([IM_TYPE, 'VMRC', ...EGI_SERVICE_TYPES]);

/**
 * The item of an information service with a token that has this id, given or made of its place; its images can be listed (auth.md §10).
 * The last one wins, as among clouds.
 */
export function imageServiceItem(items: readonly AuthItem[], id: string): AuthItem | undefined {
  return items.findLast(
    (item, index) =>
      EGI_SERVICE_TYPES.has(item.type ?? '') && (item.token ?? '') !== '' && (item.id || `${item.type}${index}`) === id,
  );
}

/**
 * The clouds in list order. An item without `id` is called `<type><position>`, the position being that in the whole list: clients keep
 * using that name in later calls with the same list.
 */
export function cloudsOf(items: readonly AuthItem[]): readonly CloudCredential[] {
  return items.flatMap((item, index) => {
    const { type } = item;
    if (type === undefined || type === '' || NOT_CLOUDS.has(type)) return [];
    return [cloudOf(item, type, index)];
  });
}

function cloudOf(item: AuthItem, type: string, index: number): CloudCredential {
  const id = item.id;
  return {
    id: id === undefined || id === '' ? `${type}${index}` : id,
    type,
    ...parseHost(item.host ?? ''),
    extra: identityOf(type, item),
    item,
  };
}

/** What else tells accounts of one server apart; it is stored with the VM (auth.md §5, last point). */
function identityOf(type: string, item: AuthItem): Readonly<Record<string, string>> {
  switch (type) {
    case 'OpenStack': {
      const version = item.auth_version ?? '2.0_password';
      const keys =
        version === '3.x_oidc_access_token' ? ['username', 'domain'] : version.includes('password') ? ['tenant'] : [];
      return { auth_version: version, ...pick(item, [...keys, 'service_region']) };
    }
    case 'EGI':
      return pick(item, ['vo']);
    default:
      return {};
  }
}

function pick(item: AuthItem, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]]])));
}
