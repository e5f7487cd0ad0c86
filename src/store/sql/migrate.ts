// SPDX-License-Identifier: Apache-2.0
// Brings the tables to the version of this release: each step runs once, whoever starts at the same time.
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { integerOf } from '../rows/row.js';
import type { SqlDatabase, SqlSession } from './database.js';
import type { Dialect } from './dialect.js';
import type { Migration } from './migrations/index.js';

/** Stands in place of the time while a step runs. It is only ever seen where a rollback takes no tables back. */
const BEGUN = -1;

/** Another starter may have much to do. */
const PATIENCE_MS = 600_000;

/**
 * Runs the missing migrations in one transaction. Another starter waits for it and then finds nothing to do.
 * @param now milliseconds since 1970
 * @throws ImError `store-unavailable` when a newer release has made the tables
 */
export async function migrateTables(
  database: SqlDatabase,
  migrations: readonly Migration[],
  now: () => number,
  logger: Logger,
): Promise<void> {
  const { dialect } = database;
  await database.write(
    async (session) => {
      await dialect.lockMigrations?.(session);
      try {
        await runMissing(session, migrations, now, dialect, logger);
      } catch (error) {
        await dialect.unlockMigrations?.(session).catch((second: unknown) => {
          logger.debug('The lock of the migrations goes with its connection.', { error: dialect.describe(second) });
        });
        throw error;
      }
      await dialect.unlockMigrations?.(session);
    },
    { lockTimeoutMs: PATIENCE_MS },
  );
}

async function runMissing(
  session: SqlSession,
  migrations: readonly Migration[],
  now: () => number,
  dialect: Dialect,
  logger: Logger,
): Promise<void> {
  await session.run(
    'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)',
  );
  const present = await presentVersion(session);
  requireKnown(present, migrations, dialect.place);
  for (const migration of migrations.filter((step) => step.version > present)) {
    await runStep(session, migration, now, dialect);
    logger.info(`Database tables brought to version ${migration.version} (${migration.title}).`);
  }
}

async function runStep(
  session: SqlSession,
  { version, tables, indexes = [], up }: Migration,
  now: () => number,
  { place, hasTransactionalSchema }: Dialect,
): Promise<void> {
  if (hasTransactionalSchema || !(await takeBackInterrupted(session, version, tables, indexes))) {
    await requireNoTables(session, tables, place);
  }
  await session.run('INSERT INTO schema_version (version, applied_at) VALUES (?, ?)', [version, BEGUN]);
  await up(session);
  await session.run('UPDATE schema_version SET applied_at = ? WHERE version = ?', [now(), version]);
}

/** Drops the tables and indexes of a step that had begun, which made them. @returns false when it had not begun */
async function takeBackInterrupted(
  session: SqlSession,
  version: number,
  tables: readonly string[],
  indexes: NonNullable<Migration['indexes']>,
): Promise<boolean> {
  const begun = await session.run('DELETE FROM schema_version WHERE version = ? AND applied_at = ?', [version, BEGUN]);
  if (begun > 0) {
    for (const table of tables.toReversed()) {
      await session.run(`DROP TABLE IF EXISTS ${table}`);
    }
    for (const { table, name } of indexes) {
      // Only MySQL and its kin come here.
      const known = await session.first(
        'SELECT 1 AS present FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?',
        [table, name],
      );
      if (known !== undefined) {
        await session.run(`DROP INDEX ${name} ON ${table}`);
      }
    }
  }
  return begun > 0;
}

/** Tables of the same name that somebody else made are neither used nor, after an interruption, dropped. */
async function requireNoTables(session: SqlSession, tables: readonly string[], place: string): Promise<void> {
  for (const table of tables) {
    if (await session.hasTable(table)) {
      throw new ImError(
        'store-unavailable',
        `The database ${place} has a table '${table}' that is not the daemon's: give the daemon a database of its own.`,
      );
    }
  }
}

async function presentVersion(session: SqlSession): Promise<number> {
  const row = await session.first(
    'SELECT COALESCE(MAX(version), 0) AS version FROM schema_version WHERE applied_at <> ?',
    [BEGUN],
  );
  return row === undefined ? 0 : integerOf(row, 'version');
}

function requireKnown(present: number, migrations: readonly Migration[], place: string): void {
  const newest = migrations.at(-1)?.version ?? 0;
  if (present > newest) {
    throw new ImError(
      'store-unavailable',
      `The database ${place} has tables of version ${present}, this release knows ${newest}: run the newer release.`,
    );
  }
}
