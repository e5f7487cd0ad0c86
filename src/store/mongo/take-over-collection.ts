// SPDX-License-Identifier: Apache-2.0
// The collection of grycap/im in the same database: its infrastructures are taken over once, at the first start (persistence.md §2, §6).
import type { Db } from 'mongodb';
import type { Logger } from '../../util/logger.js';
import {
  type KeptReport,
  keptFailures,
  logReferenceReport,
  type ReferenceNote,
  TAKE_OVER_SETTING,
} from '../reference/report.js';
import { collectionSource, hasCollection } from '../reference/sources.js';
import { type ReferenceTarget, takeOver } from '../reference/take-over.js';
import { textOf } from '../rows/row.js';
import { documentsOf, SETTINGS } from './collections.js';
import type { MongoConnection } from './mongo-connection.js';

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
  const failures = await connection.read(readKept);
  const only = failures && new Set(failures.map(({ id }) => id));
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
      { _id: TAKE_OVER_SETTING },
      { $set: { content: JSON.stringify(kept) } },
      { upsert: true },
    ),
  );
  logReferenceReport(report, connection.place, logger);
}

/** What the last start could not take over. */
export async function listNotTakenOver(db: Db): Promise<readonly ReferenceNote[]> {
  return (await readKept(db)) ?? [];
}

async function readKept(db: Db): Promise<readonly ReferenceNote[] | undefined> {
  const row = await documentsOf(db, SETTINGS).findOne({ _id: TAKE_OVER_SETTING });
  return row === null ? undefined : keptFailures(textOf(row, 'content'));
}
