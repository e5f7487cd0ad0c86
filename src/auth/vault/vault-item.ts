// SPDX-License-Identifier: Apache-2.0
// The items that name a Vault: made from the VAULT_* options for Bearer tokens, or brought by the caller (auth.md §9).

import type { AuthItem } from '../../domain/index.js';
import { trimBothOf, trimEndOf } from '../../util/trim-text.js';

/** Type of the items that name a Vault. */
export const VAULT_TYPE = 'Vault';

const DEFAULT_MOUNT = 'credentials';

/** Stands for the subject of the token in VAULT_PATH. */
const SUBJECT_PLACEHOLDER = '#USER_SUB#';

/** The VAULT_* options; a part of the configuration. */
export interface VaultConfig {
  readonly vaultUrl: string;
  readonly vaultPath: string;
  readonly vaultMountPoint: string;
  readonly vaultRole: string;
}

/** A Vault item that says enough to be used. */
export interface VaultTarget {
  /** Without query and final slash. */
  readonly url: URL;
  readonly token: string;
  readonly role: string | undefined;
  /** Without slashes around it. */
  readonly mount: string;
  /** Below the mount, without slashes around it; undefined: the id of the user's entity. */
  readonly path: string | undefined;
}

/** The item that a Bearer token brings along when a Vault is configured (rest-api.md §6). Options that are not set are left out. */
export function bearerVaultItem(config: VaultConfig, token: string): AuthItem | undefined {
  if (config.vaultUrl === '') return undefined;
  return {
    type: VAULT_TYPE,
    host: config.vaultUrl,
    token,
    ...(config.vaultPath !== '' && { path: config.vaultPath }),
    ...(config.vaultMountPoint !== '' && { mount_point: config.vaultMountPoint }),
    ...(config.vaultRole !== '' && { role: config.vaultRole }),
  };
}

/**
 * Reads an item.
 * @param subject of the token; undefined when it is not known
 * @returns what is wrong with the item, as the end of a sentence, when it cannot be used
 */
export function readVaultItem(item: AuthItem, subject: string | undefined): VaultTarget | { readonly problem: string } {
  const { token, role } = item;
  const url = parseUrl(item.host ?? '');
  if (!url) return { problem: 'it has no host that is an http(s) URL' };
  if (token === undefined || token === '') return { problem: 'it has no token' };
  const place = placeOf(item, subject);
  if ('problem' in place) return place;
  return { url, token, role: role === '' ? undefined : role, ...place };
}

function placeOf(
  item: AuthItem,
  subject: string | undefined,
): Pick<VaultTarget, 'mount' | 'path'> | { readonly problem: string } {
  const written = item.path ?? '';
  if (written.includes(SUBJECT_PLACEHOLDER) && subject === undefined) {
    return { problem: 'its path needs the subject of the token, which has none' };
  }
  const path = written.replaceAll(SUBJECT_PLACEHOLDER, () => subject ?? '');
  const mount = trimSlashes(item.mount_point ?? '');
  // The seed's manual puts the mount into the path and marks it by the final slash (spec/README.md).
  const isMountInPath = mount === '' && written.endsWith('/') && trimSlashes(path) !== '';
  const place = isMountInPath
    ? { mount: trimSlashes(path), path: undefined }
    : { mount: mount === '' ? DEFAULT_MOUNT : mount, path: trimSlashes(path) === '' ? undefined : trimSlashes(path) };
  // A subject or a caller must not lead out of the mount.
  const isAstray = [place.mount, place.path ?? ''].some((text) =>
    text.split('/').some((part) => /^\.{1,2}$/.test(part)),
  );
  return isAstray ? { problem: 'its path has an element "." or ".."' } : place;
}

function parseUrl(host: string): URL | undefined {
  const text = host.trim();
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.search = '';
  url.hash = '';
  url.username = '';
  url.password = '';
  url.pathname = trimEndOf(url.pathname, '/');
  return url;
}

const trimSlashes = (text: string): string => trimBothOf(text.trim(), '/');
