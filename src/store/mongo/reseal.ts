// SPDX-License-Identifier: Apache-2.0
// Seals every sealed value of a MongoDB database anew. Without transactions it can be interrupted in the middle: each value is then sealed
// with one of the two keys, a mark keeps daemons from starting, and running it again finishes it.
import type { Db } from 'mongodb';
import { ImError } from '../../domain/index.js';
import { OWNER_HASH_SETTING, openOwnerHash } from '../rows/owner-hash.js';
import { textOf } from '../rows/row.js';
import { OWNER_KEY_CONTEXT, resealedColumns, SEALED_TABLES, type SealedTable } from '../rows/sealed-columns.js';
import type { Sealer } from '../sealing.js';
import { documentsOf, SETTINGS } from './collections.js';
import { insertUnlessThere } from './insert-unless-there.js';

const MARK = 'key_rotation';
/** Documents that are read and written together. */
const BATCH = 25;

/** @throws ImError `store-unavailable` while the values have two keys */
export async function requireOneKey(db: Db, place: string): Promise<void> {
  if ((await documentsOf(db, SETTINGS).findOne({ _id: MARK })) !== null) {
    throw new ImError(
      'store-unavailable',
      `A change of the key of the database ${place} was interrupted: run im-admin rotate-key again, then start the daemons.`,
    );
  }
}

/**
 * Opens every value with one sealer and seals it with the other.
 * @param seals does a sealed text carry the name of the new key?
 * @returns number of values; 0 when all of it is sealed with the new key already
 * @throws ImError `store-unavailable` when the old key is not the right one
 */
export async function resealMongo(
  db: Db,
  from: Sealer,
  to: Sealer,
  isNew: (sealed: string) => boolean,
): Promise<number> {
  const settings = documentsOf(db, SETTINGS);
  const row = await settings.findOne({ _id: OWNER_HASH_SETTING });
  if (row === null) {
    throw new ImError('store-unavailable', 'The database holds nothing sealed yet: start the daemon once.');
  }
  const sealedKey = textOf(row, 'content');
  let count = 0;
  if (!isNew(sealedKey)) {
    // Before anything is touched: fails when the old key is not the one of this database.
    openOwnerHash(sealedKey, from);
    await insertUnlessThere(settings, MARK, { content: 'under way' });
    for (const table of SEALED_TABLES) {
      count += await resealCollection(db, table, from, to, isNew);
    }
    // Last, since it says that all others are done.
    const content = to.seal(from.open(sealedKey, OWNER_KEY_CONTEXT), OWNER_KEY_CONTEXT);
    await settings.updateOne({ _id: OWNER_HASH_SETTING }, { $set: { content } });
    count += 1;
  }
  await settings.deleteOne({ _id: MARK });
  return count;
}

async function resealCollection(
  db: Db,
  table: SealedTable,
  from: Sealer,
  to: Sealer,
  isNew: (sealed: string) => boolean,
): Promise<number> {
  const collection = documentsOf(db, table.name);
  let count = 0;
  let last = '';
  for (;;) {
    const documents = await collection
      .find({ _id: { $gt: last } })
      .sort({ _id: 1 })
      .limit(BATCH)
      .toArray();
    const updates = documents.flatMap((document) => {
      const { changed, values } = resealedColumns(table, { ...document, id: document._id }, from, to, isNew);
      count += values;
      return values === 0 ? [] : [{ updateOne: { filter: { _id: document._id }, update: { $set: { ...changed } } } }];
    });
    if (updates.length > 0) {
      await collection.bulkWrite(updates, { ordered: true });
    }
    const final = documents.at(-1);
    if (final === undefined || documents.length < BATCH) {
      return count;
    }
    last = final._id;
  }
}
