// SPDX-License-Identifier: Apache-2.0
// What the errors of MySQL, MariaDB and the mysql2 driver mean.
import { ImError } from '../../domain/index.js';
import { DeadlineError } from '../../util/deadline.js';
import type { FailureKind } from '../patience.js';
import { isObject } from '../rows/row.js';
import { isConnectionError, isTlsError } from './connection-errors.js';
import { describeNamedFailure, describeUnnamedFailure } from './server-failure.js';

/** Lock wait timeout and deadlock; also what fails a starter that waits for another one's migrations. */
const LOCKED: ReadonlySet<number> = new Set([1205, 1213]);

/**
 * The server is not (any more) one that takes writes on this connection: too many connections, shutting down, killed, idle too long,
 * read-only after a failover, outside of its cluster.
 */
const LOST: ReadonlySet<number> = new Set([
  1040, 1047, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1290, 1317, 1836, 1927, 3024, 4031,
]);

/** Constraints and values that do not fit: the fault of one write. */
const WRITE: ReadonlySet<number> = new Set([
  1048, 1062, 1064, 1054, 1146, 1153, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 1690, 3819, 4025,
]);

const REMEDIES: Readonly<Record<number, string>> = {
  1021: 'cannot grow, the disk is full: free space on its server; nothing was written',
  1026: 'cannot be written: look into the log of its server',
  1040: 'has no connection left: raise max_connections of its server or lower poolSize in DATA_DB',
  1044: 'may not be used by this user: grant it all privileges on the database',
  1045: 'refuses the user or the password: correct DATA_DB',
  1049: 'does not exist: create it or correct DATA_DB',
  1114: 'cannot grow, the disk is full: free space on its server; nothing was written',
  1142: 'refuses a statement of this user: grant it all privileges on the database',
  1153: 'takes no text of this size: raise max_allowed_packet of its server',
  1205: 'is locked by another session: wait until its work is done, or end it',
  1213: 'is locked by another session: wait until its work is done, or end it',
  1290: 'takes no writes (read-only server): name the server that does in DATA_DB',
  1665: 'cannot be used with binlog_format = STATEMENT: set it to MIXED or ROW',
  1836: 'takes no writes (read-only server): name the server that does in DATA_DB',
};

/** MySQL's number of an error; undefined for errors of another origin. */
export function errorNumber(error: unknown): number | undefined {
  return isObject(error) && typeof error.errno === 'number' && error.errno > 0 ? error.errno : undefined;
}

/** A wait for another starter's migrations that took too long. */
export function migrationsAreLocked(): Error {
  return Object.assign(new Error('another daemon runs the migrations'), { errno: 1205, code: 'ER_LOCK_WAIT_TIMEOUT' });
}

/** See {@link FailureKind}. */
export function mysqlFailureKind(error: unknown): FailureKind {
  if (error instanceof ImError) {
    return 'write';
  }
  const number = errorNumber(error);
  if (number !== undefined && number >= 1000) {
    if (LOCKED.has(number)) {
      return 'locked';
    }
    if (LOST.has(number)) {
      return 'lost';
    }
    return WRITE.has(number) ? 'write' : 'database';
  }
  if (isTlsError(error)) {
    return 'database';
  }
  return error instanceof DeadlineError || isConnectionError(error) ? 'lost' : 'write';
}

/** The server's own texts quote values, so only their number, name, key and column are told. */
export function describeMysqlError(error: unknown, place: string): ImError {
  if (error instanceof ImError) {
    return error;
  }
  const number = errorNumber(error);
  if (number !== undefined && number >= 1000) {
    const cause = new Error(namesOf(error, number));
    return describeNamedFailure({ cause, remedy: REMEDIES[number], isRefusedWrite: WRITE.has(number) }, place);
  }
  return describeUnnamedFailure(error, mysqlFailureKind(error) === 'lost', place);
}

function namesOf(error: unknown, number: number): string {
  const { code, sqlMessage } = isObject(error) ? error : {};
  const name = typeof code === 'string' ? code : 'error';
  const target =
    typeof sqlMessage === 'string' ? /for (?:key|column) '([^']{1,100})'/.exec(sqlMessage)?.[1] : undefined;
  return `${name} ${number}${target === undefined ? '' : ` at ${target}`}`;
}
