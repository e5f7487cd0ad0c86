// SPDX-License-Identifier: Apache-2.0
// Opens the store that DATA_DB names, with the key that seals it.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../util/logger.js';
import { type DataDb, parseDataDb, type SqliteLocation, type SqlServerLocation } from './data-db.js';
import { type MongoStoreOptions, openMongoStore } from './mongo/open-mongo-store.js';
import { createSealer } from './sealing.js';
import { loadSealingKey } from './sealing-key.js';
import { openDatabase, type SqlDatabase } from './sql/database.js';
import type { Dialect } from './sql/dialect.js';
import { mysqlDialect } from './sql/mysql-dialect.js';
import { hasOwnerKey } from './sql/owner-key.js';
import { postgresqlDialect } from './sql/postgresql-dialect.js';
import { createSqlStore } from './sql/sql-store.js';
import { sqliteDialect } from './sql/sqlite-dialect.js';
import type { Store } from './store.js';

/** What {@link openStore} needs. */
export interface OpenStoreOptions {
  /** The DATA_DB option (persistence.md §1). */
  readonly url: string;
  /**
   * File of the sealing key; by default `<database file>.key`, or `/etc/im/im-secrets.key` for a database on a server. It is created
   * with a new database.
   */
  readonly keyFile?: string;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Random text, unique among all stores on the database. */
  readonly newId?: () => string;
  /** How long another process's lock is waited for. Default 10,000 ms. */
  readonly lockTimeoutMs?: number;
  /** How long a server that cannot be reached is tried again, in a running daemon. Default 5,000 ms. */
  readonly lostTimeoutMs?: number;
  /** The same for the first connection. Default 30,000 ms. */
  readonly startTimeoutMs?: number;
  /** How long a server may take for one statement. Default 20,000 ms. */
  readonly statementTimeoutMs?: number;
  /** Bound of one log. Default 16 Mi characters. */
  readonly maxLogCharacters?: number;
  /**
   * Whose clock ends leases: the database server's, which all daemons share, or that of `now`, which several daemons on one machine
   * share. Without a server it is always that of `now`. Default: the server's.
   */
  readonly leaseClock?: 'server' | 'own';
}

const LOCK_TIMEOUT_MS = 10_000;
const LOST_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 30_000;
const STATEMENT_TIMEOUT_MS = 20_000;
const MAX_LOG_CHARACTERS = 16 * 1024 * 1024;
const SERVER_KEY_FILE = '/etc/im/im-secrets.key';

/**
 * Opens a store; `migrate()` must run before it is used.
 * @throws ImError `store-unavailable` naming the place and the remedy when the database or its key cannot be used
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const location = parseDataDb(options.url);
  const { logger, now } = options;
  warnOfIgnored(location, logger);
  const common = {
    logger,
    now,
    newId: options.newId ?? randomUUID,
    lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
    lostTimeoutMs: options.lostTimeoutMs ?? LOST_TIMEOUT_MS,
    startTimeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS,
    statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    maxLogCharacters: options.maxLogCharacters ?? MAX_LOG_CHARACTERS,
    leasesByOwnTime: options.leaseClock === 'own',
    keyFile: options.keyFile ?? (location.kind === 'sqlite' ? `${location.path}.key` : SERVER_KEY_FILE),
  };
  return location.kind === 'mongodb' ? await openMongoStore(location, common) : await openSqlStore(location, common);
}

async function openSqlStore(location: SqliteLocation | SqlServerLocation, options: MongoStoreOptions): Promise<Store> {
  const { logger, keyFile } = options;
  const database = await openDatabase(await dialectOf(location, logger), options);
  try {
    const key = await loadSealingKey(keyFile, database.dialect.place, () => holdsSealedValues(database), logger);
    return createSqlStore({ ...options, database, sealer: createSealer([key]), writerId: options.newId() });
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The dialect of a database on a SQL server or in a file. */
export async function dialectOf(location: SqliteLocation | SqlServerLocation, logger: Logger): Promise<Dialect> {
  switch (location.kind) {
    case 'sqlite':
      return sqliteDialect(location.path, logger);
    case 'mysql':
      return await mysqlDialect(location, logger);
    case 'postgresql':
      return await postgresqlDialect(location, logger);
  }
}

function warnOfIgnored(location: DataDb, logger: Logger): void {
  for (const name of 'ignored' in location ? location.ignored : []) {
    logger.warn(`The option '${name}' of DATA_DB has no effect: remove or correct it.`);
  }
}

function holdsSealedValues(database: SqlDatabase): Promise<boolean> {
  return database.read(async (session) => (await session.hasTable('store_settings')) && (await hasOwnerKey(session)));
}
