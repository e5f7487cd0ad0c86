// SPDX-License-Identifier: Apache-2.0
// What differs between the SQL databases: connecting, locking, and how their drivers answer. Everything else is shared SQL.
import type { Knex } from 'knex';
import type { FailureReader } from '../patience.js';
import type { Row } from '../rows/row.js';
import type { SqlSession } from './database.js';

/** One kind of SQL database. */
export interface Dialect extends FailureReader {
  /** The database in error texts and logs: a path or a host, never a password. */
  readonly place: string;
  /** Starts a transaction that may write; waits for, or fails as `locked` because of, another writer. */
  readonly beginWrite: string;
  /** Suffix of a SELECT that keeps the row as it is until the transaction ends. */
  readonly forUpdate: string;
  /** As forUpdate, but a row that somebody else keeps is passed over instead of waited for (where the server can do that). */
  readonly forUpdateIfFree: string;
  /** Suffix of an INSERT into the table that does nothing when a row with its key is there. */
  ignoreConflict(keyColumn: string): string;
  /** The server's own time as an SQL expression, milliseconds since 1970; undefined for a database on this machine. */
  readonly serverTime: string | undefined;
  /** A cheap query that really asks the database. */
  readonly pingQuery: string;
  /** Does a rollback take tables back too? */
  readonly hasTransactionalSchema: boolean;
  /** Takes what was deleted out of files beside the tables as well; a reader may keep it there until the next time. */
  readonly afterScrub?: string;
  /** Creates or checks what must be there before the first connection. */
  prepare(): Promise<void>;
  /** Knex's configuration: client, connection, pool. */
  readonly knexConfig: Knex.Config;
  /** What every new table gets besides its columns. */
  tableSettings?(table: Knex.CreateTableBuilder): void;
  /** Waits until no other starter runs migrations. Called in a transaction, before anything else. */
  lockMigrations?(session: SqlSession): Promise<void>;
  /** The opposite, for a lock that the end of the transaction does not give back. */
  unlockMigrations?(session: SqlSession): Promise<void>;
  /**
   * Cuts a connection that may never answer. Databases without it are on this machine: their commits cannot get lost on the way, and
   * their connection needs no replacement.
   */
  cut?(connection: unknown): void;
  /** Rows of a driver's answer to a query. */
  rows(response: unknown): readonly Row[];
  /** Number of rows that a statement found. */
  changedRows(response: unknown): number;
}
