// SPDX-License-Identifier: Apache-2.0
// What the check of the caller knows about tokens: somebody says whose they are.
import type { Owner } from '../domain/index.js';

/** Prefix of the user names of OIDC users; nobody may bring it along. */
export const OIDC_USER_PREFIX = '__OPENID__';

/** Who a token belongs to. */
export interface TokenIdentity {
  readonly owner: Owner;
  /** Member of a group of administrators. */
  readonly isAdmin: boolean;
  /** The subject at the issuer. */
  readonly subject?: string;
}

/**
 * Whose node has this token of an infrastructure (spec/README.md); undefined when it opens nothing (any more).
 * `owner` is the first owner of the infrastructure.
 */
export type InfrastructureTokens = (
  token: string,
) => Promise<{ readonly infrastructureId: string; readonly owner: string } | undefined>;

/** Says whom a token belongs to (auth.md §8.2). */
export interface TokenVerifier {
  /**
   * @throws ImError `invalid-credentials` for a token that is refused, `bad-request` for one that cannot be read, `provider` when
   * the issuer cannot be asked
   */
  verify(token: string): Promise<TokenIdentity>;
}
