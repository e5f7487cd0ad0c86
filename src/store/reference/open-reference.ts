// SPDX-License-Identifier: Apache-2.0
// Opens a database of grycap/im anywhere, to read its infrastructures from it (persistence.md §2).

import { errorText, ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { type MongoLocation, parseDataDb, type SqlServerLocation } from '../data-db.js';
import { connectMongo } from '../mongo/mongo-connection.js';
import { dialectOf } from '../open-store.js';
import { isRowList, type Row, type SqlValue } from '../rows/row.js';
import { openDatabase } from '../sql/database.js';
import { Sqlite } from '../sql/sqlite-driver.js';
import { collectionSource, hasCollection, REFERENCE_TABLE, type ReferenceSource, tableSource } from './sources.js';

/** An open database of grycap/im. It is only read. */
export interface OpenReference extends ReferenceSource {
  /** The database in texts: a path or a host, never a password. */
  readonly place: string;
  close(): Promise<void>;
}

const LIMITS = { lockTimeoutMs: 10_000, lostTimeoutMs: 5_000, startTimeoutMs: 5_000, statementTimeoutMs: 60_000 };

/**
 * Opens the database that a DATA_DB of grycap/im names: SQLite, MySQL or MongoDB.
 * @throws ImError `store-unavailable` when it cannot be opened, `bad-request` when it has no table of grycap/im
 */
export async function openReference(url: string, logger: Logger): Promise<OpenReference> {
  const location = parseDataDb(url);
  switch (location.kind) {
    case 'sqlite':
      return openFile(location.path);
    case 'mongodb':
      return await openCollection(location, logger);
    default:
      return await openServer(location, logger);
  }
}

function openFile(path: string): OpenReference {
  try {
    const database = new Sqlite(path, { fileMustExist: true, readonly: true });
    if (database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(REFERENCE_TABLE) === undefined) {
      database.close();
      throw noTable(path);
    }
    const all = (sql: string, values: readonly SqlValue[]): readonly Row[] => {
      const rows: unknown = database.prepare(sql).all(...values);
      return isRowList(rows) ? rows : [];
    };
    return {
      place: path,
      ...tableSource(all),
      close: async () => {
        database.close();
      },
    };
  } catch (error) {
    throw error instanceof ImError
      ? error
      : new ImError('store-unavailable', `The database ${path} cannot be read: ${errorText(error)}.`, { cause: error });
  }
}

async function openServer(location: SqlServerLocation, logger: Logger): Promise<OpenReference> {
  const dialect = await dialectOf(location, logger);
  const database = await openDatabase(dialect, { ...LIMITS, logger });
  if (!(await database.read((session) => session.hasTable(REFERENCE_TABLE)))) {
    await database.close();
    throw noTable(dialect.place);
  }
  return {
    place: dialect.place,
    ...tableSource((sql, values) => database.read((session) => session.all(sql, values))),
    close: () => database.close(),
  };
}

async function openCollection(location: MongoLocation, logger: Logger): Promise<OpenReference> {
  const connection = await connectMongo(location, { ...LIMITS, logger });
  if (!(await connection.read(hasCollection))) {
    await connection.close();
    throw noTable(connection.place);
  }
  return {
    place: connection.place,
    ...collectionSource((work) => connection.read(work)),
    close: () => connection.close(),
  };
}

function noTable(place: string): ImError {
  return new ImError('bad-request', `The database ${place} has no table ${REFERENCE_TABLE}: it is none of grycap/im.`);
}
