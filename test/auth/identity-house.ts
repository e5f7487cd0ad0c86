// SPDX-License-Identifier: Apache-2.0
// Builders for the tests of identity: a configuration, a log that is kept, and a caller that was let in or refused.
import {
  type Authenticator,
  createAuthenticator,
  createIdentity,
  type Identity,
  type IdentityConfig,
  type IdentityOptions,
} from '../../src/auth/index.js';
import { type AuthItem, ImError } from '../../src/domain/index.js';
import { type Logger, silentLogger } from '../../src/util/logger.js';

/** Nothing is configured. */
export const NO_IDENTITY: IdentityConfig = {
  oidcIssuers: [],
  oidcAudience: '',
  oidcClientId: '',
  oidcClientSecret: '',
  oidcScopes: [],
  oidcGroups: [],
  oidcGroupsClaim: 'groups',
  oidcAdminGroups: [],
  oidcLocalVerification: false,
  vaultUrl: '',
  vaultPath: '',
  vaultMountPoint: '',
  vaultRole: '',
  singleSite: false,
  singleSiteType: '',
  singleSiteAuthHost: '',
  singleSiteImageUrlPrefix: '',
  verifySsl: true,
  urlMirrors: [],
};

/** What a test may set besides the configuration. */
interface HouseOptions extends Partial<Omit<IdentityOptions, 'config'>> {
  readonly adminUsers?: readonly { readonly username: string; readonly password?: string }[];
  readonly forceOidcAuth?: boolean;
}

/** An authenticator with everything behind it, and the lines that it logged. */
export function identityHouse(config: Partial<IdentityConfig> = {}, options: HouseOptions = {}) {
  const lines: string[] = [];
  const keep = (message: string, fields?: unknown) => {
    lines.push(`${message} ${JSON.stringify(fields) ?? ''}`);
  };
  const logger: Logger = { ...silentLogger, debug: keep, info: keep, warn: keep, error: keep };
  const { adminUsers = [], forceOidcAuth = false, now = Date.now, ...rest } = options;
  const whole = { ...NO_IDENTITY, ...config };
  const identity: Identity = createIdentity({ config: whole, now, logger, ...rest });
  const nothing = async () => {
    throw new Error('There is no user file.');
  };
  const authenticator: Authenticator = createAuthenticator({
    ...identity,
    config: { userDb: '', adminUsers, forceOidcAuth, oidcIssuers: whole.oidcIssuers },
    now,
    logger,
    readFile: nothing,
    stat: nothing,
  });
  const enter = (token: string) => authenticator.authenticate([{ type: 'InfrastructureManager', token }]);
  return {
    authenticator,
    identity,
    lines,
    enter,
    /** The owner that a token makes. */
    owner: async (token: string) => (await enter(token)).owners[0],
    /** Why a token is refused. */
    refusal: (token: string) => refusalOf(enter(token)),
    /** The call of a header. */
    call: (header: string) => authenticator.authenticate(identity.readHeader(header)),
  };
}

/** The error of a promise that must fail with one of ours. */
export async function refusalOf(promise: Promise<unknown>): Promise<ImError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ImError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

/** An item that names the user. */
export const im = (rest: AuthItem): AuthItem => ({ type: 'InfrastructureManager', ...rest });

/** Everything that an error says, causes included, as a log would have it. */
export function everythingOf(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error, depth = 0; cause !== undefined && depth < 10; depth += 1) {
    if (!(cause instanceof Error)) {
      texts.push(JSON.stringify(cause) ?? '');
      break;
    }
    texts.push(cause.message, cause.stack ?? '', JSON.stringify({ ...cause }));
    cause = cause.cause;
  }
  return texts.join('\n');
}
