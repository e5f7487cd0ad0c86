// SPDX-License-Identifier: Apache-2.0
// MySQL and MariaDB: settings of the connections, and how the driver answers.
import { isIP } from 'node:net';
import type { Connection } from 'mysql2';
import type { ConnectionOptions } from 'mysql2/promise';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import type { SqlServerLocation } from '../data-db.js';
import { isObject, isRowList, type Row, unreadable } from '../rows/row.js';
import type { Dialect } from './dialect.js';
import { describeMysqlError, migrationsAreLocked, mysqlFailureKind } from './mysql-errors.js';
import { type MysqlServer, prepareMysql } from './mysql-prepare.js';
import {
  ACQUIRE_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  IDLE_CONNECTION_MS,
  LOCK_WAIT_SECONDS,
  STALLED_TRANSACTION_SECONDS,
} from './server-limits.js';
import { readTlsSettings } from './tls-settings.js';

// Not SHA1: MySQL has put it into a component that is not installed (9.6).
const MIGRATION_LOCK = `CONCAT('im-migrations-', LEFT(SHA2(DATABASE(), 256), 20))`;

/** Distinct statements that a connection keeps prepared. There are fewer than a hundred, but updates combine columns. */
const MOST_PREPARED = 300;

/** MySQL or MariaDB at a place. */
export async function mysqlDialect(location: SqlServerLocation, logger: Logger): Promise<Dialect> {
  const { host, port, socket, database, poolSize } = location;
  const place = socket === '' ? `${database} at ${host}:${port}` : `${database} at ${socket}`;
  const connection = await connectionOptions(location);
  let server: MysqlServer | undefined;
  return {
    place,
    beginWrite: 'START TRANSACTION',
    forUpdate: ' FOR UPDATE',
    get forUpdateIfFree() {
      return server?.canSkipLocked === true ? ' FOR UPDATE SKIP LOCKED' : ' FOR UPDATE';
    },
    ignoreConflict: (keyColumn) => ` ON DUPLICATE KEY UPDATE ${keyColumn} = ${keyColumn}`,
    // SYSDATE and not NOW: a statement may have waited for a lock since it began.
    serverTime: 'CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)',
    pingQuery: 'SELECT COUNT(*) AS tables FROM information_schema.tables WHERE table_schema = DATABASE()',
    hasTransactionalSchema: false,
    async prepare() {
      server = await prepareMysql(connection, database, place, logger);
    },
    knexConfig: {
      client: 'mysql2',
      connection: { ...connection, database },
      pool: {
        min: 0,
        max: poolSize,
        acquireTimeoutMillis: ACQUIRE_TIMEOUT_MS,
        idleTimeoutMillis: IDLE_CONNECTION_MS,
        afterCreate: (connected: unknown, done: Done) => setUp(connected, server, done),
      },
    },
    tableSettings(table) {
      table.engine('InnoDB');
      table.charset('utf8mb4');
      // Ids and hashes are compared letter by letter.
      table.collate('utf8mb4_bin');
    },
    async lockMigrations(session) {
      const row = await session.first(`SELECT GET_LOCK(${MIGRATION_LOCK}, ${LOCK_WAIT_SECONDS}) AS is_taken`);
      if (Number(row?.is_taken) !== 1) {
        throw migrationsAreLocked();
      }
    },
    async unlockMigrations(session) {
      await session.all(`SELECT RELEASE_LOCK(${MIGRATION_LOCK}) AS is_released`);
    },
    cut: (connected) => {
      if (isConnection(connected)) {
        connected.destroy();
      }
    },
    rows: (response) => {
      const [rows] = Array.isArray(response) ? response : [];
      return isRowList(rows) ? rows : unreadable('a result');
    },
    // The driver asks for the rows that a statement found, not only for those that it changed.
    changedRows: (response) => {
      const [header] = Array.isArray(response) ? response : [];
      return isObject(header) ? (affectedRows(header) ?? unreadable('a result')) : unreadable('a result');
    },
    failureKind: mysqlFailureKind,
    describe: (error) => describeMysqlError(error, place),
  };
}

type Done = (error: unknown, connection?: unknown) => void;

async function connectionOptions({ host, port, socket, user, password, tls }: SqlServerLocation) {
  if (tls.mode === 'verify' && isIP(host) !== 0) {
    // The driver compares certificates with names only.
    throw new ImError(
      'store-unavailable',
      `The certificate of a MySQL server is compared with its name: write a host name instead of ${host} in DATA_DB, or ssl-mode=verify-ca.`,
    );
  }
  const settings = await readTlsSettings(tls);
  return {
    ...(socket === '' ? { host, port } : { socketPath: socket }),
    user,
    password,
    ...(settings !== undefined && {
      ssl: { ...settings, verifyIdentity: tls.mode === 'verify' },
    }),
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    maxPreparedStatements: MOST_PREPARED,
  } satisfies ConnectionOptions;
}

function affectedRows(header: Row): number | undefined {
  return typeof header.affectedRows === 'number' ? header.affectedRows : undefined;
}

function setUp(connection: unknown, server: MysqlServer | undefined, done: Done): void {
  if (!isConnection(connection)) {
    done(new TypeError('knex did not open a mysql2 connection'));
    return;
  }
  const settings = [
    // Strict: nothing is ever cut to fit.
    `sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`,
    `time_zone = '+00:00'`,
    `innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`,
    'autocommit = 1',
    // Each statement sees what was committed before it; rows are serialised by their locks.
    `${server?.isolationVariable ?? 'tx_isolation'} = 'READ-COMMITTED'`,
    ...(server?.isMariaDb === true ? [`idle_transaction_timeout = ${STALLED_TRANSACTION_SECONDS}`] : []),
    // MySQL has no limit for idle transactions alone. The pool closes idle connections before the server does.
    `wait_timeout = ${server?.isMariaDb === true ? 3600 : IDLE_CONNECTION_MS / 1000 + STALLED_TRANSACTION_SECONDS}`,
  ];
  connection.query(`SET NAMES utf8mb4 COLLATE utf8mb4_bin`, (nameError) => {
    if (nameError) {
      done(nameError, connection);
      return;
    }
    connection.query(`SET SESSION ${settings.join(', SESSION ')}`, (error) => done(error, connection));
  });
}

function isConnection(value: unknown): value is Connection {
  return isObject(value) && typeof value.query === 'function' && typeof value.destroy === 'function';
}
