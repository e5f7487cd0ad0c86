// SPDX-License-Identifier: Apache-2.0
// Takes over one exported infrastructure with its owners (persistence.md §5-§7).
import { open } from 'node:fs/promises';
import { badRequest } from '../domain/index.js';
import {
  type Change,
  Lenient,
  type ReferenceRecord,
  readReferenceRecord,
  recordChanges,
  type Store,
} from '../store/index.js';
import type { AdminContext, Arguments } from './command.js';
import { presentStore } from './present-store.js';
import { countText } from './text.js';

const LARGEST_DOCUMENT = 256 * 1024 * 1024;

/** @throws ImError `bad-request` when the document cannot be read or its infrastructure lives here */
export async function importDocument(context: AdminContext, { flags }: Arguments, path: string): Promise<number> {
  const reading = new Lenient();
  const record = await readDocument(path, context.now(), reading);
  const store = flags.has('dry-run') ? await presentStore(context) : await context.openStore();
  const id = flags.has('new-id') ? context.newId() : record.infrastructure.id;
  const known = await store?.getHeader(id);
  if (known?.isDeleted === false) {
    throw badRequest(`Infrastructure ${id} lives here already: use --new-id to import it beside itself.`);
  }
  if (!flags.has('dry-run')) {
    await store?.commit(await importChanges(context, store, record, id, known !== undefined));
  }
  for (const note of reading.notes) context.note(`warning: ${note}`);
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

async function importChanges(
  { newId }: AdminContext,
  store: Store,
  record: ReferenceRecord,
  id: string,
  isReturning: boolean,
): Promise<readonly Change[]> {
  const living = { ...record, infrastructure: { ...record.infrastructure, isDeleted: false } };
  const written = recordChanges(living, id);
  if (!isReturning) {
    return written;
  }
  // What was given up on belongs to it again, so that its destroy removes it.
  const left = await store.listResources(id, { states: ['intent', 'created', 'deleting', 'abandoned'] });
  return [
    { kind: 'purge-infrastructure', id },
    ...written,
    ...left.map((resource): Change => {
      const state = resource.providerId === null ? 'intent' : 'created';
      return { kind: 'insert-resource', resource: { ...resource, id: newId(), state } };
    }),
  ];
}

async function readDocument(path: string, now: number, reading: Lenient): Promise<ReferenceRecord> {
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
    return readReferenceRecord(text, { createdAt: now, reading });
  } catch (error) {
    // The text of the error can quote the document, and with it its passwords.
    const kind = error instanceof Error ? error.name : 'error';
    throw badRequest(`The file ${path} is no document of an infrastructure that can be read (${kind}).`);
  }
}
