// SPDX-License-Identifier: Apache-2.0
// Writes on a server without transactions: journal, commit by one insertion, carry out, and finish what others left behind.
import type { Db } from 'mongodb';
import { errorText } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import type { FailureReader, Patience, PatientRunner } from '../patience.js';
import { Draft } from './draft.js';
import { clearJournal, readJournal, writeJournal } from './journal.js';
import { isDuplicate, WriterIsBusy } from './mongo-errors.js';
import { createSource } from './source.js';
import type { MongoWriter, WriteContext } from './writer.js';
import { commitTurn, completeTurn, giveTurnBack, takeTurn, wasCommitted } from './writer-turns.js';
import { applyWrites, type DocumentWrite } from './writes.js';

/** A batch that was on its way to its commit. */
interface Sent<T> {
  readonly batch: number;
  readonly result: T;
}

/** What the writer is made of. */
export interface JournaledWriterParts {
  readonly db: Db;
  /** Unique among all writers on the database. */
  readonly writerId: string;
  readonly patient: PatientRunner;
  readonly patience: Patience;
  readonly failures: FailureReader;
  readonly logger: Logger;
}

/** Makes the writer. Its writes must come one after the other. */
export function createJournaledWriter(parts: JournaledWriterParts): MongoWriter {
  const { db, writerId, patient, patience, failures, logger } = parts;

  /** Carries out completely what was committed by a writer that did not come to its end. */
  async function finish(batch: number): Promise<void> {
    const writes = await readJournal(db, batch);
    logger.info(`A batch of ${writes.length} writes that was interrupted is finished.`);
    await applyWrites(db, writes, { kind: 'journaled', batch, isRepetition: true });
    await clearJournal(db, batch);
  }

  async function carryOut(batch: number, writes: readonly DocumentWrite[]): Promise<void> {
    try {
      await applyWrites(db, writes, { kind: 'journaled', batch, isRepetition: false });
    } catch (error) {
      // Another daemon took this one for dead and carries the batch out too.
      throw isDuplicate(error) ? new WriterIsBusy('another daemon finishes the batch') : error;
    }
    await clearJournal(db, batch);
  }

  async function attempt<T>(work: (context: WriteContext) => Promise<T>, onSent: (sent: Sent<T>) => void): Promise<T> {
    const turn = await takeTurn(db, writerId, finish);
    const source = createSource(db, undefined);
    const draft = new Draft(source);
    let result: T;
    try {
      result = await work({ draft, source });
    } catch (error) {
      await giveTurnBack(db, writerId, turn).catch((second: unknown) => {
        logger.debug(`The turn of this writer runs out: ${errorText(failures.describe(second))}`);
      });
      throw error;
    }
    const writes = draft.writes();
    if (writes.every(({ kind }) => kind === 'touch')) {
      await giveTurnBack(db, writerId, turn);
      return result;
    }
    const { batch } = turn;
    await writeJournal(db, batch, writes);
    onSent({ batch, result });
    await commitTurn(db, writerId, turn);
    await carryOut(batch, writes);
    await completeTurn(db, turn);
    return result;
  }

  return {
    async write<T>(work: (context: WriteContext) => Promise<T>): Promise<T> {
      let sent: Sent<T> | undefined;
      return await patient.run(async () => {
        if (sent !== undefined && (await wasCommitted(db, writerId, sent.batch))) {
          // The next turn of anybody carries out what is missing of it.
          await takeTurn(db, writerId, finish).then((turn) => giveTurnBack(db, writerId, turn));
          return sent.result;
        }
        sent = undefined;
        return await attempt(work, (batch) => {
          sent = batch;
        });
      }, patience);
    },
  };
}
