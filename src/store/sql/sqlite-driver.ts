// SPDX-License-Identifier: Apache-2.0
// The SQLite driver for the Node that runs. better-sqlite3 13 needs Node-API 10, which came with Node 22.14; 12 compiled for Node 24.19 or newer
// ends the process when objects of it are collected (node::ObjectWrap removes a hook of an environment that is not entered then).
import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import type { Knex } from 'knex';

const NODE_API_OF_13 = 10;
const load = createRequire(import.meta.url);

/** better-sqlite3, as its package exports it. */
export const Sqlite: typeof Database = load(
  Number(process.versions.napi) >= NODE_API_OF_13 ? 'better-sqlite3' : 'better-sqlite3-node20',
);

const KnexClient: typeof Knex.Client = load('knex/lib/dialects/better-sqlite3/index.js');

/** knex's client for better-sqlite3 with this driver, whatever the name of its package. */
export class SqliteClient extends KnexClient {
  /** Asked by knex for the driver. */
  _driver(): typeof Database {
    return Sqlite;
  }
}
