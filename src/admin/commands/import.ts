// SPDX-License-Identifier: Apache-2.0
// im-admin import: takes over an exported document, or every infrastructure of a database of grycap/im.
import { open } from 'node:fs/promises';
import { badRequest, errorText } from '../../domain/index.js';
import { type AdminCommand, DRY_RUN_OPTION, JSON_OPTION } from '../command.js';
import { importDatabase } from '../import-database.js';
import { importDocument } from '../import-document.js';

export const importCommand: AdminCommand = {
  name: 'import',
  words: 'FILE | URL',
  wordCount: { min: 1, max: 1 },
  options: [DRY_RUN_OPTION, { name: 'new-id', help: 'give the infrastructure of a document a new id' }, JSON_OPTION],
  summary: 'take over an exported document, or all of a database of grycap/im',
  details: `FILE is a document of im-admin export or GET /infrastructures/ID/data, or an SQLite database of grycap/im 1.5 or newer; URL is a DATA_DB of
grycap/im (sqlite:, mysql:, mongodb:). Owners stay those of the records. The other database is only read, and what is here already is
passed over, so that a database can be imported again. An id that lives here is refused for a document; one that was deleted here comes back.
Stop the other daemon first: two must not work on the same machines.`,
  failure: 'something could not be read or written, or lives here already',
  examples: [
    'im-admin import --dry-run infrastructure.json',
    'im-admin import --new-id infrastructure.json',
    'im-admin import mysql://im:password@db.example/im',
  ],
  async run(context, args) {
    const [source = ''] = args.words;
    const url = await databaseUrl(source);
    return url === undefined ? importDocument(context, args, source) : importDatabase(context, args, url);
  },
};

const SQLITE_MAGIC = 'SQLite format 3\0';

/** The URL of a database; undefined for a document. */
async function databaseUrl(source: string): Promise<string | undefined> {
  if (/^[a-z][a-z0-9+.-]*:/i.test(source)) {
    return source;
  }
  try {
    const file = await open(source, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SQLITE_MAGIC.length), 0, SQLITE_MAGIC.length, 0);
      return buffer.subarray(0, bytesRead).toString('latin1') === SQLITE_MAGIC ? source : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw badRequest(`The file ${source} cannot be read: ${errorText(error)}.`, { cause: error });
  }
}
