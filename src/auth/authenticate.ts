// SPDX-License-Identifier: Apache-2.0
// Who makes a call: the check of its InfrastructureManager items, with the texts of auth.md §8.
import {
  type AuthItem,
  type Caller,
  ImError,
  isCallHomeToken,
  isInfrastructureToken,
  NODE_USER_PREFIX,
  nodeUserName,
  type Owner,
} from '../domain/index.js';
import type { Logger } from '../util/logger.js';
import { cloudsOf } from './clouds.js';
import { IM_TYPE, NO_IM_CREDENTIALS } from './item.js';
import { equalSecrets } from './secret-compare.js';
import { acceptedIssuer, checkExpiry, decodeToken } from './token.js';
import {
  type InfrastructureTokens,
  OIDC_USER_PREFIX,
  type TokenIdentity,
  type TokenVerifier,
} from './token-verifier.js';
import { createUserDb, type UserFileAccess } from './user-db.js';

/** The options that decide who may enter; a part of the configuration. */
export interface AuthConfig {
  readonly userDb: string;
  readonly adminUsers: readonly { readonly username: string; readonly password?: string; readonly token?: string }[];
  readonly forceOidcAuth: boolean;
  readonly oidcIssuers: readonly string[];
}

/** What an expansion knows about the call. */
export interface ExpansionContext {
  /** The subject of an accepted token; undefined for tokens that nobody checked. */
  readonly subjectOf: (token: string) => string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Replaces items that only say where credentials are by those credentials. Called when all InfrastructureManager items are accepted.
 * @throws ImError `provider` when a place that the call names cannot be read; the signal's reason when it aborts
 */
export type ItemExpansion = (items: readonly AuthItem[], context: ExpansionContext) => Promise<readonly AuthItem[]>;

/** What the check needs from outside. */
export interface AuthenticatorOptions extends UserFileAccess {
  readonly config: AuthConfig;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Absent: tokens of accepted issuers are refused with a text that says so. */
  readonly tokens?: TokenVerifier;
  /** Absent: tokens of infrastructures are refused. */
  readonly infrastructureTokens?: InfrastructureTokens;
  /** Says which of the items count at all; absent: all of them. */
  readonly keep?: (items: readonly AuthItem[]) => readonly AuthItem[];
  /** Absent: items stay as they are. */
  readonly expand?: ItemExpansion;
}

/** Turns the items of a call into its caller. */
export interface Authenticator {
  /**
   * Checks every InfrastructureManager item; one bad item fails the call.
   * @throws ImError `invalid-credentials`; `bad-request` for a token that cannot be read; `provider` when an issuer or a Vault does
   * not answer; the signal's reason when it aborts
   */
  authenticate(items: readonly AuthItem[], signal?: AbortSignal): Promise<Caller>;
  /** Reads USER_DB again at the next check. */
  reload(): void;
}

const invalid = (message: string, reason: 'missing' | 'wrong'): ImError =>
  new ImError('invalid-credentials', message, { details: { reason } });

const WRONG = 'Invalid InfrastructureManager credentials';

/** Makes the one authenticator of the daemon. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { config, logger } = options;
  const users = createUserDb({ ...options, path: config.userDb });

  const checkNode = async (token: string): Promise<CheckedItem> => {
    const node = await options.infrastructureTokens?.(token);
    if (node === undefined) throw invalid(WRONG, 'wrong');
    const { infrastructureId, owner } = node;
    // No issuer is called like this, so that the identity is nobody's.
    const password = `infrastructure\0${infrastructureId}`;
    return {
      owner: { username: nodeUserName(owner), password, token },
      isAdmin: false,
      onlyInfrastructure: infrastructureId,
    };
  };

  const checkToken = async (token: string): Promise<CheckedItem> => {
    if (isInfrastructureToken(token)) return checkNode(token);
    // They open one machine's command, which looks at them itself.
    if (isCallHomeToken(token)) throw invalid(WRONG, 'wrong');
    if (options.tokens) {
      const identity = await options.tokens.verify(token);
      return { ...identity, isAdmin: identity.isAdmin || isAdministrator(identity.owner, config.adminUsers) };
    }
    const claims = decodeToken(token);
    checkExpiry(claims, options.now());
    throw invalid(`${WRONG}. Tokens of ${acceptedIssuer(claims, config.oidcIssuers)} are not checked here.`, 'wrong');
  };

  const checkPassword = async (username: string, password: string | undefined): Promise<TokenIdentity> => {
    if (username.startsWith(OIDC_USER_PREFIX) || username.startsWith(NODE_USER_PREFIX)) {
      throw invalid('Invalid username used for the InfrastructureManager.', 'wrong');
    }
    if (!(await users.accepts(username, password))) throw invalid(WRONG, 'wrong');
    const owner: Owner = password === undefined ? { username } : { username, password };
    return { owner, isAdmin: isAdministrator(owner, config.adminUsers) };
  };

  const checkItem = async (item: AuthItem): Promise<CheckedItem> => {
    const { token, username, password } = item;
    if (config.forceOidcAuth && token === undefined) {
      throw invalid('No token provided for the InfrastructureManager.', 'missing');
    }
    if (token !== undefined) return checkToken(token);
    if (username === undefined) throw invalid('No username nor token for the InfrastructureManager.', 'missing');
    return checkPassword(username, password);
  };

  return {
    authenticate: async (sent, signal) => {
      const items = options.keep?.(sent) ?? sent;
      const identities: CheckedItem[] = [];
      for (const item of items) {
        signal?.throwIfAborted();
        if (item.type === IM_TYPE) identities.push(await checkItem(item));
      }
      const [first, ...others] = identities;
      if (first === undefined) throw invalid(NO_IM_CREDENTIALS, 'missing');
      const limit = onlyInfrastructureOf(identities);
      const subjectOf = (token: string): string | undefined =>
        identities.find((identity) => identity.owner.token === token)?.subject;
      const expanded = (await options.expand?.(items, { subjectOf, signal })) ?? items;
      return {
        owners: [first.owner, ...others.map((identity) => identity.owner)],
        isAdmin: limit === undefined && identities.some((identity) => identity.isAdmin),
        ...(limit !== undefined && { onlyInfrastructure: limit }),
        items: expanded,
        clouds: usableClouds(expanded, logger),
      };
    },
    reload: users.reload,
  };
}

/** Who an item names. */
interface CheckedItem extends TokenIdentity {
  /** Present for the token of an infrastructure. */
  readonly onlyInfrastructure?: string;
}

/** What comes with the token of an infrastructure may do no more than the token, whoever else is named beside it. */
function onlyInfrastructureOf(identities: readonly CheckedItem[]): string | undefined {
  const [first, ...others] = new Set(identities.flatMap(({ onlyInfrastructure }) => onlyInfrastructure ?? []));
  if (others.length > 0) throw invalid(`${WRONG}. There are tokens of several infrastructures.`, 'wrong');
  return first;
}

/** Username and password of an administrator; the flag is worked out anew at each call (auth.md §11). */
function isAdministrator(owner: Owner, administrators: AuthConfig['adminUsers']): boolean {
  return administrators.some(
    (administrator) =>
      equalSecrets(administrator.username, owner.username) &&
      (administrator.password === undefined) === (owner.password === undefined) &&
      equalSecrets(administrator.password ?? '', owner.password ?? ''),
  );
}

// A Vault item only says where credentials are kept; it must not count as a cloud, or it would break every creation (auth.md §9).
function usableClouds(items: readonly AuthItem[], logger: Logger): Caller['clouds'] {
  return cloudsOf(items).filter((cloud) => {
    if (cloud.type !== 'Vault') return true;
    logger.warn(
      `The credentials of Vault item ${cloud.id} are not read: this daemon does not take credentials from Vault.`,
    );
    return false;
  });
}
