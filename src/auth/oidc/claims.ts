// SPDX-License-Identifier: Apache-2.0
// What claims say, in all the shapes in which issuers write it: audience, scopes, groups, names, times.
import type { TokenClaims } from '../token.js';

/** A claim that is a text with something in it. */
export function textClaim(claims: TokenClaims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const texts = (values: readonly unknown[]): readonly string[] =>
  values.filter((value): value is string => typeof value === 'string');

/** `aud` as a text, a list in one text with commas, or an array (RFC 7519 allows the first and the last). */
export function audiencesOf(claims: TokenClaims): readonly string[] {
  const { aud } = claims;
  if (Array.isArray(aud)) return texts(aud);
  return typeof aud === 'string' ? [aud, ...aud.split(',').map((piece) => piece.trim())] : [];
}

/** The text of `scope`; some issuers write an array. Undefined: the claims name no scope. */
export function scopeText(claims: TokenClaims): string | undefined {
  const { scope } = claims;
  if (Array.isArray(scope)) return texts(scope).join(' ');
  return typeof scope === 'string' && scope.trim() !== '' ? scope.trim() : undefined;
}

/** The groups in the given claim; undefined when the claims say nothing about groups. */
export function groupsOf(claims: TokenClaims, claim: string): readonly string[] | undefined {
  const value = claims[claim];
  if (Array.isArray(value)) return texts(value);
  return typeof value === 'string' ? [value] : undefined;
}

/** End of the validity in milliseconds since 1970; undefined when the claims name none. */
export function expiryMsOf(claims: TokenClaims): number | undefined {
  const { exp } = claims;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
}

const LONGEST_NAME = 256;

/** The name by which people call the user, as one bounded line: it goes to logs, tags and lists (auth.md §8.2, step 7). */
export function shownName(claims: TokenClaims, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const name = textClaim(claims, key)
      ?.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .slice(0, LONGEST_NAME);
    if (name) return name;
  }
  return undefined;
}
