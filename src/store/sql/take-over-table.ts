// SPDX-License-Identifier: Apache-2.0
// The table of grycap/im in the same database: its infrastructures are taken over once, at the first start (persistence.md §2, §6).
import { logReferenceReport, type ReferenceReport } from '../reference/report.js';
import type { ReferenceRow } from '../reference/row.js';
import { takeOver } from '../reference/take-over.js';
import { textOf } from '../rows/row.js';
import { applyChanges } from './apply-changes.js';
import type { Batch } from './batch.js';
import type { SqlDatabase, SqlSession } from './database.js';
import { inSavepoint } from './savepoint.js';

const TABLE = 'inf_list';
const SETTING = 'reference_take_over';
const NOT_YET = '';

/** Another starter may have much to take over. */
const PATIENCE_MS = 600_000;

/** Takes over what is in the table, in one transaction. The table itself is only read. */
export async function takeOverTable(
  database: SqlDatabase,
  newBatch: (session: SqlSession) => Batch,
  now: () => number,
  logger: Batch['logger'],
): Promise<void> {
  const { dialect } = database;
  if (!(await database.read((session) => session.hasTable(TABLE)))) {
    return;
  }
  const report = await database.write(
    async (session): Promise<ReferenceReport | undefined> => {
      await session.run(`INSERT INTO store_settings (name, content) VALUES (?, ?)${dialect.ignoreConflict('name')}`, [
        SETTING,
        NOT_YET,
      ]);
      const done = await session.first(`SELECT content FROM store_settings WHERE name = ?${dialect.forUpdate}`, [
        SETTING,
      ]);
      if (done !== undefined && textOf(done, 'content') !== NOT_YET) {
        return undefined;
      }
      const made = await takeOver(
        {
          listIds: async () =>
            (await session.all(`SELECT id FROM ${TABLE} ORDER BY id`)).map((row) => textOf(row, 'id')),
          read: async (id) => asReferenceRow(await session.first(`SELECT * FROM ${TABLE} WHERE id = ?`, [id])),
        },
        {
          isPresent: async (id) =>
            (await session.first('SELECT id FROM infrastructures WHERE id = ?', [id])) !== undefined,
          write: (_id, changes) => inSavepoint(session, dialect, () => applyChanges(newBatch(session), changes)),
        },
        (error) => dialect.failureKind(error) !== 'write',
      );
      await session.run('UPDATE store_settings SET content = ? WHERE name = ?', [
        JSON.stringify({ ...made, at: now() }),
        SETTING,
      ]);
      return made;
    },
    { lockTimeoutMs: PATIENCE_MS },
  );
  if (report !== undefined) {
    logReferenceReport(report, dialect.place, logger);
  }
}

function asReferenceRow(row: Readonly<Record<string, unknown>> | undefined): ReferenceRow | undefined {
  return row && { id: row.id, deleted: row.deleted, date: row.date, data: row.data, auth: row.auth };
}
