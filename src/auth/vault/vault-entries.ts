// SPDX-License-Identifier: Apache-2.0
// The entries of a Vault secret as credentials: which count, and where the caller's token goes (auth.md §9, step 4).
import type { AuthItem } from '../../domain/index.js';
import { IM_TYPE, itemsFromObjects } from '../item.js';
import { OIDC_AUTH_VERSION, openIdItem } from '../openid-cloud.js';
import { VAULT_TYPE } from './vault-item.js';

const MOST_ENTRIES = 1000;

/** What a secret holds for us. */
export interface VaultEntries {
  /** In the order of the Vault. */
  readonly items: readonly AuthItem[];
  /** Names of the entries that are no credentials; each is skipped alone. */
  readonly malformed: readonly string[];
}

/** Reads the entries of a secret: each value is the JSON text of one credential. */
export function readVaultEntries(data: Readonly<Record<string, unknown>>, token: string): VaultEntries {
  const items: AuthItem[] = [];
  const malformed: string[] = [];
  for (const [name, value] of Object.entries(data).slice(0, MOST_ENTRIES)) {
    const entry = credentialOf(value);
    if (!entry) malformed.push(name);
    else if (entry.isEnabled && isCloud(entry.item)) items.push(withToken(entry.item, token));
  }
  return { items, malformed };
}

function credentialOf(value: unknown): { readonly item: AuthItem; readonly isEnabled: boolean } | undefined {
  try {
    const credential: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    const [read] = itemsFromObjects([credential]);
    if (!read) return undefined;
    const { enabled = 'true', ...item } = read;
    return { item, isEnabled: !['false', '0'].includes(enabled.toLowerCase()) };
  } catch {
    return undefined; // the caller reports the name; the value is a secret
  }
}

// Nobody checked who an InfrastructureManager item from there names, so it must not count as the user.
const isCloud = ({ type }: AuthItem): boolean => type !== VAULT_TYPE && type !== IM_TYPE;

/** Credentials that live by the caller's own token get it here; the stored one, if any, is old. */
function withToken(item: AuthItem, token: string): AuthItem {
  switch (item.type) {
    case 'fedcloud': {
      const { project_id: domain, vo: _vo, ...rest } = item;
      return { ...rest, ...openIdItem(token), ...(domain !== undefined && { domain }) };
    }
    case 'EGI':
      return { ...item, token };
    case 'OpenStack':
      return item.auth_version === OIDC_AUTH_VERSION ? { ...item, password: token } : item;
    default:
      return item;
  }
}
