// SPDX-License-Identifier: Apache-2.0
// Tokens with which the nodes of an infrastructure use the API, and nothing but their own infrastructure (spec/README.md): made again
// from what is kept whenever they are needed, compared by their hash, gone with the infrastructure.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Owner, ownerIdentity } from './credentials.js';
import type { Infrastructure } from './infrastructure.js';
import { isJsonObject, type JsonObject, type JsonValue } from './json.js';

/** Begins every token, so that none is taken for one of an identity provider. It has no `:`, which nodes take for a password. */
const PREFIX = 'im-infrastructure.';
const FORM = /^im-infrastructure\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[\w-]{43}$/;
const NONCE_CHARACTERS = 43;
/** Key of an infrastructure's free map. */
const KEY = 'nodeToken';
/** Releases before this one kept the token itself under this key. */
const OLD_KEY = 'infrastructureToken';

/** Begins the user names of nodes in the journal. Nobody may bring it along. */
export const NODE_USER_PREFIX = '__NODE__';

/** The user name in the journal of what the nodes of somebody's infrastructure do. */
export const nodeUserName = (owner: string): string => NODE_USER_PREFIX + owner;

/** The person behind a user name of the journal. */
export const personBehind = (username: string): string =>
  username.startsWith(NODE_USER_PREFIX) ? username.slice(NODE_USER_PREFIX.length) : username;

/** Is this text such a token (good or not)? */
export const isInfrastructureToken = (text: string): boolean => text.startsWith(PREFIX);

/** The infrastructure that a token names; undefined when the text is no whole token. */
export const infrastructureIdIn = (token: string): string | undefined => FORM.exec(token)?.[1];

/** What is kept of a token: neither it, nor anything from which it could be made without the infrastructure's private key. */
interface KeptToken {
  readonly nonce: string;
  readonly hash: string;
  /** Digests of the owners for whom it was made: it ends when one of them is an owner no more, who may have read it on a node. */
  readonly owners: readonly string[];
}

/** What a token depends on. */
type TokenHolder = Pick<Infrastructure, 'id' | 'owners' | 'extra'>;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

function keptIn(extra: JsonObject): KeptToken | undefined {
  const kept = extra[KEY];
  if (!isJsonObject(kept)) return undefined;
  const { nonce, hash, owners } = kept;
  if (typeof nonce !== 'string' || typeof hash !== 'string' || !Array.isArray(owners)) return undefined;
  return { nonce, hash, owners: owners.map(String) };
}

/** @param privateKey the key with which the daemon enters the nodes, sealed in the store */
function tokenOf(infrastructureId: string, nonce: string, privateKey: string): string {
  const secret = createHmac('sha256', privateKey).update(`${infrastructureId}\0${nonce}`).digest('base64url');
  return `${PREFIX}${infrastructureId}.${secret}`;
}

const digestsOf = (owners: readonly Owner[], nonce: string): readonly string[] =>
  owners.map((owner) => createHmac('sha256', nonce).update(ownerIdentity(owner)).digest('hex'));

function areStillOwners({ owners, nonce }: KeptToken, present: readonly Owner[]): boolean {
  const digests = new Set(digestsOf(present, nonce));
  return owners.every((digest) => digests.has(digest));
}

/** The token of an infrastructure, and its free map if that changes: there was no token, or it is good no more. */
export function infrastructureToken(
  { id, owners, extra }: TokenHolder,
  privateKey: string,
  randomText: (length: number) => string,
): { readonly token: string; readonly changedExtra?: JsonObject } {
  const kept = keptIn(extra);
  if (kept !== undefined && areStillOwners(kept, owners)) {
    const token = tokenOf(id, kept.nonce, privateKey);
    if (hashOf(token) === kept.hash) return { token };
  }
  const nonce = randomText(NONCE_CHARACTERS);
  const token = tokenOf(id, nonce, privateKey);
  const value: JsonValue = { nonce, hash: hashOf(token), owners: digestsOf(owners, nonce) };
  return { token, changedExtra: { ...withoutInfrastructureToken(extra), [KEY]: value } };
}

/** Is the token that of the infrastructure? */
export function hasInfrastructureToken({ owners, extra }: TokenHolder, token: string): boolean {
  const kept = keptIn(extra);
  const wanted = Buffer.from(hashOf(token));
  const known = Buffer.from(kept?.hash ?? '');
  const isEqual = known.length === wanted.length && timingSafeEqual(known, wanted);
  return isEqual && kept !== undefined && areStillOwners(kept, owners);
}

/** The free map without the token: it is good no more, and the next configuration gives the nodes a new one. */
export function withoutInfrastructureToken(extra: JsonObject): JsonObject {
  const { [KEY]: _token, [OLD_KEY]: _old, ...rest } = extra;
  return rest;
}
