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
}

/** What stands for the id of rows that have none. */
const NO_ID = '(no id)';
const LONGEST_SHOWN = 80;

/** Takes over what is not there yet. It can be run again. */
export async function takeOver(
  source: ReferenceSource,
  target: ReferenceTarget,
  { isFatal, only }: TakeOverOptions,
): Promise<ReferenceReport> {
  const counts = { living: 0, deleted: 0, vms: 0, present: 0 };
  const failed: ReferenceNote[] = [];
  const warnings: ReferenceNote[] = [];
  const done = new Set<string>();
  for (const key of await source.listIds()) {
    const shown = shownId(key);
    if (only !== undefined && !only.has(shown)) {
      continue;
    }
    if (!isKey(key)) {
      failed.push({ id: shown, text: 'the row has no id that can be read: give it one, or delete it' });
      continue;
    }
    if (done.has(String(key))) {
      continue;
    }
    done.add(String(key));
    const id = ownId(String(key));
    if (await target.isPresent(id)) {
      counts.present += 1;
      continue;
    }
    try {
      const rows = (await source.read(key)).filter((row) => String(row.id) === String(key));
      const [read, others] = newestOf(rows, id);
      if (read === undefined) {
        continue;
      }
      if (!read.ok) {
        failed.push({ id: shown, text: read.reason });
        continue;
      }
      await target.write(id, recordChanges(read.record, id, read.savedAt));
      const { infrastructure, vms } = read.record;
      counts[infrastructure.isDeleted ? 'deleted' : 'living'] += 1;
      counts.vms += infrastructure.isDeleted ? 0 : vms.filter(({ isDestroyed }) => !isDestroyed).length;
      const notes = [...idWarnings(shown, id, String(key)), ...otherWarnings(others), ...read.warnings];
      warnings.push(...notes.map((text) => ({ id: shown, text })));
    } catch (error) {
      if (isFatal(error)) {
        throw error;
      }
      // Another starter may have been faster.
      if (await target.isPresent(id)) {
        counts.present += 1;
      } else {
        failed.push({ id: shown, text: errorText(error).replace(/\.$/, '') });
      }
    }
  }
  return { ...counts, failed, warnings };
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

function idWarnings(shown: string, id: string, key: string): readonly string[] {
  return id === key
    ? []
    : [
        `its id is none that this service can use: it is ${id} here. Networks and groups that were made under the name ${shown} are not removed with it`,
      ];
}

function otherWarnings(others: number): readonly string[] {
  return others === 0
    ? []
    : [`the table has ${others} further row(s) with its id, which are left out: the one that was saved last was taken`];
}
