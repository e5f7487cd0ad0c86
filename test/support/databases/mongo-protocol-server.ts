// SPDX-License-Identifier: Apache-2.0
// What private servers that speak MongoDB's protocol have in common.
import type { Db, MongoClient } from 'mongodb';
import type { PrivateServer } from './private-server.js';

/** A private server without users that the driver can ask. */
export interface MongoProtocolServer extends PrivateServer {
  /** DATA_DB of a database on it. @param options as in a connection string, with the question mark */
  url(database: string, options?: string): string;
  /** Does something with a database by the driver. */
  with<T>(database: string, task: (db: Db) => Promise<T>): Promise<T>;
  /** Removes every document, and leaves collections and indexes. */
  empty(database: string): Promise<void>;
}

/** @param client is closed with the server */
export function withMongoClient(
  server: PrivateServer,
  client: MongoClient,
  url: MongoProtocolServer['url'],
): MongoProtocolServer {
  return {
    ...server,
    // It changes with every start.
    get pid() {
      return server.pid;
    },
    async destroy() {
      await client.close();
      await server.destroy();
    },
    url,
    with: (database, task) => task(client.db(database)),
    empty: async (database) => {
      const db = client.db(database);
      for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
        await db.collection(name).deleteMany({});
      }
    },
  };
}
