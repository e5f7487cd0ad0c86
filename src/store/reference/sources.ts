// SPDX-License-Identifier: Apache-2.0
// Where rows of grycap/im are read from: its table in a SQL database, or its collection in MongoDB. Both are only read.
import type { Db, ObjectId } from 'mongodb';
import type { Row, SqlValue } from '../rows/row.js';
import type { ReferenceRow } from './row.js';

/** What can be looked up. */
export type ReferenceKey = string | number;

/** The old database. */
export interface ReferenceSource {
  /** The ids of all rows as they are: also those that are none, and the same one again. */
  listIds(): Promise<readonly unknown[]>;
  /** All rows with an id; empty when they are gone. */
  read(id: ReferenceKey): Promise<readonly ReferenceRow[]>;
}

/** Name of the table, and of the collection. */
export const REFERENCE_TABLE = 'inf_list';

/** The table. @param all runs a query */
export function tableSource(
  all: (sql: string, values: readonly SqlValue[]) => readonly Row[] | Promise<readonly Row[]>,
): ReferenceSource {
  return {
    listIds: async () => (await all(`SELECT id FROM ${REFERENCE_TABLE} ORDER BY id`, [])).map(({ id }) => id),
    read: async (id) => (await all(`SELECT * FROM ${REFERENCE_TABLE} WHERE id = ?`, [id])).map(referenceRow),
  };
}

/** The collection. Documents are read by `_id`: an old collection need not have an index on the id. @param read runs work on the database */
export function collectionSource(read: <T>(work: (db: Db) => Promise<T>) => Promise<T>): ReferenceSource {
  const documents = new Map<unknown, ObjectId[]>();
  return {
    listIds: () =>
      read(async (db) => {
        documents.clear();
        for await (const { _id, id } of db.collection(REFERENCE_TABLE).find({}, { projection: { id: 1 } })) {
          const found = documents.get(id);
          if (found === undefined) documents.set(id, [_id]);
          else found.push(_id);
        }
        const ids = [...documents].flatMap(([id, found]) => found.map(() => id));
        return ids.sort((one, other) => (String(one) < String(other) ? -1 : 1));
      }),
    read: (id) =>
      read(async (db) => {
        const found = await Promise.all(
          (documents.get(id) ?? []).map((_id) => db.collection(REFERENCE_TABLE).findOne({ _id })),
        );
        return found.flatMap((row) => (row === null ? [] : [referenceRow(row)]));
      }),
  };
}

/** Is the collection there? */
export const hasCollection = async (db: Db): Promise<boolean> =>
  (await db.listCollections({ name: REFERENCE_TABLE }, { nameOnly: true }).toArray()).length > 0;

function referenceRow(row: Row): ReferenceRow {
  return { id: row.id, deleted: row.deleted, date: row.date, data: row.data, auth: row.auth };
}
