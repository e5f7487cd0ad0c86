// SPDX-License-Identifier: Apache-2.0
// The OpenStack credential of a site of the EGI federation, which the user enters with an access token (auth.md §9, §10).
import type { AuthItem } from '../domain/index.js';

/** `auth_version` of credentials whose password is an access token. */
export const OIDC_AUTH_VERSION = '3.x_oidc_access_token';

/** What the credentials of all sites have in common. */
export function openIdItem(token: string): AuthItem {
  return {
    type: 'OpenStack',
    username: 'egi.eu',
    tenant: 'openid',
    auth_version: OIDC_AUTH_VERSION,
    password: token,
  };
}
