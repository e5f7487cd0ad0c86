// SPDX-License-Identifier: Apache-2.0
// PostgreSQL: settings of the connections, and how the driver answers.
import type { Client, ClientConfig } from 'pg';
import type { Logger } from '../../util/logger.js';
import type { SqlServerLocation } from '../data-db.js';
import { isObject, isRowList, unreadable } from '../rows/row.js';
import type { Dialect } from './dialect.js';
import { describePostgresqlError, postgresqlFailureKind } from './postgresql-errors.js';
import { preparePostgresql } from './postgresql-prepare.js';
import {
  ACQUIRE_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  IDLE_CONNECTION_MS,
  LOCK_WAIT_SECONDS,
  STALLED_TRANSACTION_SECONDS,
} from './server-limits.js';
import { readTlsSettings } from './tls-settings.js';

/** Any number that nobody else in the same database uses for a lock ("im-m" in ASCII). */
const MIGRATION_LOCK = 0x696d2d6d;

/** Several statements in one: they are sent once per connection. */
const SET_UP = [
  `SET lock_timeout = '${LOCK_WAIT_SECONDS}s'`,
  `SET idle_in_transaction_session_timeout = '${STALLED_TRANSACTION_SECONDS}s'`,
  // Each statement sees what was committed before it; rows are serialised by their locks.
  `SET default_transaction_isolation = 'read committed'`,
  // A commit is on the disk before it returns, whatever the server's default is.
  `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
].join('; ');

/** PostgreSQL at a place. */
export async function postgresqlDialect(location: SqlServerLocation, logger: Logger): Promise<Dialect> {
  const { host, port, socket, database, poolSize } = location;
  const place = socket === '' ? `${database} at ${host}:${port}` : `${database} at ${socket}`;
  const connection = await connectionOptions(location);
  return {
    place,
    beginWrite: 'BEGIN',
    forUpdate: ' FOR UPDATE',
    forUpdateIfFree: ' FOR UPDATE SKIP LOCKED',
    ignoreConflict: () => ' ON CONFLICT DO NOTHING',
    serverTime: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)',
    pingQuery: 'SELECT COUNT(*) AS tables FROM pg_catalog.pg_class',
    hasTransactionalSchema: true,
    prepare: () => preparePostgresql(connection, database, place, logger),
    knexConfig: {
      client: 'pg',
      connection: { ...connection, database },
      pool: {
        min: 0,
        max: poolSize,
        acquireTimeoutMillis: ACQUIRE_TIMEOUT_MS,
        idleTimeoutMillis: IDLE_CONNECTION_MS,
        afterCreate: setUp,
      },
    },
    // Given back with the end of the transaction.
    async lockMigrations(session) {
      await session.all(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    },
    cut: (connected) => {
      if (isClient(connected)) {
        // Ends at once instead of waiting for a statement that may never be answered.
        connected.connection.stream.destroy();
      }
    },
    rows: (response) => {
      const rows = isObject(response) ? response.rows : undefined;
      return isRowList(rows) ? rows : unreadable('a result');
    },
    changedRows: (response) => {
      const count = isObject(response) ? response.rowCount : undefined;
      return typeof count === 'number' ? count : 0;
    },
    failureKind: postgresqlFailureKind,
    describe: (error) => describePostgresqlError(error, place),
  };
}

type Done = (error: unknown, connection?: unknown) => void;

async function connectionOptions({ host, port, socket, user, password, tls }: SqlServerLocation) {
  const ssl = await readTlsSettings(tls);
  return {
    host: socket === '' ? host : socket,
    port,
    // Without a user it is that of the process, as with PostgreSQL's own clients.
    ...(user !== '' && { user }),
    password,
    ssl: ssl ?? false,
    application_name: 'infrastructure-manager',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  } satisfies ClientConfig;
}

function setUp(connection: unknown, done: Done): void {
  if (!isClient(connection)) {
    done(new TypeError('knex did not open a pg client'));
    return;
  }
  connection.query(SET_UP, (error: unknown) => done(error ?? null, connection));
}

function isClient(value: unknown): value is Client {
  return isObject(value) && typeof value.query === 'function' && isObject(value.connection);
}
