// SPDX-License-Identifier: Apache-2.0
// Replaces the Vault item of a call by the credentials that the Vault keeps (auth.md §9). They are never kept here.
import { type AuthItem, errorText } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import type { ItemExpansion } from '../authenticate.js';
import type { BoundedHttp } from '../bounded-http.js';
import { providerText } from '../provider-text.js';
import { decodeToken } from '../token.js';
import { enterVault } from './vault-client.js';
import { readVaultEntries } from './vault-entries.js';
import { readVaultItem, VAULT_TYPE, type VaultTarget } from './vault-item.js';

/** What the expansion needs from outside. */
export interface VaultExpansionOptions {
  /** Reaches the Vault of the configuration. */
  readonly trusted: BoundedHttp;
  /** Reaches Vaults that callers name. */
  readonly guarded: BoundedHttp;
  /** VAULT_URL; empty when there is none. */
  readonly vaultUrl: string;
  readonly logger: Logger;
}

/** Makes the expansion: the credentials of the Vault come first, then the items of the call, without those that name a Vault. */
export function createVaultExpansion({ trusted, guarded, vaultUrl, logger }: VaultExpansionOptions): ItemExpansion {
  const credentialsOf = async (target: VaultTarget, signal?: AbortSignal): Promise<readonly AuthItem[]> => {
    const http = isOfOrigin(target.url, vaultUrl) ? trusted : guarded;
    const session = await enterVault(http, target, signal);
    const path = target.path ?? session.entityId;
    if (path === '') {
      logger.warn(
        `Vault ${target.url.host} names no entity for the user; set a path. No credentials are taken from it.`,
      );
      return [];
    }
    let entries: ReturnType<typeof readVaultEntries>;
    try {
      entries = readVaultEntries(await session.read(target.mount, path), target.token);
    } catch (error) {
      signal?.throwIfAborted();
      const reason = providerText(errorText(error), [target.token]);
      logger.warn(`No credentials at ${target.mount}/${path} of Vault ${target.url.host}: ${reason}`);
      return [];
    }
    for (const name of entries.malformed) {
      logger.warn(
        `Entry ${providerText(name)} at ${target.mount}/${path} of Vault ${target.url.host} is no credential.`,
      );
    }
    return entries.items;
  };

  return async (items, { subjectOf, signal }) => {
    const [first, ...more] = items.filter(({ type }) => type === VAULT_TYPE);
    if (!first) return items;
    if (more.length > 0) logger.warn('The call has several Vault items; only the first is used.');
    const others = items.filter(({ type }) => type !== VAULT_TYPE);
    const target = readVaultItem(first, subject(first.token ?? '', subjectOf));
    if ('problem' in target) {
      logger.warn(`The Vault item of the call is not used: ${target.problem}.`);
      return others;
    }
    return [...(await credentialsOf(target, signal)), ...others];
  };
}

/** Of the checked user, or else what the token says: the Vault checks it itself before it gives anything. */
function subject(token: string, subjectOf: (token: string) => string | undefined): string | undefined {
  const known = subjectOf(token);
  if (known !== undefined) return known;
  try {
    const { sub } = decodeToken(token);
    return typeof sub === 'string' && sub !== '' ? sub : undefined;
  } catch {
    return undefined; // an opaque token has none that can be read
  }
}

function isOfOrigin(url: URL, configured: string): boolean {
  return URL.canParse(configured) && new URL(configured).origin === url.origin;
}
