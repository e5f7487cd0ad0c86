// SPDX-License-Identifier: Apache-2.0
// im-admin import: takes over an exported document, or every infrastructure of a database of grycap/im.
import { open, stat } from 'node:fs/promises';
import { badRequest, errorText, ImError, type InfrastructureHeader } from '../../domain/index.js';
import {
  openReference,
  parseDataDb,
  type ReferenceRecord,
  type ReferenceTarget,
  readReferenceRecord,
  recordChanges,
  type Store,
  takeOver,
} from '../../store/index.js';
import { type AdminCommand, type AdminContext, type Arguments, DRY_RUN_OPTION, JSON_OPTION } from '../command.js';
import { countText } from '../text.js';

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
  async run(context, args) {
    const [source = ''] = args.words;
    const url = await databaseUrl(source);
    return url === undefined ? importDocument(context, args, source) : importDatabase(context, args, url);
  },
};

const LARGEST_DOCUMENT = 256 * 1024 * 1024;
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

async function importDocument(context: AdminContext, { flags }: Arguments, path: string): Promise<number> {
  const record = await readDocument(path, context.now());
  const store = flags.has('dry-run') ? await presentStore(context) : await context.openStore();
  const id = flags.has('new-id') ? context.newId() : record.infrastructure.id;
  const known = await store?.getHeader(id);
  if (known?.isDeleted === false) {
    throw badRequest(`Infrastructure ${id} lives here already: use --new-id to import it beside itself.`);
  }
  if (!flags.has('dry-run')) {
    await store?.commit(documentChanges(record, id, known));
  }
  const vms = record.vms.filter(({ isDestroyed }) => !isDestroyed).length;
  if (flags.has('json')) {
    context.out(JSON.stringify({ id, vms, isDryRun: flags.has('dry-run') }));
  } else {
    context.out(
      `${flags.has('dry-run') ? 'Would import' : 'Imported'} infrastructure ${id} with ${countText(vms, 'VM')}.`,
    );
  }
  return 0;
}

function documentChanges(record: ReferenceRecord, id: string, known: InfrastructureHeader | undefined) {
  const living = { ...record, infrastructure: { ...record.infrastructure, isDeleted: false } };
  return [
    ...(known === undefined ? [] : [{ kind: 'purge-infrastructure' as const, id }]),
    ...recordChanges(living, id),
  ];
}

async function readDocument(path: string, now: number): Promise<ReferenceRecord> {
  const file = await open(path, 'r');
  let text: string;
  try {
    const { size } = await file.stat();
    if (size > LARGEST_DOCUMENT) {
      throw badRequest(`The file ${path} has ${size} bytes: that is no document of an infrastructure.`);
    }
    text = await file.readFile('utf8');
  } finally {
    await file.close();
  }
  try {
    return readReferenceRecord(text, now);
  } catch (error) {
    // The text of the error can quote the document, and with it its passwords.
    const kind = error instanceof Error ? error.name : 'error';
    throw badRequest(`The file ${path} is no document of an infrastructure that can be read (${kind}).`);
  }
}

async function importDatabase(context: AdminContext, { flags }: Arguments, url: string): Promise<number> {
  const isDryRun = flags.has('dry-run');
  const source = await openReference(url, context.logger);
  try {
    const store = isDryRun ? await presentStore(context) : await context.openStore();
    const target: ReferenceTarget = {
      isPresent: async (id) => (await store?.getHeader(id)) !== undefined,
      write: async (_id, changes) => {
        if (!isDryRun) {
          await store?.commit(changes);
        }
      },
    };
    const report = await takeOver(
      source,
      target,
      (error) => error instanceof ImError && error.code === 'store-unavailable',
    );
    if (flags.has('json')) {
      context.out(JSON.stringify({ source: source.place, isDryRun, ...report }));
    } else {
      const { living, deleted, vms, present, failed, warnings } = report;
      context.out(
        `${isDryRun ? 'Would import' : 'Imported'} from ${source.place}: ${living} living with ${countText(vms, 'VM')}, ${deleted} deleted (for statistics); ` +
          `${present} here already, ${failed.length} failed.`,
      );
      for (const { id, text } of failed) context.out(`failed ${id}: ${text}`);
      for (const { id, text } of warnings) context.out(`warning ${id}: ${text}`);
    }
    return report.failed.length === 0 ? 0 : 1;
  } finally {
    await source.close();
  }
}

/** The database of this program for a dry run, without making anything: undefined when it is not set up yet, so that nothing is in it. */
async function presentStore(context: AdminContext): Promise<Store | undefined> {
  const { dataDb, secretsKeyFile } = context.config;
  const location = parseDataDb(dataDb);
  const isThere = async (path: string): Promise<boolean> =>
    (await stat(path).catch(() => undefined))?.isFile() === true;
  // The key is made together with the tables.
  if (!(await isThere(secretsKeyFile)) || (location.kind === 'sqlite' && !(await isThere(location.path)))) {
    return undefined;
  }
  return context.openStore();
}
