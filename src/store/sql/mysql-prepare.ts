// SPDX-License-Identifier: Apache-2.0
// Before the first use of a MySQL or MariaDB server: which server it is, and the database, created when it is missing.
import type { Connection, ConnectionOptions } from 'mysql2/promise';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { integerOf, isRowList, type Row, textOf, unreadable } from '../rows/row.js';
import { errorNumber } from './mysql-errors.js';

/** What the dialect needs to know of the server. */
export interface MysqlServer {
  readonly isMariaDb: boolean;
  /** SELECT ... FOR UPDATE SKIP LOCKED. */
  readonly canSkipLocked: boolean;
  /** The session variable of the isolation level, which MySQL 8 renamed. */
  readonly isolationVariable: string;
}

const UNKNOWN_DATABASE = 1049;
/** The server says this of a missing database too, when the user has no rights on one of that name. */
const NO_ACCESS = 1044;
const FORBIDDEN: ReadonlySet<number> = new Set([NO_ACCESS, 1142, 1227]);

/** @throws the driver's error, or an ImError `store-unavailable` when the database is missing and may not be created */
export async function prepareMysql(
  options: ConnectionOptions,
  database: string,
  place: string,
  logger: Logger,
): Promise<MysqlServer> {
  const connection = await connect(options, database, place, logger);
  try {
    const [answer] = await connection.query(
      'SELECT VERSION() AS version, @@GLOBAL.innodb_flush_log_at_trx_commit AS flush_mode',
    );
    const row: Row = (isRowList(answer) ? answer[0] : undefined) ?? unreadable('version');
    if (integerOf(row, 'flush_mode') !== 1) {
      logger.warn(
        `The database ${place} may lose the last second when its machine fails: set innodb_flush_log_at_trx_commit = 1.`,
      );
    }
    return serverOf(textOf(row, 'version'));
  } finally {
    // The driver answers `end` only when the server is still there.
    connection.destroy();
  }
}

async function connect(
  options: ConnectionOptions,
  database: string,
  place: string,
  logger: Logger,
): Promise<Connection> {
  const name = `\`${database.replaceAll('`', '``')}\``;
  const statement = `CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;
  // Loaded only where it is used.
  const { createConnection } = await import('mysql2/promise');
  try {
    return await createConnection({ ...options, database });
  } catch (error) {
    const number = errorNumber(error);
    if (number === NO_ACCESS) {
      throw forbidden(place, statement, number);
    }
    if (number !== UNKNOWN_DATABASE) {
      throw error;
    }
  }
  const connection = await createConnection(options);
  try {
    await connection.query(statement);
    await connection.query(`USE ${name}`);
    logger.info(`The database ${place} was created.`);
    return connection;
  } catch (error) {
    connection.destroy();
    const number = errorNumber(error) ?? 0;
    throw FORBIDDEN.has(number) ? forbidden(place, statement, number) : error;
  }
}

function forbidden(place: string, statement: string, number: number): ImError {
  return new ImError(
    'store-unavailable',
    `The database ${place} does not exist or is not open to this user: let an administrator run ${statement} and grant it all privileges on it.`,
    { cause: new Error(`MySQL error ${number}`) },
  );
}

/** Reads `10.11.6-MariaDB-0+deb12u1` or `8.0.36`. */
function serverOf(version: string): MysqlServer {
  // Some MariaDB servers put 5.5.5- before their version for old replicas.
  const [, major = 0, minor = 0] = (/^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const isMariaDb = /mariadb/i.test(version);
  const atLeast = (wantedMajor: number, wantedMinor: number) =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return {
    isMariaDb,
    canSkipLocked: isMariaDb ? atLeast(10, 6) : atLeast(8, 0),
    isolationVariable: isMariaDb || !atLeast(5, 7) ? 'tx_isolation' : 'transaction_isolation',
  };
}
