// SPDX-License-Identifier: Apache-2.0
// A piece of a transaction that can fail on its own.
import type { SqlSession } from './database.js';
import type { Dialect } from './dialect.js';

/**
 * Runs work so that its failure undoes nothing of what came before it in the transaction.
 * @throws ImError when the work itself is at fault; the driver's error when the whole transaction is lost
 */
export async function inSavepoint<T>(session: SqlSession, dialect: Dialect, work: () => Promise<T>): Promise<T> {
  await session.run('SAVEPOINT one_write');
  let result: T;
  try {
    result = await work();
  } catch (error) {
    if (dialect.failureKind(error) !== 'write') {
      throw error;
    }
    await session.run('ROLLBACK TO SAVEPOINT one_write');
    await session.run('RELEASE SAVEPOINT one_write');
    throw dialect.describe(error);
  }
  await session.run('RELEASE SAVEPOINT one_write');
  return result;
}
