// SPDX-License-Identifier: Apache-2.0
// Group commit: writes that arrive together share one transaction and so one wait for the disk, each still atomic on its own.
import { ImError } from '../../domain/index.js';
import type { CommitWitness, SqlDatabase, SqlSession } from './database.js';

/** Writes in the order in which they were submitted. */
export interface WriteQueue {
  /**
   * Runs a write; when the promise resolves it is on the disk.
   * Work can be repeated when the database is locked, so it must only use the session.
   */
  submit<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Refuses further writes and waits for those that were submitted. */
  close(): Promise<void>;
}

/** A write that waits. The outcome is given to the caller only after the commit. */
interface Entry {
  run(session: SqlSession): Promise<void>;
  succeed(): void;
  fail(error: unknown): void;
}

/** Bounds a transaction, and with it how long a reader can be kept waiting. */
const MOST_TOGETHER = 64;

/** Makes the queue of a database. @param witness see {@link SqlDatabase.write} */
export function createWriteQueue(database: SqlDatabase, witness?: CommitWitness): WriteQueue {
  let waiting: Entry[] = [];
  let draining: Promise<void> | undefined;
  let isClosed = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      // Everything that the present turn of the event loop still submits joins the group, and between groups others get their turn.
      await new Promise((resolve) => setImmediate(resolve));
      const group = waiting.slice(0, MOST_TOGETHER);
      waiting = waiting.slice(MOST_TOGETHER);
      await writeGroup(database, group, witness);
    }
    draining = undefined;
  }

  return {
    submit: (work) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(
            new ImError(
              'store-unavailable',
              `The database ${database.dialect.place} is closed: the daemon is stopping.`,
            ),
          );
          return;
        }
        waiting.push(createEntry(work, resolve, reject));
        draining ??= drain();
      }),
    async close() {
      isClosed = true;
      await draining;
    },
  };
}

function createEntry<T>(
  work: (session: SqlSession) => Promise<T>,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): Entry {
  let succeed = (): void => {};
  return {
    async run(session) {
      const result = await work(session);
      succeed = () => resolve(result);
    },
    succeed: () => succeed(),
    fail: reject,
  };
}

async function writeGroup(
  database: SqlDatabase,
  group: readonly Entry[],
  witness: CommitWitness | undefined,
): Promise<void> {
  const failures = new Map<Entry, unknown>();
  try {
    await database.write(async (session) => {
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
    }, witness);
  } catch (error) {
    for (const entry of group) {
      entry.fail(error);
    }
    return;
  }
  for (const entry of group) {
    if (failures.has(entry)) {
      entry.fail(failures.get(entry));
    } else {
      entry.succeed();
    }
  }
}

/** Runs one write of a group so that its failure undoes nothing of the others; returns the error. Fails when the database does. */
async function runAlone(database: SqlDatabase, session: SqlSession, entry: Entry): Promise<unknown> {
  await session.run('SAVEPOINT one_write');
  let failure: unknown;
  try {
    await entry.run(session);
  } catch (error) {
    if (database.dialect.failureKind(error) !== 'write') {
      throw error;
    }
    failure = database.dialect.describe(error);
    await session.run('ROLLBACK TO SAVEPOINT one_write');
  }
  await session.run('RELEASE SAVEPOINT one_write');
  return failure;
}
