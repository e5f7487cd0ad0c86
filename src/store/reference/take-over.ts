// SPDX-License-Identifier: Apache-2.0
// Takes the infrastructures of a grycap/im database over, one by one: one that fails leaves the others alone.
import { errorText } from '../../domain/index.js';
import type { Change } from '../store.js';
import { recordChanges } from './record.js';
import type { ReferenceNote, ReferenceReport } from './report.js';
import { type ReferenceRow, readReferenceRow } from './row.js';

/** The old database. */
export interface ReferenceSource {
  listIds(): Promise<readonly string[]>;
  /** Undefined when it is gone. */
  read(id: string): Promise<ReferenceRow | undefined>;
}

/** The new one. */
export interface ReferenceTarget {
  isPresent(id: string): Promise<boolean>;
  /** Writes one infrastructure completely or not at all. Statistics and purges go by the last change, not by the take-over. */
  write(id: string, changes: readonly Change[]): Promise<void>;
}

/**
 * Takes over what is not there yet. It can be run again.
 * @param isFatal tells errors of the database, which end the take-over, from those of one infrastructure
 */
export async function takeOver(
  source: ReferenceSource,
  target: ReferenceTarget,
  isFatal: (error: unknown) => boolean,
): Promise<ReferenceReport> {
  const counts = { living: 0, deleted: 0, vms: 0, present: 0 };
  const failed: ReferenceNote[] = [];
  const warnings: ReferenceNote[] = [];
  for (const id of await source.listIds()) {
    if (await target.isPresent(id)) {
      counts.present += 1;
      continue;
    }
    const row = await source.read(id);
    const read = row && readReferenceRow(row);
    if (read === undefined) {
      continue;
    }
    if (!read.ok) {
      failed.push({ id, text: read.reason });
      continue;
    }
    try {
      await target.write(id, recordChanges(read.record, id, read.savedAt));
    } catch (error) {
      if (isFatal(error)) {
        throw error;
      }
      failed.push({ id, text: errorText(error) });
      continue;
    }
    const { infrastructure, vms } = read.record;
    counts[infrastructure.isDeleted ? 'deleted' : 'living'] += 1;
    counts.vms += infrastructure.isDeleted ? 0 : vms.filter(({ isDestroyed }) => !isDestroyed).length;
    warnings.push(...read.warnings.map((text) => ({ id, text })));
  }
  return { ...counts, failed, warnings };
}
