// SPDX-License-Identifier: Apache-2.0
// The check of a token by the published keys of its issuer, without asking the issuer about each token.
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { UnreachableError } from '../bounded-http.js';
import { refused, type TokenClaims } from '../token.js';
import { issuerFailure } from './issuer-failure.js';
import { causeOf, harmlessCause, IssuerAnswerError, type IssuerFetch } from './issuer-fetch.js';

// Only signatures that need a private key: with a shared secret, or none, anybody could write tokens.
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const FETCH_TIMEOUT_MS = 15_000;
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * The claims of a token whose signature, issuer and times are right.
 * @param nowMs milliseconds since 1970
 * @throws ImError `invalid-credentials` for a bad token, `provider` when the keys cannot be had
 */
export type SignatureCheck = (token: string, nowMs: number) => Promise<TokenClaims>;

/** Makes the check. The keys are fetched at first use, kept for minutes, and fetched again (not too often) for an unknown key. */
export function createSignatureCheck(options: {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  readonly fetch: IssuerFetch;
}): SignatureCheck {
  const { issuer, jwksUri, fetch } = options;
  if (jwksUri === undefined || !URL.canParse(jwksUri)) {
    return async () => {
      throw issuerFailure(issuer, new Error('it publishes no keys'));
    };
  }
  const keys = createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: FETCH_TIMEOUT_MS, [customFetch]: fetch });
  return async (token, nowMs) => {
    try {
      const { payload, protectedHeader } = await verifyWithAnyKey(token, keys, {
        issuer,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs),
        requiredClaims: ['exp'],
      });
      checkIsAccessToken(protectedHeader.typ, payload);
      return payload;
    } catch (error) {
      throw asImError(error, issuer, token);
    }
  };
}

async function verifyWithAnyKey(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    // A token may leave open which of the keys signed it.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let failure: unknown = error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (reason) {
        failure = reason;
        if (!(reason instanceof errors.JWSSignatureVerificationFailed)) break;
      }
    }
    throw failure;
  }
}

/** An ID token tells a client who its user is; whoever got hold of one must not enter with it (RFC 9068 §5). */
function checkIsAccessToken(type: string | undefined, claims: TokenClaims): void {
  const kind = type?.toLowerCase().replace(/^application\//, '');
  const isOfOtherKind = kind !== undefined && kind !== 'jwt' && kind !== 'at+jwt';
  if (isOfOtherKind || claims.typ === 'ID' || claims.at_hash !== undefined || claims.events !== undefined) {
    throw refused('The token is no access token.');
  }
}

function asImError(error: unknown, issuer: string, token: string): unknown {
  const cause = harmlessCause(error);
  const isFromIssuer =
    causeOf(error, UnreachableError) ?? causeOf(error, IssuerAnswerError) ?? causeOf(error, errors.JWKSTimeout);
  if (isFromIssuer || error instanceof errors.JWKSInvalid) return issuerFailure(issuer, error, [token]);
  if (error instanceof errors.JWTExpired) return refused('OIDC auth Token expired.', cause);
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case 'iss':
        return refused('Issuer not accepted.', cause);
      case 'nbf':
        return refused('The token is not valid yet.', cause);
      default:
        return refused('OIDC auth Error getting token info.', cause);
    }
  }
  if (error instanceof errors.JOSEError) return refused('The signature of the token is not valid.', cause);
  return error;
}
