// SPDX-License-Identifier: Apache-2.0
// What tests do as the administrator of a private MariaDB or MySQL server.
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { PrivateServer } from './private-server.js';

const PASSWORD = 'p@ss:wörd/1';

/** A server with an administrator `im`, whose password needs encoding in URLs. */
export interface MysqlServer extends PrivateServer {
  /** File of its self-signed certificate. */
  readonly certificate: string;
  /** DATA_DB of a database on it. */
  url(database: string, options?: string): string;
  /** Runs statements as administrator, each in its own transaction. */
  run(...statements: readonly string[]): Promise<void>;
  runIn(database: string, ...statements: readonly string[]): Promise<void>;
  /** The rows of a query. */
  query(statement: string): Promise<unknown>;
  endConnections(database: string): Promise<void>;
  dropDatabase(database: string): Promise<void>;
  /** Keeps the rows of a SELECT ... FOR UPDATE until the returned function is called. */
  lockRow(database: string, select: string): Promise<() => Promise<void>>;
}

/** Gives a server its administrator. Its socket is the file `socket` of its directory, and root has no password there. */
export async function withAdministrator(server: PrivateServer, certificate: string): Promise<MysqlServer> {
  const { directory, port } = server;
  const connect = (database?: string) =>
    createConnection({
      socketPath: join(directory, 'socket'),
      user: 'root',
      ...(database !== undefined && { database }),
    });
  const runOn = async (connection: Connection, statements: readonly string[]): Promise<void> => {
    try {
      for (const statement of statements) {
        await connection.query(statement);
      }
    } finally {
      await connection.end();
    }
  };
  const run = async (...statements: readonly string[]) => runOn(await connect(), statements);
  await run(
    `CREATE USER im@'%' IDENTIFIED BY '${PASSWORD}'`,
    `GRANT ALL ON *.* TO im@'%' WITH GRANT OPTION`,
    `CREATE USER guest@'%' IDENTIFIED BY 'guest'`,
  );
  return {
    ...server,
    get pid() {
      return server.pid;
    },
    certificate,
    run,
    runIn: async (database, ...statements) => runOn(await connect(database), statements),
    async query(statement) {
      const connection = await connect();
      const [rows] = await connection.query(statement);
      await connection.end();
      return rows;
    },
    async endConnections(database) {
      const connection = await connect();
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT id FROM information_schema.processlist WHERE db = ?',
        [database],
      );
      for (const { id } of rows) {
        await connection.query(`KILL ${id}`).catch(ignoreGone);
      }
      await connection.end();
    },
    dropDatabase: (database) => run(`DROP DATABASE IF EXISTS ${database}`),
    async lockRow(database, select) {
      const connection = await connect(database);
      await connection.query('START TRANSACTION');
      await connection.query(select);
      return () => connection.end();
    },
    url: (database, query = '') => `mysql://im:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}${query}`,
  };
}

/** The connection ended by itself since it was listed. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof Error && 'errno' in error && error.errno === 1094)) {
    throw error;
  }
}
