// SPDX-License-Identifier: Apache-2.0
// Writes in transactions of the server: replica sets and sharded clusters have them.
import type { ClientSession, Db, MongoClient } from 'mongodb';
import { ImError } from '../../domain/index.js';
import type { Patience, PatientRunner } from '../patience.js';
import { Draft } from './draft.js';
import { hasErrorLabel } from './mongo-errors.js';
import { createSource } from './source.js';
import type { MongoWriter, WriteContext } from './writer.js';
import { applyWrites } from './writes.js';

/** How often an unanswered commit is asked again. The server answers a repetition with the outcome of the first. */
const COMMIT_TRIES = 10;

/** Makes the writer. */
export function createTransactionalWriter(
  client: MongoClient,
  db: Db,
  patient: PatientRunner,
  patience: Patience,
  place: string,
): MongoWriter {
  async function attempt<T>(work: (context: WriteContext) => Promise<T>): Promise<T> {
    const session = client.startSession();
    try {
      session.startTransaction({
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority' },
        readPreference: 'primary',
      });
      const source = createSource(db, session);
      const draft = new Draft(source);
      const result = await work({ draft, source });
      const writes = draft.writes();
      if (writes.length === 0) {
        await session.abortTransaction();
        return result;
      }
      await applyWrites(db, writes, { kind: 'transaction', session });
      await commit(session, place);
      return result;
    } finally {
      // Also aborts what was not committed.
      await session.endSession();
    }
  }

  return { write: (work) => patient.run(() => attempt(work), patience) };
}

async function commit(session: ClientSession, place: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasErrorLabel(error, 'UnknownTransactionCommitResult')) {
        throw error;
      }
      if (tries === COMMIT_TRIES) {
        // Not tried again as a whole: it may have been carried out.
        throw new ImError(
          'store-unavailable',
          `The database ${place} was lost during a commit, which may have been carried out.`,
          { cause: error },
        );
      }
    }
  }
}
