// SPDX-License-Identifier: Apache-2.0
// What the take-over of a database of grycap/im did, for the log and for the record.
import type { Logger } from '../../util/logger.js';

/** Something to tell of one infrastructure. */
export interface ReferenceNote {
  readonly id: string;
  readonly text: string;
}

/** The outcome of a take-over. */
export interface ReferenceReport {
  /** Living infrastructures that were taken over. */
  readonly living: number;
  /** Deleted ones, kept for statistics. */
  readonly deleted: number;
  /** VMs of the living ones. */
  readonly vms: number;
  /** Were here already. */
  readonly present: number;
  /** Could not be taken over. Their rows stay in the old table. */
  readonly failed: readonly ReferenceNote[];
  readonly warnings: readonly ReferenceNote[];
}

/** Writes the report into the log. @param place the database */
export function logReferenceReport(report: ReferenceReport, place: string, logger: Logger): void {
  const { living, deleted, vms, present, failed, warnings } = report;
  logger.info(
    `Took over the infrastructures of grycap/im in ${place}: ${living} living with ${vms} VMs, ${deleted} deleted (for statistics), ` +
      `${present} were here already, ${failed.length} failed. Its table inf_list is unchanged and still holds passwords: ` +
      'drop it when you will not go back.',
  );
  for (const { id, text } of failed) {
    logger.error(`Infrastructure ${id} of grycap/im could not be taken over: ${text}.`, { infId: id });
  }
  for (const { id, text } of warnings) {
    logger.warn(`Infrastructure ${id} of grycap/im: ${text}.`, { infId: id });
  }
  if (failed.length > 0) {
    logger.error(
      `${failed.length} infrastructures of grycap/im were not taken over, and their machines, if any, go on running: each start tries them again until their rows in inf_list are mended or deleted.`,
    );
  }
}

/** What is kept of the take-over of the database's own table. */
export interface KeptReport extends ReferenceReport {
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Where the report is kept, by this name. */
export const TAKE_OVER_SETTING = 'reference_take_over';

/** What could not be taken over and is tried again at the next start. Nothing for what another release kept. */
export function keptFailures(kept: string): readonly ReferenceNote[] {
  const report: unknown = kept === '' ? undefined : JSON.parse(kept);
  const failed: unknown =
    typeof report === 'object' && report !== null && 'failed' in report ? report.failed : undefined;
  return (Array.isArray(failed) ? failed : []).map((note: unknown) => ({
    id: fieldOf(note, 'id'),
    text: fieldOf(note, 'text'),
  }));
}

function fieldOf(note: unknown, name: keyof ReferenceNote): string {
  return typeof note === 'object' && note !== null ? String(Reflect.get(note, name) ?? '') : '';
}
