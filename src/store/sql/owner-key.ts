// SPDX-License-Identifier: Apache-2.0
// The key of the owner hashes: made once per database and kept sealed in it, so that opening it also proves the sealing key right.
import { createHmac, randomBytes } from 'node:crypto';
import { type Owner, ownerIdentity } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { SqlSession } from './database.js';
import type { Dialect } from './dialect.js';
import { textOf } from './row.js';

const NAME = 'owner_hash_key';
const CONTEXT = 'store_settings/owner_hash_key';

/** Turns an owner's identity into the text that is indexed: nobody can try passwords on it without the sealing key. */
export type OwnerHash = (owner: Owner) => string;

/** Stores a new key unless there is one, or another starter is faster. */
export async function createOwnerKey(session: SqlSession, sealer: Sealer, dialect: Dialect): Promise<void> {
  if (!(await hasOwnerKey(session))) {
    const sealed = sealer.seal(randomBytes(32).toString('base64'), CONTEXT);
    await session.run(`INSERT INTO store_settings (name, content) VALUES (?, ?)${dialect.ignoreConflict('name')}`, [
      NAME,
      sealed,
    ]);
  }
}

/** Does the database hold a key, and with it sealed values? */
export async function hasOwnerKey(session: SqlSession): Promise<boolean> {
  return (await readRow(session)) !== undefined;
}

/**
 * The hash function of a database.
 * @throws ImError `store-unavailable` when the database was sealed with another key
 */
export async function loadOwnerHash(session: SqlSession, sealer: Sealer): Promise<OwnerHash | undefined> {
  const row = await readRow(session);
  if (row === undefined) {
    return undefined;
  }
  const key = Buffer.from(sealer.open(textOf(row, 'content'), CONTEXT), 'base64');
  return (owner) => createHmac('sha256', key).update(ownerIdentity(owner)).digest('hex');
}

function readRow(session: SqlSession) {
  return session.first('SELECT content FROM store_settings WHERE name = ?', [NAME]);
}
