// SPDX-License-Identifier: Apache-2.0
// Whom a token belongs to, step by step in the order of auth.md §8.2: decode, expiry, confirmation, requirements, name.
import type { OidcAdminGroup } from '../../config/oidc-admin-groups.js';
import { errorText, ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import {
  acceptedIssuer,
  checkExpiry,
  checkTokenText,
  decodeToken,
  isJsonWebToken,
  refused,
  type TokenClaims,
} from '../token.js';
import { OIDC_USER_PREFIX, type TokenIdentity, type TokenVerifier } from '../token-verifier.js';
import { expiryMsOf, groupsOf, shownName, textClaim } from './claims.js';
import type { IssuerFetch } from './issuer-fetch.js';
import { createIssuers } from './issuers.js';
import { rememberSuccesses } from './remembered.js';
import { checkAudience, checkGroups, checkScopes, isInAdminGroup } from './requirements.js';

/** The OIDC_* options; a part of the configuration. */
export interface OidcConfig {
  readonly oidcIssuers: readonly string[];
  readonly oidcAudience: string;
  readonly oidcClientId: string;
  readonly oidcClientSecret: string;
  readonly oidcScopes: readonly string[];
  readonly oidcGroups: readonly string[];
  readonly oidcGroupsClaim: string;
  readonly oidcAdminGroups: readonly OidcAdminGroup[];
  readonly oidcLocalVerification: boolean;
}

/** What the verifier needs from outside. */
export interface OidcVerifierOptions {
  readonly config: OidcConfig;
  readonly fetch: IssuerFetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** How long the issuer is not asked again about a token that it confirmed (spec/README.md). */
const CONFIRMATION_MAX_AGE_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/** A token that its issuer (or its signature) confirms. */
interface Confirmed {
  readonly issuer: string;
  /** Of the token, or of the introspection answer, which replaces them. */
  readonly claims: TokenClaims;
  /** Answer of userinfo, where it was asked for the confirmation. */
  readonly userinfo?: TokenClaims;
}

/** A user, without the token. */
interface OidcUser {
  readonly username: string;
  /** Issuer and subject: the identity. */
  readonly password: string;
  readonly subject: string;
  readonly isAdmin: boolean;
  readonly expiresAtMs: number | undefined;
}

/** Makes the verifier. Nothing is asked before the first token comes. */
export function createOidcVerifier(options: OidcVerifierOptions): TokenVerifier {
  const { config, logger, now } = options;
  const { oidcClientId: id, oidcClientSecret: secret } = config;
  const hasClient = id !== '' && secret !== '';
  const issuers = createIssuers({ ...options, ...(hasClient && { client: { id, secret } }) });
  const [onlyIssuer, ...otherIssuers] = config.oidcIssuers;
  const introspecting = hasClient && otherIssuers.length === 0 ? onlyIssuer : undefined;

  /** Step 3, in the way that the configuration asks for. */
  const confirm = async (token: string, claims: TokenClaims | undefined): Promise<Confirmed> => {
    if (config.oidcLocalVerification && claims) {
      const issuer = acceptedIssuer(claims, config.oidcIssuers);
      return { issuer, claims: await issuers.ask(issuer, ({ verifySignature }) => verifySignature(token, now())) };
    }
    if (introspecting !== undefined) {
      const answer = await issuers.ask(introspecting, (asked) => asked.introspect(token));
      // The answer need not name the issuer (RFC 7662); then it is the one that was asked.
      const issuer = acceptedIssuer({ iss: introspecting, ...answer }, config.oidcIssuers);
      const expiresAtMs = expiryMsOf(answer);
      if (expiresAtMs !== undefined && expiresAtMs < now()) throw refused('OIDC auth Token expired.');
      return { issuer, claims: claims?.exp === undefined ? answer : { exp: claims.exp, ...answer } };
    }
    const decoded = claims ?? decodeToken(token);
    const issuer = acceptedIssuer(decoded, config.oidcIssuers);
    const userinfo = await issuers.ask(issuer, (asked) => asked.userinfo(token, textClaim(decoded, 'sub')));
    return { issuer, claims: decoded, userinfo };
  };

  const check = async (token: string): Promise<OidcUser> => {
    checkTokenText(token);
    // Only introspection can say something about a token that is no JSON Web Token.
    const decoded = introspecting === undefined || isJsonWebToken(token) ? decodeToken(token) : undefined;
    if (decoded) checkExpiry(decoded, now());
    const { issuer, claims, userinfo } = await confirm(token, decoded);
    checkAudience(claims, config.oidcAudience);
    checkScopes(claims, config.oidcScopes);

    const askUserinfo = async (): Promise<TokenClaims | undefined> =>
      issuers.ask(issuer, async (asked) =>
        asked.hasUserinfo ? asked.userinfo(token, textClaim(claims, 'sub')) : undefined,
      );
    const profile = lazyProfile(userinfo, askUserinfo, issuer, logger);

    const groups = async (isNeeded: boolean): Promise<readonly string[]> =>
      groupsOf(claims, config.oidcGroupsClaim) ??
      groupsOf((await profile(isNeeded)) ?? {}, config.oidcGroupsClaim) ??
      [];
    if (config.oidcGroups.length > 0) checkGroups(await groups(true), config.oidcGroups);
    const isAdmin =
      config.oidcAdminGroups.length > 0 && isInAdminGroup(issuer, await groups(false), config.oidcAdminGroups);

    // Claims that a signature proves spare the question, if they say it all.
    const isNamed = config.oidcLocalVerification && shownName(claims, ['preferred_username', 'name']) !== undefined;
    const person = isNamed ? claims : await profile(false);
    const subject = textClaim(claims, 'sub') ?? textClaim(person ?? {}, 'sub');
    if (subject === undefined) throw refused("The OIDC auth token has no claim 'sub'.");
    const name =
      shownName(person ?? {}, ['preferred_username', 'name', 'sub']) ?? shownName(claims, ['username']) ?? subject;
    return {
      username: `${OIDC_USER_PREFIX}${name}`,
      password: `${issuer.replace(/\/?$/, '/')}${subject}`,
      subject,
      isAdmin,
      expiresAtMs: expiryMsOf(claims),
    };
  };

  const remembered = rememberSuccesses(check, {
    now,
    maxAgeMs: CONFIRMATION_MAX_AGE_MS,
    maxEntries: MOST_REMEMBERED,
  });

  return {
    verify: async (token): Promise<TokenIdentity> => {
      const { username, password, subject, isAdmin } = await remembered(token);
      return { owner: { username, password, token }, isAdmin, subject };
    },
  };
}

/**
 * Asks userinfo at most once, and only when somebody wants to know.
 * @returns a function; its parameter says whether a failure counts, or is only logged
 */
function lazyProfile(
  known: TokenClaims | undefined,
  ask: () => Promise<TokenClaims | undefined>,
  issuer: string,
  logger: Logger,
): (isNeeded: boolean) => Promise<TokenClaims | undefined> {
  let asked: Promise<TokenClaims | undefined> | undefined = known && Promise.resolve(known);
  return async (isNeeded) => {
    asked ??= ask();
    try {
      return await asked;
    } catch (error) {
      if (isNeeded || !(error instanceof ImError)) throw error;
      logger.info(`The user information of a token of ${issuer} could not be read: ${errorText(error)}`);
      return undefined;
    }
  };
}
