// SPDX-License-Identifier: Apache-2.0
// Where rows of grycap/im are read from: its table in a SQL database, or its collection in MongoDB. Both are only read.
import type { Db } from 'mongodb';
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

/** The collection. @param read runs work on the database */
export function collectionSource(read: <T>(work: (db: Db) => Promise<T>) => Promise<T>): ReferenceSource {
  return {
    listIds: () =>
      read(async (db) => {
        const found = db.collection(REFERENCE_TABLE).find({}, { projection: { id: 1 } });
        const ids: readonly unknown[] = (await found.toArray()).map(({ id }) => id);
        return ids.toSorted((one, other) => (String(one) < String(other) ? -1 : 1));
      }),
    read: (id) => read(async (db) => (await db.collection(REFERENCE_TABLE).find({ id }).toArray()).map(referenceRow)),
  };
}

/** Is the collection there? */
export const hasCollection = async (db: Db): Promise<boolean> =>
  (await db.listCollections({ name: REFERENCE_TABLE }, { nameOnly: true }).toArray()).length > 0;

function referenceRow(row: Row): ReferenceRow {
  return { id: row.id, deleted: row.deleted, date: row.date, data: row.data, auth: row.auth };
}
