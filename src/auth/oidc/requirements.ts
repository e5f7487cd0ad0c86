// SPDX-License-Identifier: Apache-2.0
// What a confirmed token must have besides: audience, scopes and groups of the configuration (auth.md §8.2, steps 4-6 and 9).
import type { OidcAdminGroup } from '../../config/oidc-admin-groups.js';
import { providerText } from '../provider-text.js';
import { refused, type TokenClaims } from '../token.js';
import { audiencesOf, scopeText } from './claims.js';

/** @throws ImError `invalid-credentials` when the token is meant for others. @param audience empty: anybody's will do */
export function checkAudience(claims: TokenClaims, audience: string): void {
  if (audience !== '' && !audiencesOf(claims).includes(audience)) throw refused('Audience not accepted.');
}

/** @throws ImError `invalid-credentials` when one of the scopes is missing. The texts name introspection for any way of checking. */
export function checkScopes(claims: TokenClaims, scopes: readonly string[]): void {
  if (scopes.length === 0) return;
  const granted = scopeText(claims);
  if (granted === undefined) throw refused('No scope obtained from introspection.');
  const words = granted.split(/\s+/);
  if (scopes.every((scope) => words.includes(scope))) return;
  throw refused(`Scopes ${scopes.join(' ')} not in introspection scopes: ${providerText(granted)}`);
}

/** @throws ImError `invalid-credentials` when the user lacks one of the groups */
export function checkGroups(groups: readonly string[], required: readonly string[]): void {
  if (!required.every((group) => groups.includes(group))) throw refused('User not in configured groups.');
}

const withoutSlash = (issuer: string): string => issuer.replace(/\/$/, '');

/** Whether one of the groups makes its members at this issuer administrators; the final slash of issuers does not count. */
export function isInAdminGroup(issuer: string, groups: readonly string[], admins: readonly OidcAdminGroup[]): boolean {
  return admins.some((admin) => withoutSlash(admin.issuer) === withoutSlash(issuer) && groups.includes(admin.group));
}
