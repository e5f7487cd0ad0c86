// SPDX-License-Identifier: Apache-2.0
// Reads logs from MongoDB: the head tells generation and size, only the chunks after the offset are read.
import type { Db } from 'mongodb';
import { integerOf, textOf } from '../rows/row.js';
import type { LogSlice } from '../store.js';
import { documentsOf, logKey } from './collections.js';

/** Reads a log from a character offset. */
export async function readLog(
  db: Db,
  infrastructureId: string,
  vm: number | null,
  fromCharacter = 0,
): Promise<LogSlice> {
  const from = Math.max(0, Math.floor(fromCharacter));
  const head = await documentsOf(db, 'log_heads').findOne({ _id: logKey(infrastructureId, vm) });
  const size = head === null ? 0 : integerOf(head, 'size');
  if (head === null || !(from < size)) {
    return { text: '', size };
  }
  const generation = textOf(head, 'generation');
  const chunks = documentsOf(db, 'log_chunks');
  // The chunk that holds the offset is the last one that starts at or before it.
  const [start] = await chunks
    .find({ generation, first_character: { $lte: from } }, { projection: { first_character: 1 } })
    .sort({ first_character: -1 })
    .limit(1)
    .toArray();
  const first = start === undefined ? 0 : integerOf(start, 'first_character');
  // Chunks at or after the size belong to an append whose head is not written yet.
  const rows = await chunks
    .find({ generation, first_character: { $gte: first, $lt: size } })
    .sort({ first_character: 1 })
    .toArray();
  const text = rows.map((row) => textOf(row, 'content')).join('');
  return { text: text.slice(from - first), size };
}

/** Reads the logs of all VMs of an infrastructure that are not empty. */
export async function readVmLogs(db: Db, infrastructureId: string): Promise<ReadonlyMap<number, string>> {
  const heads = await documentsOf(db, 'log_heads')
    .find({ infrastructure_id: infrastructureId, vm_number: { $gte: 0 }, size: { $gt: 0 } })
    .sort({ vm_number: 1 })
    .toArray();
  const texts = new Map<string, string>();
  const chunks = documentsOf(db, 'log_chunks')
    .find({ generation: { $in: heads.map((head) => textOf(head, 'generation')) } })
    .sort({ generation: 1, first_character: 1 });
  for await (const chunk of chunks) {
    const generation = textOf(chunk, 'generation');
    texts.set(generation, (texts.get(generation) ?? '') + textOf(chunk, 'content'));
  }
  return new Map(
    heads.map((head) => [
      integerOf(head, 'vm_number'),
      (texts.get(textOf(head, 'generation')) ?? '').slice(0, integerOf(head, 'size')),
    ]),
  );
}
