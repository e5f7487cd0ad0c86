// SPDX-License-Identifier: Apache-2.0
// The hash by which owners are indexed; its key is made once per database and kept sealed in it, which also proves the sealing key right.
import { createHmac, randomBytes } from 'node:crypto';
import { type Owner, ownerIdentity } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';

/** Where the key is stored: a setting of this name. */
export const OWNER_HASH_SETTING = 'owner_hash_key';
const CONTEXT = 'store_settings/owner_hash_key';

/** Turns an owner's identity into the text that is indexed: nobody can try passwords on it without the sealing key. */
export type OwnerHash = (owner: Owner) => string;

/** A new key, sealed. */
export function newOwnerHashKey(sealer: Sealer): string {
  return sealer.seal(randomBytes(32).toString('base64'), CONTEXT);
}

/**
 * The hash function of a stored key.
 * @throws ImError `store-unavailable` when the database was sealed with another key
 */
export function openOwnerHash(sealed: string, sealer: Sealer): OwnerHash {
  const key = Buffer.from(sealer.open(sealed, CONTEXT), 'base64');
  return (owner) => createHmac('sha256', key).update(ownerIdentity(owner)).digest('hex');
}
