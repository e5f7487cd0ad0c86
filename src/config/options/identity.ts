// SPDX-License-Identifier: Apache-2.0
// Options of OpenID Connect, Vault and the single-site mode (configuration.md §2.6 and §4).

import { readOidcAdminGroups } from '../oidc-admin-groups.js';
import { active, boolean, example, list, structured, text } from '../option.js';

export const identityOptions = {
  oidcIssuers: list({
    name: 'OIDC_ISSUERS',
    unit: 'URLs',
    default: [],
    help: 'Issuers whose tokens are accepted, written exactly as the iss claim has them.',
    shipped: active('https://aai.egi.eu/auth/realms/egi'),
  }),
  oidcAudience: text({
    name: 'OIDC_AUDIENCE',
    default: '',
    help: 'Audience that a token must be meant for. Empty: not checked.',
  }),
  oidcClientId: text({
    name: 'OIDC_CLIENT_ID',
    default: '',
    help: 'Client id of this service at the issuer; with its secret and exactly one issuer tokens are introspected.',
  }),
  oidcClientSecret: text({
    name: 'OIDC_CLIENT_SECRET',
    default: '',
    isSecret: true,
    help: 'Secret of OIDC_CLIENT_ID.',
  }),
  oidcScopes: list({
    name: 'OIDC_SCOPES',
    default: [],
    help: 'Scopes that a token must have, all of them. Empty: not checked.',
  }),
  oidcGroups: list({
    name: 'OIDC_GROUPS',
    default: [],
    help: 'Groups to which a user must belong, all of them. Empty: not checked.',
  }),
  oidcGroupsClaim: text({
    name: 'OIDC_GROUPS_CLAIM',
    default: 'groups',
    emptyMeansDefault: true,
    help: 'Claim that lists the groups of a user.',
  }),
  oidcAdminGroups: structured({
    name: 'OIDC_ADMIN_GROUPS',
    type: 'JSON',
    must: 'a JSON array of {"issuer": "...", "group": "..."} objects',
    default: [],
    read: readOidcAdminGroups,
    format: (groups) => (groups.length === 0 ? '' : JSON.stringify(groups)),
    help: 'Groups whose members are administrators: a JSON array of objects with issuer and group.',
    shipped: example('[{"issuer": "https://idp.example.org/", "group": "im-admins"}]'),
  }),
  oidcLocalVerification: boolean({
    name: 'OIDC_LOCAL_VERIFICATION',
    default: false,
    help:
      'Checks the signature of tokens with the published keys of their issuer instead of asking the issuer about each ' +
      'token. Tokens that the issuer revokes then stay good until they expire; set OIDC_AUDIENCE too, or tokens for any ' +
      'other service of the issuer are good here.',
  }),
  forceOidcAuth: boolean({
    name: 'FORCE_OIDC_AUTH',
    default: false,
    help: 'Refuses user names with passwords; only tokens are accepted.',
  }),
  vaultUrl: text({
    name: 'VAULT_URL',
    unit: 'URL',
    default: '',
    help: 'HashiCorp Vault from which the cloud credentials of a user with a Bearer token are read. Empty: none.',
    shipped: example('https://vault.example.org:8200'),
  }),
  vaultPath: text({
    name: 'VAULT_PATH',
    default: '',
    help:
      'Path of the secret in Vault; #USER_SUB# stands for the subject of the token. With a final slash it is the mount ' +
      'point instead.',
    shipped: example('#USER_SUB#'),
  }),
  vaultMountPoint: text({
    name: 'VAULT_MOUNT_POINT',
    default: '',
    help: 'Mount point of the secrets engine. Empty: credentials/.',
  }),
  vaultRole: text({ name: 'VAULT_ROLE', default: '', help: 'Role for entering Vault. Empty: its default role.' }),
  singleSite: boolean({
    name: 'SINGLE_SITE',
    default: false,
    help:
      'Serves one cloud only: its credential is made from the Basic or Bearer header of the request, and images are ' +
      'taken from it whatever the document names.',
  }),
  singleSiteType: text({
    name: 'SINGLE_SITE_TYPE',
    default: '',
    help: 'Cloud type of the single site.',
    shipped: example('OpenNebula'),
  }),
  singleSiteAuthHost: text({
    name: 'SINGLE_SITE_AUTH_HOST',
    unit: 'URL',
    default: '',
    help: 'Host of the single site.',
    shipped: example('http://server.com:2633'),
  }),
  singleSiteImageUrlPrefix: text({
    name: 'SINGLE_SITE_IMAGE_URL_PREFIX',
    unit: 'URL',
    default: '',
    help: 'Prefix of the image URLs of the single site.',
    shipped: example('one://server.com/'),
  }),
};
