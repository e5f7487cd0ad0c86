// SPDX-License-Identifier: Apache-2.0
// The value of OIDC_ADMIN_GROUPS: groups of identity providers whose members are administrators (auth.md §8.2).
import { tryJson } from './option.js';

/** Members of `group` at `issuer` are administrators; the issuer is compared without its final slash. */
export interface OidcAdminGroup {
  readonly issuer: string;
  readonly group: string;
}

function readGroup(value: unknown): OidcAdminGroup | undefined {
  if (typeof value !== 'object' || value === null || !('issuer' in value) || !('group' in value)) return undefined;
  const { issuer, group } = value;
  return typeof issuer === 'string' && typeof group === 'string' ? { issuer, group } : undefined;
}

/** Reads the JSON text: an array of objects, one object, or nothing. Undefined when it is none of them. */
export function readOidcAdminGroups(text: string): readonly OidcAdminGroup[] | undefined {
  if (text === '') return [];
  const value = tryJson(text);
  if (value === undefined) return undefined;
  const groups = (Array.isArray(value) ? value : [value]).map(readGroup);
  return groups.every((group) => group !== undefined) ? groups : undefined;
}
