// SPDX-License-Identifier: Apache-2.0
// The collection of grycap/im in the same database: its infrastructures are taken over once, at the first start (persistence.md §2, §6).
import type { Logger } from '../../util/logger.js';
import { logReferenceReport } from '../reference/report.js';
import { type ReferenceTarget, takeOver } from '../reference/take-over.js';
import { documentsOf, SETTINGS } from './collections.js';
import { insertUnlessThere } from './insert-unless-there.js';
import type { MongoConnection } from './mongo-connection.js';

const COLLECTION = 'inf_list';
const SETTING = 'reference_take_over';

/** Takes over what is in the collection, one infrastructure after the other; a run that was interrupted goes on. */
export async function takeOverCollection(
  connection: MongoConnection,
  write: ReferenceTarget['write'],
  now: () => number,
  logger: Logger,
): Promise<void> {
  const isDue = await connection.read(
    async (db) =>
      (await db.listCollections({ name: COLLECTION }, { nameOnly: true }).toArray()).length > 0 &&
      (await documentsOf(db, SETTINGS).findOne({ _id: SETTING })) === null,
  );
  if (!isDue) {
    return;
  }
  const report = await takeOver(
    {
      listIds: () =>
        connection.read(async (db) =>
          (
            await db
              .collection(COLLECTION)
              .find({}, { projection: { id: 1 } })
              .sort({ id: 1 })
              .toArray()
          ).flatMap(({ id }) => (typeof id === 'string' ? [id] : [])),
        ),
      read: (wanted) =>
        connection.read(async (db) => {
          const row = await db.collection(COLLECTION).findOne({ id: wanted });
          return row === null
            ? undefined
            : { id: row.id, deleted: row.deleted, date: row.date, data: row.data, auth: row.auth };
        }),
    },
    {
      isPresent: (id) =>
        connection.read(
          async (db) =>
            (await documentsOf(db, 'infrastructures').findOne({ _id: id }, { projection: { _id: 1 } })) !== null,
        ),
      write,
    },
    // Another starter that takes over the same ones makes single ones fail, and nothing else.
    (error) => connection.failures.failureKind(error) !== 'write',
  );
  await connection.read((db) =>
    insertUnlessThere(documentsOf(db, SETTINGS), SETTING, { content: JSON.stringify({ ...report, at: now() }) }),
  );
  logReferenceReport(report, connection.place, logger);
}
