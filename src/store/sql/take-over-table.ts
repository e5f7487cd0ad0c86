// SPDX-License-Identifier: Apache-2.0
// The table of grycap/im in the same database: its infrastructures are taken over once, at the first start (persistence.md §2, §6).
import {
  type KeptReport,
  keptFailures,
  logReferenceReport,
  type ReferenceNote,
  type ReferenceReport,
  TAKE_OVER_SETTING,
} from '../reference/report.js';
import { REFERENCE_TABLE, tableSource } from '../reference/sources.js';
import { takeOver } from '../reference/take-over.js';
import { textOf } from '../rows/row.js';
import { applyChanges } from './apply-changes.js';
import type { Batch } from './batch.js';
import type { SqlDatabase, SqlSession } from './database.js';
import { inSavepoint } from './savepoint.js';

const NOT_YET = '';

/** Another starter may have much to take over. */
const PATIENCE_MS = 600_000;

/**
 * Takes over what is in the table, in one transaction. The table itself is only read. What could not be taken over is tried again at each
 * start; nothing else is, so that what was destroyed here does not come back.
 */
export async function takeOverTable(
  database: SqlDatabase,
  newBatch: (session: SqlSession) => Batch,
  now: () => number,
  logger: Batch['logger'],
): Promise<void> {
  const { dialect } = database;
  if (!(await database.read((session) => session.hasTable(REFERENCE_TABLE)))) {
    return;
  }
  const report = await database.write(
    async (session): Promise<ReferenceReport | undefined> => {
      await session.run(`INSERT INTO store_settings (name, content) VALUES (?, ?)${dialect.ignoreConflict('name')}`, [
        TAKE_OVER_SETTING,
        NOT_YET,
      ]);
      const done = await session.first(`SELECT content FROM store_settings WHERE name = ?${dialect.forUpdate}`, [
        TAKE_OVER_SETTING,
      ]);
      const content = done === undefined ? NOT_YET : textOf(done, 'content');
      const only = content === NOT_YET ? undefined : new Set(keptFailures(content).map(({ id }) => id));
      if (only?.size === 0) {
        return undefined;
      }
      const made = await takeOver(
        tableSource((sql, values) => session.all(sql, values)),
        {
          isPresent: async (id) =>
            (await session.first('SELECT id FROM infrastructures WHERE id = ?', [id])) !== undefined,
          write: (_id, changes) => inSavepoint(session, dialect, () => applyChanges(newBatch(session), changes)),
        },
        { isFatal: (error) => dialect.failureKind(error) !== 'write', ...(only !== undefined && { only }) },
      );
      const kept: KeptReport = { ...made, at: now() };
      await session.run('UPDATE store_settings SET content = ? WHERE name = ?', [
        JSON.stringify(kept),
        TAKE_OVER_SETTING,
      ]);
      return made;
    },
    { lockTimeoutMs: PATIENCE_MS },
  );
  if (report !== undefined) {
    logReferenceReport(report, dialect.place, logger);
  }
}

/** What the last start could not take over. Nothing where no start has made the tables yet. */
export async function listNotTakenOver(session: SqlSession): Promise<readonly ReferenceNote[]> {
  if (!(await session.hasTable('store_settings'))) {
    return [];
  }
  const row = await session.first('SELECT content FROM store_settings WHERE name = ?', [TAKE_OVER_SETTING]);
  return row === undefined ? [] : keptFailures(textOf(row, 'content'));
}
