// SPDX-License-Identifier: Apache-2.0
// Inserts a document unless one of its key is there: the one thing that is atomic everywhere.
import type { Collection } from 'mongodb';
import type { MongoDocument, MongoFields } from './collections.js';
import { isDuplicate } from './mongo-errors.js';

/** @returns false when there was one */
export async function insertUnlessThere(
  collection: Collection<MongoDocument>,
  id: string,
  fields: MongoFields,
): Promise<boolean> {
  try {
    await collection.insertOne({ _id: id, ...fields });
    return true;
  } catch (error) {
    if (isDuplicate(error)) {
      return false;
    }
    throw error;
  }
}
