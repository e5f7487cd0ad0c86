// SPDX-License-Identifier: Apache-2.0
// What a group reads of the server while it is put together, each document once.
import type { ClientSession, Db } from 'mongodb';
import type { Row } from '../rows/row.js';
import { type CollectionName, documentsOf } from './collections.js';

/** Reads documents. */
export interface DocumentSource {
  get(collection: CollectionName, id: string): Promise<Row | undefined>;
}

/** A source that can read ahead. */
export interface PrefetchingSource extends DocumentSource {
  prefetch(collection: CollectionName, ids: readonly string[]): Promise<void>;
}

/** Ids per query. */
const MOST_TOGETHER = 1_000;

/** Reads from the server, in a transaction when a session is given. */
export function createSource(db: Db, session: ClientSession | undefined): PrefetchingSource {
  const known = new Map<string, Row | undefined>();
  const options = session === undefined ? {} : { session };
  const keyOf = (collection: CollectionName, id: string): string => `${collection} ${id}`;
  return {
    async get(collection, id) {
      const key = keyOf(collection, id);
      if (!known.has(key)) {
        known.set(key, (await documentsOf(db, collection).findOne({ _id: id }, options)) ?? undefined);
      }
      return known.get(key);
    },
    async prefetch(collection, ids) {
      for (let start = 0; start < ids.length; start += MOST_TOGETHER) {
        const part = ids.slice(start, start + MOST_TOGETHER);
        for (const id of part) {
          known.set(keyOf(collection, id), undefined);
        }
        for await (const document of documentsOf(db, collection).find({ _id: { $in: part } }, options)) {
          known.set(keyOf(collection, document._id), document);
        }
      }
    },
  };
}
