// SPDX-License-Identifier: Apache-2.0
// Writes that arrive together share one transaction and so one wait for the disk, each still atomic on its own.
import { createGroupQueue, type Entry, type GroupQueue, settle } from '../group-queue.js';
import type { CommitWitness, SqlDatabase, SqlSession } from './database.js';
import { inSavepoint } from './savepoint.js';

/** Makes the queue of a database. @param witness see SqlDatabase.write */
export function createWriteQueue(database: SqlDatabase, witness?: CommitWitness): GroupQueue<SqlSession> {
  return createGroupQueue((group) => writeGroup(database, group, witness), database.dialect.place);
}

async function writeGroup(
  database: SqlDatabase,
  group: readonly Entry<SqlSession>[],
  witness: CommitWitness | undefined,
): Promise<void> {
  const failures = new Map<Entry<SqlSession>, unknown>();
  try {
    await database.write(
      async (session) => {
        failures.clear();
        const [only] = group;
        if (group.length === 1 && only !== undefined) {
          await only.run(session);
          return;
        }
        for (const entry of group) {
          const error = await runAlone(database, session, entry);
          if (error !== undefined) {
            failures.set(entry, error);
          }
        }
      },
      { witness },
    );
  } catch (error) {
    for (const entry of group) {
      entry.fail(error);
    }
    return;
  }
  settle(group, failures);
}

/** Runs one write of a group so that its failure undoes nothing of the others; returns the error. Fails when the database does. */
async function runAlone({ dialect }: SqlDatabase, session: SqlSession, entry: Entry<SqlSession>): Promise<unknown> {
  try {
    await inSavepoint(session, dialect, () => entry.run(session));
    return undefined;
  } catch (error) {
    if (dialect.failureKind(error) !== 'write') {
      throw error;
    }
    return error;
  }
}
