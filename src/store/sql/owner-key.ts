// SPDX-License-Identifier: Apache-2.0
// The key of the owner hashes as a row.
import { newOwnerHashKey, OWNER_HASH_SETTING, type OwnerHash, openOwnerHash } from '../rows/owner-hash.js';
import { textOf } from '../rows/row.js';
import type { Sealer } from '../sealing.js';
import type { SqlSession } from './database.js';
import type { Dialect } from './dialect.js';

/** Stores a new key unless there is one, or another starter is faster. */
export async function createOwnerKey(session: SqlSession, sealer: Sealer, dialect: Dialect): Promise<void> {
  if (!(await hasOwnerKey(session))) {
    await session.run(`INSERT INTO store_settings (name, content) VALUES (?, ?)${dialect.ignoreConflict('name')}`, [
      OWNER_HASH_SETTING,
      newOwnerHashKey(sealer),
    ]);
  }
}

/** Does the database hold a key, and with it sealed values? */
export async function hasOwnerKey(session: SqlSession): Promise<boolean> {
  return (await readRow(session)) !== undefined;
}

/**
 * The hash function of a database; undefined when it has none yet.
 * @throws ImError `store-unavailable` when the database was sealed with another key
 */
export async function loadOwnerHash(session: SqlSession, sealer: Sealer): Promise<OwnerHash | undefined> {
  const row = await readRow(session);
  return row && openOwnerHash(textOf(row, 'content'), sealer);
}

function readRow(session: SqlSession) {
  return session.first('SELECT content FROM store_settings WHERE name = ?', [OWNER_HASH_SETTING]);
}
