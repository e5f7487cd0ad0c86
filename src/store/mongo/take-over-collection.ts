// SPDX-License-Identifier: Apache-2.0
// The collection of grycap/im in the same database: its infrastructures are taken over once, at the first start (persistence.md §2, §6).
import type { Logger } from '../../util/logger.js';
import { failedIds, type KeptReport, logReferenceReport } from '../reference/report.js';
import { collectionSource, hasCollection } from '../reference/sources.js';
import { type ReferenceTarget, takeOver } from '../reference/take-over.js';
import { textOf } from '../rows/row.js';
import { documentsOf, SETTINGS } from './collections.js';
import type { MongoConnection } from './mongo-connection.js';

const SETTING = 'reference_take_over';

/** They share group commits, which cost much on a server without transactions. */
const TOGETHER = 16;

/**
 * Takes over what is in the collection, each infrastructure completely or not at all; a run that was interrupted goes on. What could not be taken
 * over is tried again at each start; nothing else is, so that what was destroyed here does not come back.
 */
export async function takeOverCollection(
  connection: MongoConnection,
  write: ReferenceTarget['write'],
  now: () => number,
  logger: Logger,
): Promise<void> {
  if (!(await connection.read(hasCollection))) {
    return;
  }
  const done = await connection.read((db) => documentsOf(db, SETTINGS).findOne({ _id: SETTING }));
  const only = done === null ? undefined : failedIds(textOf(done, 'content'));
  if (only?.size === 0) {
    return;
  }
  const report = await takeOver(
    collectionSource((work) => connection.read(work)),
    {
      isPresent: (id) =>
        connection.read(
          async (db) =>
            (await documentsOf(db, 'infrastructures').findOne({ _id: id }, { projection: { _id: 1 } })) !== null,
        ),
      write,
    },
    {
      // Another starter that takes over the same ones makes single ones fail, and nothing else.
      isFatal: (error) => connection.failures.failureKind(error) !== 'write',
      ...(only !== undefined && { only }),
      together: TOGETHER,
    },
  );
  const kept: KeptReport = { ...report, at: now() };
  await connection.read((db) =>
    documentsOf(db, SETTINGS).updateOne(
      { _id: SETTING },
      { $set: { content: JSON.stringify(kept) } },
      { upsert: true },
    ),
  );
  logReferenceReport(report, connection.place, logger);
}
