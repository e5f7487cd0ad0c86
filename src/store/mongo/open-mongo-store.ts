// SPDX-License-Identifier: Apache-2.0
// Opens a store on MongoDB.
import type { Logger } from '../../util/logger.js';
import type { MongoLocation } from '../data-db.js';
import { OWNER_HASH_SETTING } from '../rows/owner-hash.js';
import { createSealer, type Sealer } from '../sealing.js';
import { loadSealingKey } from '../sealing-key.js';
import type { Store } from '../store.js';
import { documentsOf, SETTINGS } from './collections.js';
import { createJournaledWriter } from './journaled-writer.js';
import { connectMongo, type MongoConnectionOptions } from './mongo-connection.js';
import { createMongoStore } from './mongo-store.js';
import { requireOneKey, resealMongo } from './reseal.js';
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
    await connection.read((database) => requireOneKey(database, place));
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

/**
 * Gives the database a new key: finishes what a daemon that died was about to write, then seals everything anew.
 * @returns number of values
 * @throws ImError `store-unavailable`
 */
export async function rotateMongoKey(
  location: MongoLocation,
  options: MongoConnectionOptions & { readonly newId: () => string },
  from: Sealer,
  to: Sealer,
): Promise<number> {
  const connection = await connectMongo(location, options);
  const { db, patient, patience, failures } = connection;
  try {
    if (!connection.hasTransactions) {
      const writerId = options.newId();
      const writer = createJournaledWriter({ db, writerId, patient, patience, failures, logger: options.logger });
      await writer.write(() => Promise.resolve());
    }
    const isNew = (sealed: string): boolean => isSealedBy(sealed, to);
    return await connection.read((database) => resealMongo(database, from, to, isNew));
  } finally {
    await connection.close();
  }
}

/** The name of its key is part of a sealed text. */
function isSealedBy(sealed: string, sealer: Sealer): boolean {
  const keyOf = (text: string): string | undefined => text.split('.')[1];
  return keyOf(sealed) === keyOf(sealer.seal('', ''));
}
