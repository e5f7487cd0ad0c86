// SPDX-License-Identifier: Apache-2.0
// Seals every sealed value of a SQL database anew, in batches inside one transaction: all of them or none.
import { ImError } from '../../domain/index.js';
import { OWNER_HASH_SETTING, openOwnerHash } from '../rows/owner-hash.js';
import { type SqlValue, textOf } from '../rows/row.js';
import {
  keyValue,
  OWNER_KEY_CONTEXT,
  resealedColumns,
  SEALED_TABLES,
  type SealedTable,
} from '../rows/sealed-columns.js';
import type { Sealer } from '../sealing.js';
import type { SqlSession } from './database.js';
import { placesFor, updateRows } from './statements.js';

const BATCH = 200;

/**
 * Opens every value with one sealer and seals it with the other.
 * @returns number of values; 0 when all of it is sealed with the new key already
 * @throws ImError `store-unavailable` when the old key is not the right one
 */
export async function reseal(session: SqlSession, from: Sealer, to: Sealer): Promise<number> {
  const row = await session.first('SELECT content FROM store_settings WHERE name = ?', [OWNER_HASH_SETTING]);
  if (row === undefined) {
    throw new ImError('store-unavailable', 'The database holds nothing sealed yet: start the daemon once.');
  }
  const sealedKey = textOf(row, 'content');
  if (isSealedWith(sealedKey, to)) {
    return 0;
  }
  let count = 1;
  await updateRows(
    session,
    'store_settings',
    { content: to.seal(from.open(sealedKey, OWNER_KEY_CONTEXT), OWNER_KEY_CONTEXT) },
    { name: OWNER_HASH_SETTING },
  );
  for (const table of SEALED_TABLES) {
    count += await resealTable(session, table, from, to);
  }
  return count;
}

function isSealedWith(sealed: string, sealer: Sealer): boolean {
  try {
    openOwnerHash(sealed, sealer);
    return true;
  } catch (error) {
    if (error instanceof ImError && error.code === 'store-unavailable') {
      return false;
    }
    throw error;
  }
}

async function resealTable(session: SqlSession, table: SealedTable, from: Sealer, to: Sealer): Promise<number> {
  const { name, key, columns } = table;
  const selected = [...key, ...columns].join(', ');
  let count = 0;
  let last: readonly SqlValue[] | undefined;
  for (;;) {
    const rows = await session.all(
      `SELECT ${selected} FROM ${name} ${last === undefined ? '' : `WHERE (${key.join(', ')}) > (${placesFor(last)})`}
        ORDER BY ${key.join(', ')} LIMIT ${BATCH}`,
      last,
    );
    for (const row of rows) {
      const { changed, values } = resealedColumns(table, row, from, to);
      await updateRows(
        session,
        name,
        changed,
        Object.fromEntries(key.map((column) => [column, keyValue(row, column)])),
      );
      count += values;
    }
    const final = rows.at(-1);
    if (final === undefined || rows.length < BATCH) {
      return count;
    }
    last = key.map((column) => keyValue(final, column));
  }
}
