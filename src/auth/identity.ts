// SPDX-License-Identifier: Apache-2.0
// Puts together what the configuration says about identity: tokens, Vault, EGI, single site. The daemon hands it to the authenticator.
import type { UrlMirror } from '../config/url-mirrors.js';
import { type AuthItem, isCallHomeToken, isInfrastructureToken } from '../domain/index.js';
import { isMetadataAddress } from '../util/guarded-lookup.js';
import type { Logger } from '../util/logger.js';
import { type HeaderExtras, parseAuthHeader } from './auth-data.js';
import type { AuthenticatorOptions } from './authenticate.js';
import { createBoundedHttp } from './bounded-http.js';
import { createEgiFetcher } from './egi/egi-fetcher.js';
import { createEgiImages, type EgiImages } from './egi/egi-images.js';
import { createEgiService, type EgiFetcher } from './egi/egi-service.js';
import { createEgiExpansion } from './egi/expand-egi.js';
import { createIssuerFetch } from './oidc/issuer-fetch.js';
import { createOidcVerifier, type OidcConfig } from './oidc/verifier.js';
import { basicSiteItem, bearerSiteItem, keepSingleSite, type SingleSiteConfig } from './single-site.js';
import { createVaultExpansion } from './vault/expand-vault.js';
import { bearerVaultItem, type VaultConfig } from './vault/vault-item.js';

const ISSUER_TIMEOUT_MS = 10_000;
const VAULT_TIMEOUT_MS = 5_000;
const EGI_TIMEOUT_MS = 10_000;
/** The list of all images of all sites is long. */
const EGI_MAX_BYTES = 16 * 1024 * 1024;

/** The options of identity; a part of the configuration. */
export interface IdentityConfig extends OidcConfig, VaultConfig, SingleSiteConfig {
  readonly verifySsl: boolean;
  readonly urlMirrors: readonly UrlMirror[];
}

/** What is needed from outside. */
export interface IdentityOptions {
  readonly config: IdentityConfig;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Asks the EGI information service; the web when absent. */
  readonly egiFetcher?: EgiFetcher;
}

/** The parts of the authenticator that depend on these options, and the reader of headers that fits them. */
export interface Identity extends Required<Pick<AuthenticatorOptions, 'tokens' | 'keep' | 'expand'>> {
  /**
   * Reads the value of an Authorization header; Basic and Bearer bring the items that the configuration ties to them.
   * @throws ImError `invalid-credentials` when it is malformed
   */
  readonly readHeader: (header: string) => readonly AuthItem[];
  /** Images of the EGI federation. */
  readonly egiImages: EgiImages;
}

/** Makes the parts. Nothing is asked before the first call needs it. */
export function createIdentity({ config, now, logger, egiFetcher }: IdentityOptions): Identity {
  const { verifySsl } = config;
  const issuerHttp = createBoundedHttp({ verifySsl, timeoutMs: ISSUER_TIMEOUT_MS, needsTls: verifySsl });
  const vaultHttp = { verifySsl, timeoutMs: VAULT_TIMEOUT_MS, needsTls: false };
  const expandVault = createVaultExpansion({
    trusted: createBoundedHttp(vaultHttp),
    guarded: createBoundedHttp({ ...vaultHttp, isForbidden: isMetadataAddress }),
    vaultUrl: config.vaultUrl,
    logger,
  });
  const egiHttp = createBoundedHttp({
    verifySsl: true,
    timeoutMs: EGI_TIMEOUT_MS,
    needsTls: true,
    maxBytes: EGI_MAX_BYTES,
  });
  const fetcher = egiFetcher ?? createEgiFetcher(egiHttp, config.urlMirrors);
  const egi = createEgiService({ fetcher, now, logger });
  const expandEgi = createEgiExpansion(egi, logger);
  const extras = headerExtras(config);

  return {
    tokens: createOidcVerifier({ config, fetch: createIssuerFetch(issuerHttp), now, logger }),
    keep: (items) => (config.singleSite ? keepSingleSite(config, items) : items),
    // Vaults keep EGI items too, so theirs is the second turn.
    expand: async (items, context) => expandEgi(await expandVault(items, context), context),
    readHeader: (header) => parseAuthHeader(header, extras),
    egiImages: createEgiImages(egi),
  };
}

/** Tokens that this service gave to nodes; nobody else knows them, and nobody else may see them. */
const isOurs = (token: string): boolean => isInfrastructureToken(token) || isCallHomeToken(token);

function headerExtras(config: IdentityConfig): HeaderExtras {
  if (config.singleSite) {
    return {
      basic: (username, password) => [basicSiteItem(config, username, password)],
      bearer: (token) => (isOurs(token) ? [] : [bearerSiteItem(config, token)]),
    };
  }
  return {
    bearer: (token) => {
      const item = isOurs(token) ? undefined : bearerVaultItem(config, token);
      return item ? [item] : [];
    },
  };
}
