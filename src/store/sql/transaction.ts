// SPDX-License-Identifier: Apache-2.0
// One try of a transaction: begin, work, commit, and what is known when the commit's answer does not arrive.
import type { Logger } from '../../util/logger.js';
import type { CommitWitness, SqlSession } from './database.js';
import type { Dialect } from './dialect.js';

/** The connection was lost while the commit was on its way: the server may have carried it out or not. */
export class UnknownOutcome<T> {
  readonly result: T;
  readonly error: unknown;

  /** @param result what the work returned, true if the commit turns out to have happened */
  constructor(result: T, error: unknown) {
    this.result = result;
    this.error = error;
  }
}

/** Runs work in a transaction. Fails with the first error, after a rollback. */
export async function runTransaction<T>(
  session: SqlSession,
  dialect: Dialect,
  logger: Logger,
  work: (session: SqlSession) => Promise<T>,
  witness: CommitWitness | undefined,
): Promise<{ readonly result: T } | UnknownOutcome<T>> {
  await session.run(dialect.beginWrite);
  let result: T;
  try {
    result = await work(session);
    await witness?.mark(session);
  } catch (error) {
    await rollBack(session, dialect, logger, error);
    throw error;
  }
  try {
    await session.run('COMMIT');
    return { result };
  } catch (error) {
    if (dialect.failureKind(error) === 'lost') {
      return new UnknownOutcome(result, error);
    }
    await rollBack(session, dialect, logger, error);
    throw error;
  }
}

async function rollBack(session: SqlSession, dialect: Dialect, logger: Logger, error: unknown): Promise<void> {
  if (dialect.failureKind(error) === 'lost') {
    // The server rolls back when it notices the loss.
    session.cut();
    return;
  }
  try {
    await session.run('ROLLBACK');
  } catch (second) {
    // After a full disk or a failed commit SQLite may have rolled back already; the first error is the one to report.
    logger.debug(`Nothing was left to roll back in ${dialect.place}.`, { error: dialect.describe(second) });
    session.cut();
  }
}
