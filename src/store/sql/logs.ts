// SPDX-License-Identifier: Apache-2.0
// Logs in append-only chunks: an append writes only the new text, a read from an offset reads only the chunks after it.
import { acceptedText, chunksOf } from '../rows/log-text.js';
import { integerOf, textOf } from '../rows/row.js';
import type { LogSlice } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { insertRow } from './statements.js';

/** Stands for the infrastructure's own log, since a part of a primary key cannot be null. */
const OWN_LOG = -1;

const vmColumn = (vm: number | null): number => vm ?? OWN_LOG;

/**
 * Appends to a log. A log that reaches its bound gets a last line saying so and then takes nothing more; a deleted infrastructure takes
 * nothing. Characters that databases refuse (NUL, halves of a surrogate pair) are replaced, which keeps all offsets.
 */
export async function appendLog(
  batch: Batch,
  infrastructureId: string,
  vm: number | null,
  text: string,
): Promise<void> {
  const { session, maxLogCharacters } = batch;
  if (text === '' || (await batch.isDeleted(infrastructureId))) {
    return;
  }
  const size = await readSize(session, infrastructureId, vm);
  const kept = acceptedText(text, size, maxLogCharacters, () =>
    batch.logger.warn('A log has reached its bound and is cut.', { infId: infrastructureId, vmId: vm ?? undefined }),
  );
  let first = size;
  for (const chunk of chunksOf(kept)) {
    await insertRow(session, 'log_chunks', {
      infrastructure_id: infrastructureId,
      vm_number: vmColumn(vm),
      first_character: first,
      character_count: chunk.length,
      content: chunk,
    });
    first += chunk.length;
  }
}

/** Empties a log. */
export async function resetLog(session: SqlSession, infrastructureId: string, vm: number | null): Promise<void> {
  await session.run('DELETE FROM log_chunks WHERE infrastructure_id = ? AND vm_number = ?', [
    infrastructureId,
    vmColumn(vm),
  ]);
}

/** Reads a log from a character offset. */
export async function readLog(
  session: SqlSession,
  infrastructureId: string,
  vm: number | null,
  fromCharacter = 0,
): Promise<LogSlice> {
  const from = Math.max(0, Math.floor(fromCharacter));
  const size = await readSize(session, infrastructureId, vm);
  if (!(from < size)) {
    return { text: '', size };
  }
  // The chunk that holds the offset is the last one that starts at or before it.
  const rows = await session.all(
    `SELECT first_character, content FROM log_chunks
      WHERE infrastructure_id = ? AND vm_number = ? AND first_character >= (
        SELECT MAX(first_character) FROM log_chunks WHERE infrastructure_id = ? AND vm_number = ? AND first_character <= ?)
      ORDER BY first_character`,
    [infrastructureId, vmColumn(vm), infrastructureId, vmColumn(vm), from],
  );
  const [head] = rows;
  const skipped = head === undefined ? 0 : from - integerOf(head, 'first_character');
  const text = rows
    .map((row) => textOf(row, 'content'))
    .join('')
    .slice(skipped);
  return { text, size: from + text.length };
}

/** Reads the logs of all VMs of an infrastructure that are not empty. */
export async function readVmLogs(session: SqlSession, infrastructureId: string): Promise<ReadonlyMap<number, string>> {
  const rows = await session.all(
    `SELECT vm_number, content FROM log_chunks
      WHERE infrastructure_id = ? AND vm_number >= 0 ORDER BY vm_number, first_character`,
    [infrastructureId],
  );
  const logs = new Map<number, string>();
  for (const row of rows) {
    const number = integerOf(row, 'vm_number');
    logs.set(number, (logs.get(number) ?? '') + textOf(row, 'content'));
  }
  return logs;
}

async function readSize(session: SqlSession, infrastructureId: string, vm: number | null): Promise<number> {
  const last = await session.first(
    `SELECT first_character + character_count AS size FROM log_chunks
      WHERE infrastructure_id = ? AND vm_number = ? ORDER BY first_character DESC LIMIT 1`,
    [infrastructureId, vmColumn(vm)],
  );
  return last === undefined ? 0 : integerOf(last, 'size');
}
