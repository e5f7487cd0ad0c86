// SPDX-License-Identifier: Apache-2.0
// SQLite: its settings for durability, its prepared statements and what its error codes mean.
import type Database from 'better-sqlite3';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import type { FailureKind } from '../patience.js';
import { isObject, isRowList, unreadable } from '../rows/row.js';
import type { Dialect } from './dialect.js';
import { driverText } from './driver-text.js';
import { Sqlite, SqliteClient } from './sqlite-driver.js';
import { prepareSqliteFile } from './sqlite-file.js';

/** How long SQLite itself waits for another process, which blocks the whole daemon; the rest of the wait is ours and does not. */
const DRIVER_WAIT_MS = 20;
const ACQUIRE_TIMEOUT_MS = 30_000;
/** Distinct statements that are kept prepared. There are fewer than a hundred, but updates combine columns. */
const MOST_PREPARED = 300;
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/** SQLite at a path. */
export function sqliteDialect(path: string, logger: Logger): Dialect {
  return {
    place: path,
    beginWrite: 'BEGIN IMMEDIATE',
    forUpdate: '',
    forUpdateIfFree: '',
    ignoreConflict: () => ' ON CONFLICT DO NOTHING',
    serverTime: undefined,
    hasTransactionalSchema: true,
    pingQuery: 'SELECT COUNT(*) AS tables FROM sqlite_master',
    afterScrub: 'PRAGMA wal_checkpoint(TRUNCATE)',
    prepare: () => prepareSqliteFile(path, logger),
    knexConfig: {
      client: SqliteClient,
      connection: { filename: path },
      useNullAsDefault: true,
      // One connection: the driver is synchronous, a second one could only wait for the first.
      pool: { min: 1, max: 1, acquireTimeoutMillis: ACQUIRE_TIMEOUT_MS, afterCreate: setUp },
    },
    rows: (response) => (isRowList(response) ? response : unreadable('a result')),
    changedRows: (response) =>
      isObject(response) && typeof response.changes === 'number' ? response.changes : unreadable('a result'),
    failureKind,
    describe: (error) => describe(error, path),
  };
}

type Done = (error: unknown, connection?: unknown) => void;

function setUp(connection: unknown, done: Done): void {
  if (!(connection instanceof Sqlite)) {
    done(new TypeError('knex did not open a better-sqlite3 database'));
    return;
  }
  try {
    connection.pragma(`busy_timeout = ${DRIVER_WAIT_MS}`);
    connection.pragma('journal_mode = WAL');
    // FULL: a commit is on the disk before it returns. Operations are accepted on that promise.
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    connection.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    connection.pragma('trusted_schema = OFF');
    // What is deleted is overwritten: logs hold what recipes print.
    connection.pragma('secure_delete = ON');
    keepPrepared(connection);
    done(null, connection);
  } catch (error) {
    connection.close();
    done(error);
  }
}

/** Knex prepares a statement each time it runs it; this keeps the recently used ones. */
function keepPrepared(connection: Database.Database): void {
  const prepare = connection.prepare.bind(connection);
  const kept = new Map<string, Database.Statement>();
  const preparedOnce = (sql: string): Database.Statement => {
    const found = kept.get(sql);
    if (found !== undefined) {
      return found;
    }
    const statement = prepare(sql);
    if (kept.size >= MOST_PREPARED) {
      const oldest = kept.keys().next();
      if (!oldest.done) {
        kept.delete(oldest.value);
      }
    }
    kept.set(sql, statement);
    return statement;
  };
  Object.defineProperty(connection, 'prepare', { value: preparedOnce });
}

/** Extended result codes start with the plain one: SQLITE_BUSY_SNAPSHOT is an SQLITE_BUSY. */
function resultCode(error: unknown): string {
  const code = isObject(error) && typeof error.code === 'string' ? error.code : '';
  return /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? '';
}

function failureKind(error: unknown): FailureKind {
  const code = resultCode(error);
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    return 'locked';
  }
  return code === 'SQLITE_CONSTRAINT' || code === '' ? 'write' : 'database';
}

const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'is locked by another process: stop that process, or wait until its work (a backup?) is done',
  SQLITE_LOCKED: 'is locked by another process: stop that process, or wait until its work (a backup?) is done',
  SQLITE_FULL: 'cannot grow, the disk is full: free space on it; nothing was written',
  SQLITE_NOTADB: 'is not an SQLite database: change DATA_DB or move the file away',
  SQLITE_CORRUPT: 'is damaged: stop the daemon and restore the file from a backup',
  SQLITE_READONLY: 'cannot be written: let the user of the daemon own it and its directory',
  SQLITE_CANTOPEN: 'cannot be opened: let the user of the daemon own it and its directory',
  SQLITE_PERM: 'cannot be opened: let the user of the daemon own it and its directory',
  SQLITE_IOERR: 'cannot be read or written, the disk is full or failed: free space on it or check the system log',
};

function describe(error: unknown, path: string): ImError {
  if (error instanceof ImError) {
    return error;
  }
  const code = resultCode(error);
  if (code === '') {
    return new ImError('internal', `A fault in the daemon's code stopped the use of the database ${path}.`, {
      cause: error,
    });
  }
  const cause = new Error(driverText(error));
  if (code === 'SQLITE_CONSTRAINT') {
    return new ImError(
      'internal',
      `The database ${path} refused a change (${cause.message}): nothing of it was written.`,
      { cause },
    );
  }
  const remedy = REMEDIES[code];
  return new ImError(
    'store-unavailable',
    remedy === undefined
      ? `The database ${path} does not answer: ${cause.message}.`
      : `The database ${path} ${remedy}.`,
    { cause },
  );
}
