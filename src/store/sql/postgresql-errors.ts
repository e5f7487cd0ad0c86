// SPDX-License-Identifier: Apache-2.0
// What the SQLSTATEs of PostgreSQL and the errors of the pg driver mean.
import { ImError } from '../../domain/index.js';
import { DeadlineError } from '../../util/deadline.js';
import type { FailureKind } from '../patience.js';
import { isObject } from '../rows/row.js';
import { isConnectionError, isTlsError } from './connection-errors.js';
import { describeNamedFailure, describeUnnamedFailure } from './server-failure.js';

/** Serialization failure, deadlock, lock timeout. */
const LOCKED: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);

/**
 * The connection class, too many connections, shut down or killed, starting up, idle in a transaction for too long, statement timeout,
 * read-only after a failover.
 */
const LOST = /^(08...|53300|57P0[1-5]|25P03|57014|25006)$/;

/** Values, constraints, and statements that do not fit the tables. */
const WRITE = /^(21|22|23|42)/;

const REMEDIES: Readonly<Record<string, string>> = {
  '25006': 'takes no writes (read-only server): name the server that does in DATA_DB',
  '28000': 'refuses the user: correct DATA_DB or pg_hba.conf of its server',
  '28P01': 'refuses the user or the password: correct DATA_DB',
  '3D000': 'does not exist: create it or correct DATA_DB',
  '40001': 'is locked by another session: wait until its work is done, or end it',
  '40P01': 'is locked by another session: wait until its work is done, or end it',
  '42501': 'refuses a statement of this user: let it own the database and its schema',
  '53100': 'cannot grow, the disk is full: free space on its server; nothing was written',
  '53300': 'has no connection left: raise max_connections of its server or lower poolSize in DATA_DB',
  '55P03': 'is locked by another session: wait until its work is done, or end it',
  '57P03': 'is starting up or shutting down: wait until it is ready',
};

/** The SQLSTATE of an error; undefined for errors of another origin. */
export function sqlState(error: unknown): string | undefined {
  return isObject(error) && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error
    ? error.code
    : undefined;
}

/** See {@link FailureKind}. */
export function postgresqlFailureKind(error: unknown): FailureKind {
  if (error instanceof ImError) {
    return 'write';
  }
  const state = sqlState(error);
  if (state !== undefined) {
    if (LOCKED.has(state)) {
      return 'locked';
    }
    if (LOST.test(state)) {
      return 'lost';
    }
    return WRITE.test(state) ? 'write' : 'database';
  }
  if (isTlsError(error)) {
    return 'database';
  }
  return error instanceof DeadlineError || isConnectionError(error) ? 'lost' : 'write';
}

/** The server's own texts quote values, so only the state and the names in question are told. */
export function describePostgresqlError(error: unknown, place: string): ImError {
  if (error instanceof ImError) {
    return error;
  }
  const state = sqlState(error);
  if (state !== undefined) {
    const cause = new Error(namesOf(error, state));
    return describeNamedFailure({ cause, remedy: REMEDIES[state], isRefusedWrite: WRITE.test(state) }, place);
  }
  return describeUnnamedFailure(error, postgresqlFailureKind(error) === 'lost', place);
}

function namesOf(error: unknown, state: string): string {
  const { constraint, column, table } = isObject(error) ? error : {};
  const names = [table, column, constraint].filter((name) => typeof name === 'string');
  return `SQLSTATE ${state}${names.length === 0 ? '' : ` at ${names.join(' ')}`}`;
}
