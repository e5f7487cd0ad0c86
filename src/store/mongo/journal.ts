// SPDX-License-Identifier: Apache-2.0
// The journal of a server without transactions: what a batch will write, so that anybody can finish it.
import type { Db } from 'mongodb';
import { integerOf, isObject, textOf, unreadable } from '../rows/row.js';
import { COLLECTIONS, documentsOf, JOURNAL } from './collections.js';
import type { DocumentWrite } from './writes.js';

/** A document may have 16 MiB. */
const PART_CHARACTERS = 3 * 1024 * 1024;

/** Writes what the batch is going to do. It counts for nothing until the batch is committed. */
export async function writeJournal(db: Db, batch: number, writes: readonly DocumentWrite[]): Promise<void> {
  let part = 0;
  for (const content of partsOf(writes)) {
    await documentsOf(db, JOURNAL).insertOne({ _id: `${batch}/${part}`, batch, part, content });
    part += 1;
  }
}

/** What a batch was going to do; empty when it is done. */
export async function readJournal(db: Db, batch: number): Promise<readonly DocumentWrite[]> {
  const parts = await documentsOf(db, JOURNAL).find({ batch }).toArray();
  return parts
    .sort((a, b) => integerOf(a, 'part') - integerOf(b, 'part'))
    .flatMap((part) => parseWrites(textOf(part, 'content')));
}

/** Forgets a batch that was written. */
export async function clearJournal(db: Db, batch: number): Promise<void> {
  await documentsOf(db, JOURNAL).deleteMany({ batch });
}

function* partsOf(writes: readonly DocumentWrite[]): Generator<string> {
  let part: string[] = [];
  let size = 0;
  for (const write of writes) {
    const text = JSON.stringify(write);
    if (size > 0 && size + text.length > PART_CHARACTERS) {
      yield `[${part.join(',')}]`;
      part = [];
      size = 0;
    }
    part.push(text);
    size += text.length;
  }
  yield `[${part.join(',')}]`;
}

function parseWrites(text: string): readonly DocumentWrite[] {
  const writes: unknown = JSON.parse(text);
  return Array.isArray(writes) && writes.every(isWrite) ? writes : unreadable('journal');
}

/** The journal is written by this room alone, so its form is checked only as far as it decides what is done. */
function isWrite(value: unknown): value is DocumentWrite {
  if (!isObject(value) || !COLLECTIONS.some((name) => name === value.collection)) {
    return false;
  }
  switch (value.kind) {
    case 'remove-many':
    case 'update-many':
      return isObject(value.where) && typeof value.where.infrastructureId === 'string';
    case 'insert':
    case 'update':
    case 'touch':
      return typeof value.id === 'string';
    default:
      return false;
  }
}
