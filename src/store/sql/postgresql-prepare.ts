// SPDX-License-Identifier: Apache-2.0
// Before the first use of a PostgreSQL server: the database, created when it is missing.
import type { Client, ClientConfig } from 'pg';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { sqlState } from './postgresql-errors.js';

const UNKNOWN_DATABASE = '3D000';
const FORBIDDEN: ReadonlySet<string> = new Set(['42501', '28000', '28P01', '3D000']);
/** Another starter was faster. */
const EXISTS: ReadonlySet<string> = new Set(['42P04', '23505']);

/** @throws the driver's error, or an ImError `store-unavailable` when the database is missing and may not be created */
export async function preparePostgresql(
  options: ClientConfig,
  database: string,
  place: string,
  logger: Logger,
): Promise<void> {
  try {
    await withClient({ ...options, database }, (client) => requireUtf8(client, place));
    return;
  } catch (error) {
    if (sqlState(error) !== UNKNOWN_DATABASE) {
      throw error;
    }
  }
  const statement = `CREATE DATABASE "${database.replaceAll('"', '""')}" ENCODING 'UTF8' TEMPLATE template0`;
  try {
    await withClient({ ...options, database: 'postgres' }, async (client) => {
      await client.query(statement);
    });
    logger.info(`The database ${place} was created.`);
  } catch (error) {
    const state = sqlState(error) ?? '';
    if (EXISTS.has(state)) {
      return;
    }
    if (FORBIDDEN.has(state)) {
      throw new ImError(
        'store-unavailable',
        `The database ${place} does not exist and this user may not create it: let an administrator run ${statement} and make it its owner.`,
        { cause: new Error(`SQLSTATE ${state}`) },
      );
    }
    throw error;
  }
}

async function requireUtf8(client: Client, place: string): Promise<void> {
  const { rows } = await client.query(`SELECT current_setting('server_encoding') AS encoding`);
  if (rows[0]?.encoding !== 'UTF8') {
    throw new ImError(
      'store-unavailable',
      `The database ${place} cannot keep all texts: it must have the encoding UTF8.`,
    );
  }
}

async function withClient(options: ClientConfig, task: (client: Client) => Promise<void>): Promise<void> {
  // Loaded only where it is used.
  const { default: pg } = await import('pg');
  const client = new pg.Client(options);
  // A connection that is cut between two statements says so here; the next statement fails by itself.
  client.on('error', () => {});
  await client.connect();
  try {
    await task(client);
  } finally {
    await client.end();
  }
}
