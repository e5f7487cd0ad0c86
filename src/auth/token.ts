// SPDX-License-Identifier: Apache-2.0
// Access tokens as far as they can be judged without asking their issuer: claims, expiry, accepted issuers (auth.md §8.2, steps 1-3).
import { badRequest, ImError } from '../domain/index.js';

/** Claims of a token, unchecked. */
export type TokenClaims = Readonly<Record<string, unknown>>;

// Nothing legal is near this size.
const MAX_TOKEN_LENGTH = 128 * 1024;

/** A token that does not open the door. @param reason a sentence with its full stop */
export const refused = (reason: string, cause?: unknown): ImError =>
  new ImError('invalid-credentials', `Invalid InfrastructureManager credentials. ${reason}`, { cause });

const undecodable = (reason: string): ImError => badRequest(`Error trying to decode OIDC auth token: ${reason}`);

/**
 * Claims of a JSON Web Token. The signature is not looked at: the issuer is asked about the token afterwards.
 * @throws ImError `bad-request` when it is no such token; the text never quotes it.
 */
export function decodeToken(token: string): TokenClaims {
  checkTokenText(token);
  const payload = token.split('.')[1];
  if (payload === undefined) {
    throw undecodable('it is not a JSON Web Token (three parts separated by dots).');
  }
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    throw undecodable('its second part is not JSON.');
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw undecodable('its second part is not a JSON object.');
  }
  return { ...claims };
}

/**
 * A token travels on in headers, so it must be one word of plain characters (RFC 6750 §2.1).
 * @throws ImError `bad-request`
 */
export function checkTokenText(token: string): void {
  if (token.length > MAX_TOKEN_LENGTH) throw undecodable(`it is longer than ${MAX_TOKEN_LENGTH} characters.`);
  if (!/^[\x21-\x7e]+$/.test(token)) throw undecodable('it is empty or holds characters that no token has.');
}

/** Whether the token has the outer form of a JSON Web Token; others are opaque to everybody but their issuer. */
export function isJsonWebToken(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/**
 * @param nowMs milliseconds since 1970
 * @throws ImError `invalid-credentials` when the token has expired or says nothing about it
 */
export function checkExpiry(claims: TokenClaims, nowMs: number): void {
  const expiry = claims.exp;
  if (typeof expiry !== 'number' || !Number.isFinite(expiry)) throw refused('OIDC auth Error getting token info.');
  if (expiry * 1000 < nowMs) throw refused('OIDC auth Token expired.');
}

/**
 * The issuer of a token, which must be one of the accepted ones, letter by letter.
 * @throws ImError `invalid-credentials` for another one, `bad-request` when the token names none
 */
export function acceptedIssuer(claims: TokenClaims, issuers: readonly string[]): string {
  const issuer = claims.iss;
  if (typeof issuer !== 'string') throw badRequest("The OIDC auth token has no claim 'iss'.");
  if (!issuers.includes(issuer)) throw refused('Issuer not accepted.');
  return issuer;
}
