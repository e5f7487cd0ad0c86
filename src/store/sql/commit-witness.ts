// SPDX-License-Identifier: Apache-2.0
// The row of this connection in `writers`: each transaction leaves a number in it, so that a lost commit can be looked up afterwards.

import { integerOf } from '../rows/row.js';
import type { CommitWitness } from './database.js';
import type { Dialect } from './dialect.js';
import { insertRow } from './statements.js';

/** A daemon that wrote nothing for so long does not look its last commit up any more. */
const FORGOTTEN_AFTER_MS = 24 * 3600 * 1000;

/**
 * The witness of one store.
 * @param id unique among all stores on the database
 * @param now milliseconds since 1970
 */
export function createCommitWitness(dialect: Dialect, id: string, now: () => number): CommitWitness {
  let lastMark = 0;
  return {
    async mark(session) {
      lastMark += 1;
      const found = await session.run('UPDATE writers SET last_mark = ?, seen_at = ? WHERE id = ?', [
        lastMark,
        now(),
        id,
      ]);
      if (found === 0) {
        await session.run('DELETE FROM writers WHERE seen_at < ?', [now() - FORGOTTEN_AFTER_MS]);
        await insertRow(session, 'writers', { id, last_mark: lastMark, seen_at: now() });
      }
    },
    async wasCommitted(session) {
      // The lost transaction holds the row until it ends one way or the other; only the first one ever has no row yet.
      const row = await session.first(`SELECT last_mark FROM writers WHERE id = ?${dialect.forUpdate}`, [id]);
      return row !== undefined && integerOf(row, 'last_mark') === lastMark;
    },
  };
}
