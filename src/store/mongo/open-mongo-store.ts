// SPDX-License-Identifier: Apache-2.0
// Opens a store on MongoDB.
import type { Logger } from '../../util/logger.js';
import type { MongoLocation } from '../data-db.js';
import { OWNER_HASH_SETTING } from '../rows/owner-hash.js';
import { createSealer } from '../sealing.js';
import { loadSealingKey } from '../sealing-key.js';
import type { Store } from '../store.js';
import { documentsOf, SETTINGS } from './collections.js';
import { createJournaledWriter } from './journaled-writer.js';
import { connectMongo, type MongoConnectionOptions } from './mongo-connection.js';
import { createMongoStore } from './mongo-store.js';
import { createTransactionalWriter } from './transactional-writer.js';

/** What {@link openMongoStore} needs besides the limits of the connection. */
export interface MongoStoreOptions extends MongoConnectionOptions {
  readonly keyFile: string;
  readonly logger: Logger;
  readonly now: () => number;
  readonly newId: () => string;
  readonly maxLogCharacters: number;
  readonly leasesByOwnTime: boolean;
}

/** @throws ImError `store-unavailable` naming the place and the remedy when the database or its key cannot be used */
export async function openMongoStore(location: MongoLocation, options: MongoStoreOptions): Promise<Store> {
  const { logger, newId } = options;
  const connection = await connectMongo(location, options);
  const { client, db, patient, patience, failures, place } = connection;
  try {
    const holdsSealedValues = (): Promise<boolean> =>
      connection.read(
        async (database) => (await documentsOf(database, SETTINGS).findOne({ _id: OWNER_HASH_SETTING })) !== null,
      );
    const key = await loadSealingKey(options.keyFile, place, holdsSealedValues, logger);
    const writer = connection.hasTransactions
      ? createTransactionalWriter(client, db, patient, patience, place)
      : createJournaledWriter({ db, writerId: newId(), patient, patience, failures, logger });
    return createMongoStore({ ...options, connection, writer, sealer: createSealer([key]) });
  } catch (error) {
    await connection.close();
    throw error;
  }
}
