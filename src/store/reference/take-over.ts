// SPDX-License-Identifier: Apache-2.0
// Takes the infrastructures of a grycap/im database over, one by one: one that fails leaves the others alone.
import { errorText } from '../../domain/index.js';
import type { Change } from '../store.js';
import { ownId } from './own-id.js';
import { recordChanges } from './record.js';
import type { ReferenceNote, ReferenceReport } from './report.js';
import { type ReadRow, type ReferenceRow, readReferenceRow } from './row.js';
import type { ReferenceKey, ReferenceSource } from './sources.js';

/** The new one. */
export interface ReferenceTarget {
  isPresent(id: string): Promise<boolean>;
  /** Writes one infrastructure completely or not at all. Statistics and purges go by the last change, not by the take-over. */
  write(id: string, changes: readonly Change[]): Promise<void>;
}

/** How a take-over is done. */
export interface TakeOverOptions {
  /** Tells errors of the database, which end the take-over, from those of one infrastructure. */
  isFatal(error: unknown): boolean;
  /** Only these ids; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** How many at a time, where the target writes together what comes together. Default 1. */
  readonly together?: number;
}

/** What stands for the id of rows that have none. */
const NO_ID = '(no id)';
const LONGEST_SHOWN = 80;

/** What became of one id. */
type Outcome =
  | { readonly kind: 'taken'; readonly read: Extract<ReadRow, { ok: true }>; readonly warnings: readonly string[] }
  | { readonly kind: 'present' | 'gone' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Takes over what is not there yet. It can be run again. */
export async function takeOver(
  source: ReferenceSource,
  target: ReferenceTarget,
  { isFatal, only, together = 1 }: TakeOverOptions,
): Promise<ReferenceReport> {
  const counts = { living: 0, deleted: 0, vms: 0, present: 0 };
  const failed: ReferenceNote[] = [];
  const warnings: ReferenceNote[] = [];
  const keys = onceEach(await source.listIds()).filter((key) => only === undefined || only.has(shownId(key)));
  for (let start = 0; start < keys.length; start += together) {
    const part = keys.slice(start, start + together);
    const ended = await Promise.allSettled(part.map((key) => takeOne(source, target, isFatal, key)));
    for (const [index, end] of ended.entries()) {
      if (end.status === 'rejected') throw end.reason;
      const id = shownId(part[index]);
      const outcome = end.value;
      if (outcome.kind === 'present') counts.present += 1;
      if (outcome.kind === 'failed') failed.push({ id, text: outcome.reason });
      if (outcome.kind !== 'taken') continue;
      const { infrastructure, vms } = outcome.read.record;
      counts[infrastructure.isDeleted ? 'deleted' : 'living'] += 1;
      counts.vms += infrastructure.isDeleted ? 0 : vms.filter(({ isDestroyed }) => !isDestroyed).length;
      warnings.push(...outcome.warnings.map((text) => ({ id, text })));
    }
  }
  return { ...counts, failed, warnings };
}

async function takeOne(
  source: ReferenceSource,
  target: ReferenceTarget,
  isFatal: TakeOverOptions['isFatal'],
  key: unknown,
): Promise<Outcome> {
  if (!isKey(key)) {
    return { kind: 'failed', reason: 'the row has no id that can be read: give it one, or delete it' };
  }
  const id = ownId(String(key));
  if (await target.isPresent(id)) {
    return { kind: 'present' };
  }
  try {
    // Where letters of both cases are the same to the server, it finds more than was asked for.
    const rows = (await source.read(key)).filter((row) => String(row.id) === String(key));
    const [read, others] = newestOf(rows, id);
    if (read === undefined) {
      return { kind: 'gone' };
    }
    if (!read.ok) {
      return { kind: 'failed', reason: read.reason };
    }
    await target.write(id, recordChanges(read.record, id, read.savedAt));
    return {
      kind: 'taken',
      read,
      warnings: [...idWarnings(id, String(key)), ...otherWarnings(others), ...read.warnings],
    };
  } catch (error) {
    if (isFatal(error)) {
      throw error;
    }
    // Another starter may have been faster.
    return (await target.isPresent(id))
      ? { kind: 'present' }
      : { kind: 'failed', reason: errorText(error).replace(/\.$/, '') };
  }
}

/** Ids in their order, each once; rows without one stay as many as they are. */
function onceEach(ids: readonly unknown[]): readonly unknown[] {
  const seen = new Set<string>();
  return ids.filter((id) => {
    const isNew = !isKey(id) || !seen.has(String(id));
    seen.add(String(id));
    return isNew;
  });
}

const isKey = (id: unknown): id is ReferenceKey => (typeof id === 'string' && id !== '') || typeof id === 'number';

/** An id for texts: somebody may have written anything into the table. */
function shownId(id: unknown): string {
  return isKey(id)
    ? String(id)
        .replace(/[\p{C}\p{Z}]/gu, '?')
        .slice(0, LONGEST_SHOWN)
    : NO_ID;
}

/** Of several rows with one id, the one that was saved last, and how many others there are. */
function newestOf(rows: readonly ReferenceRow[], id: string): readonly [ReadRow | undefined, number] {
  const [first, ...others] = rows.map((row) => readReferenceRow(row, id));
  const age = (read: ReadRow): number => (read.ok ? (read.savedAt ?? 0) : -1);
  const newest = others.reduce(
    (best: ReadRow | undefined, read) => (best === undefined || age(read) >= age(best) ? read : best),
    first,
  );
  return [newest, others.length];
}

function idWarnings(id: string, key: string): readonly string[] {
  return id === key
    ? []
    : [
        `its id is none that this service can use: it is ${id} here. Networks and groups that were made under the name ${shownId(key)} are not removed with it`,
      ];
}

function otherWarnings(others: number): readonly string[] {
  return others === 0
    ? []
    : [`the table has ${others} further row(s) with its id, which are left out: the one that was saved last was taken`];
}
