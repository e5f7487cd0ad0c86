// SPDX-License-Identifier: Apache-2.0
// How a machine calls home in place of its owner and of its master (spec/README.md): tokens, made, kept as hashes, used up; and the
// key of its own for the tunnel.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isJsonObject, type JsonObject } from './json.js';

/** Begins every token, so that none is taken for one of an identity provider. */
const PREFIX = 'im-call-home.';
const RANDOM_CHARACTERS = 43;
/** Key of a VM's free map. */
export const CALL_HOME_KEY = 'callHome';
/** Tokens of a VM that are good at the same time; a new one drops the oldest. */
const MAX_TOKENS = 4;

/** Is this text such a token (good or not)? */
export const isCallHomeToken = (text: string): boolean => text.startsWith(PREFIX);

/** A new token. @param randomText makes that many cryptographically random letters and digits */
export const newCallHomeToken = (randomText: (length: number) => string): string =>
  PREFIX + randomText(RANDOM_CHARACTERS);

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

function partOf(extra: JsonObject): JsonObject {
  const kept = extra[CALL_HOME_KEY];
  return isJsonObject(kept) ? kept : {};
}

function hashesIn(extra: JsonObject): readonly string[] {
  const hashes = partOf(extra).tokens;
  return Array.isArray(hashes) ? hashes.filter((hash) => typeof hash === 'string') : [];
}

const withHashes = (extra: JsonObject, tokens: readonly string[]): JsonObject => ({
  ...extra,
  [CALL_HOME_KEY]: { ...partOf(extra), tokens },
});

/** The VM's free map without any token or key. */
export function withoutCallHome(extra: JsonObject): JsonObject {
  const { [CALL_HOME_KEY]: _tokens, ...rest } = extra;
  return rest;
}

/** The VM's free map in which the token is good. The token itself is not kept. */
export function withCallHomeToken(extra: JsonObject, token: string): JsonObject {
  return withHashes(extra, [...hashesIn(extra), hashOf(token)].slice(-MAX_TOKENS));
}

/** Is the token good for the VM with this free map? */
export function hasCallHomeToken(extra: JsonObject, token: string): boolean {
  const wanted = Buffer.from(hashOf(token));
  return hashesIn(extra).some((hash) => hash.length === wanted.length && timingSafeEqual(Buffer.from(hash), wanted));
}

/** The VM's free map without the token, which is used up. */
export function withoutCallHomeToken(extra: JsonObject, token: string): JsonObject {
  const used = hashOf(token);
  return withHashes(
    extra,
    hashesIn(extra).filter((hash) => hash !== used),
  );
}

/** Private key with which the VM opens its tunnel, and nothing else; undefined when it never asked for one. */
export function tunnelKeyOf(extra: JsonObject): string | undefined {
  const { tunnelKey } = partOf(extra);
  return typeof tunnelKey === 'string' ? tunnelKey : undefined;
}

/** The VM's free map with the key of its tunnel. */
export function withTunnelKey(extra: JsonObject, privateKey: string): JsonObject {
  return { ...extra, [CALL_HOME_KEY]: { ...partOf(extra), tunnelKey: privateKey } };
}
