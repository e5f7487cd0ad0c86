// SPDX-License-Identifier: Apache-2.0
// A connected SQL database: sessions for reading and for writing, with bounded patience for locks and lost connections, and clear errors.
import knexModule, { type Knex } from 'knex';
import { errorText, ImError } from '../../domain/index.js';
import { DeadlineError, withTimeout } from '../../util/deadline.js';
import type { Logger } from '../../util/logger.js';
import { createPatientRunner, type Patience } from '../patience.js';
import type { Row, SqlValue } from '../rows/row.js';
import type { Dialect } from './dialect.js';
import { runTransaction, UnknownOutcome } from './transaction.js';

/** One connection for the time of a piece of work. Statements use `?` for values and portable SQL. */
export interface SqlSession {
  /** The rows of a query. */
  all(sql: string, values?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** The first row of a query. */
  first(sql: string, values?: readonly SqlValue[]): Promise<Row | undefined>;
  /** Runs a statement and returns how many rows it found. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  hasTable(name: string): Promise<boolean>;
  /** Creates a table with the settings of the database. */
  createTable(name: string, build: (table: Knex.CreateTableBuilder) => void): Promise<void>;
  /** Gives the connection up instead of using it again. Does nothing where the database is on this machine. */
  cut(): void;
}

/** Tells after a connection was lost in the middle of a commit whether the server had carried it out. */
export interface CommitWitness {
  /** Leaves a mark inside the transaction. */
  mark(session: SqlSession): Promise<void>;
  /** Was the last mark committed? Waits for the lost transaction to end. */
  wasCommitted(session: SqlSession): Promise<boolean>;
}

/** How a transaction is run. */
export interface WriteOptions {
  /** Without it, work whose commit got lost on the way is done again. */
  readonly witness?: CommitWitness | undefined;
  /** Instead of the database's own. */
  readonly lockTimeoutMs?: number;
}

/** A SQL database. Its methods throw ImErrors only. */
export interface SqlDatabase {
  readonly dialect: Dialect;
  /** Runs queries on one connection. Work is repeated when the database is locked or lost, so it must only read. */
  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /**
   * Runs a transaction. Work is repeated when the database is locked or lost, so it must only use the session.
   */
  write<T>(work: (session: SqlSession) => Promise<T>, options?: WriteOptions): Promise<T>;
  close(): Promise<void>;
}

/** How patient a database is. All in milliseconds. */
export interface SqlDatabaseOptions {
  /** How long the pauses between tries may be in all while somebody else holds a lock. */
  readonly lockTimeoutMs: number;
  /** How long work is tried again while the server cannot be reached. Default 5,000. */
  readonly lostTimeoutMs?: number;
  /** The same for the first connection: daemon and server may start together. Default: lostTimeoutMs. */
  readonly startTimeoutMs?: number;
  /** How long a server may take for one statement. Default 20,000. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed?: () => number;
  readonly logger: Logger;
}

const LOST_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 20_000;

/**
 * Connects to a database.
 * @throws ImError `store-unavailable` when it cannot be opened
 */
export async function openDatabase(dialect: Dialect, options: SqlDatabaseOptions): Promise<SqlDatabase> {
  const { logger, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const lostMs = options.lostTimeoutMs ?? LOST_TIMEOUT_MS;
  const patience: Patience = { lockedMs: options.lockTimeoutMs, lostMs };
  const closing = new AbortController();
  const patient = createPatientRunner(dialect, closing.signal, options.elapsed ?? (() => performance.now()));

  const startPatience = { ...patience, lostMs: options.startTimeoutMs ?? lostMs };
  let isLate = false;
  await patient.run(async () => {
    try {
      await dialect.prepare();
    } catch (error) {
      if (!isLate && dialect.failureKind(error) === 'lost') {
        isLate = true;
        logger.warn(
          `${dialect.describe(error).message} It is tried again for ${Math.ceil(startPatience.lostMs / 1000)} s.`,
        );
      }
      throw error;
    }
  }, startPatience);

  // Error texts with the values of the statement would carry secrets into logs.
  const knex = knexModule({
    ...dialect.knexConfig,
    compileSqlOnError: false,
    asyncStackTraces: false,
    log: knexLog(logger),
  });
  const client: Knex.Client = knex.client;

  async function acquire(): Promise<unknown> {
    try {
      return await client.acquireConnection();
    } catch (error) {
      if (dialect.failureKind(error) !== 'write') {
        throw error;
      }
      const message = `The database ${dialect.place} gives no connection in time: ${errorText(error)}`;
      throw new ImError('store-unavailable', message, { cause: error });
    }
  }

  async function withSession<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const connection = await acquire();
    const session = createSession(knex, connection, dialect, statementTimeoutMs);
    try {
      return await work(session);
    } catch (error) {
      if (error instanceof DeadlineError || dialect.failureKind(error) === 'lost') {
        session.cut();
      }
      throw error;
    } finally {
      await client.releaseConnection(connection);
    }
  }

  async function write<T>(
    work: (session: SqlSession) => Promise<T>,
    { witness, lockTimeoutMs = patience.lockedMs }: WriteOptions = {},
  ): Promise<T> {
    let uncertain: UnknownOutcome<T> | undefined;
    return await patient.run(
      () =>
        withSession(async (session) => {
          if (uncertain !== undefined && witness !== undefined) {
            if (await witness.wasCommitted(session)) {
              return uncertain.result;
            }
            uncertain = undefined;
          }
          const outcome = await runTransaction(session, dialect, logger, work, witness);
          if (outcome instanceof UnknownOutcome) {
            uncertain = outcome;
            throw outcome.error;
          }
          return outcome.result;
        }),
      { ...patience, lockedMs: lockTimeoutMs },
    );
  }

  const database: SqlDatabase = {
    dialect,
    read: (work) => patient.run(() => withSession(work), patience),
    write,
    async close() {
      if (!closing.signal.aborted) {
        closing.abort(
          new ImError('store-unavailable', `The database ${dialect.place} is closed: the daemon is stopping.`),
        );
        await knex.destroy();
      }
    },
  };
  try {
    await database.read((session) => session.all(dialect.pingQuery));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** What knex says it also throws, so it is worth no more than a debug line; without this it writes to the console. */
function knexLog(logger: Logger): Knex.Logger {
  const write = (message: unknown): void => logger.debug(`knex: ${errorText(message)}`);
  return {
    warn: write,
    error: write,
    debug: write,
    deprecate: (method, alternative) => write(`${method} -> ${alternative}`),
  };
}

function createSession(knex: Knex, connection: unknown, dialect: Dialect, statementTimeoutMs: number): SqlSession {
  const execute = (sql: string, values: readonly SqlValue[] = []): Promise<unknown> => {
    const answer = (): Promise<unknown> => Promise.resolve(knex.raw(sql, values.map(storable)).connection(connection));
    return dialect.cut === undefined
      ? answer()
      : withTimeout({ timeoutMs: statementTimeoutMs, what: `an answer of the database ${dialect.place}` }, answer);
  };
  const all = async (sql: string, values?: readonly SqlValue[]) => dialect.rows(await execute(sql, values));
  return {
    all,
    first: async (sql, values) => (await all(sql, values))[0],
    run: async (sql, values) => dialect.changedRows(await execute(sql, values)),
    hasTable: (name) => Promise.resolve(knex.schema.connection(connection).hasTable(name)),
    async createTable(name, build) {
      await knex.schema.connection(connection).createTable(name, (table) => {
        dialect.tableSettings?.(table);
        build(table);
      });
    },
    cut() {
      if (dialect.cut !== undefined && typeof connection === 'object' && connection !== null) {
        // The mark by which knex's pool knows that a connection must be replaced.
        Reflect.set(connection, '__knex__disposed', 'given up');
        dialect.cut(connection);
      }
    },
  };
}

/** PostgreSQL keeps no NUL in texts; all databases get the same replacement, which keeps the length. */
function storable(value: SqlValue): SqlValue {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
