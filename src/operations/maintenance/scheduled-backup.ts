// SPDX-License-Identifier: Apache-2.0
// A backup beside its predecessors: named by its time, and the oldest ones removed once it is complete.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupSqlite } from '../../store/index.js';

/** Which database is copied, and where to. */
export interface BackupPlace {
  /** Of the SQLite database. */
  readonly database: string;
  readonly directory: string;
  /** How many copies stay. */
  readonly keep: number;
}

/** What was done. */
export interface BackupReport {
  readonly file: string;
  readonly removed: readonly string[];
}

// UTC, so that the names sort by age whatever the clock of the host is set to.
const NAME = /^im-\d{8}T\d{6}Z\.sqlite$/;
const UNFINISHED = /^im-\d{8}T\d{6}Z\.sqlite\.partial$/;

/**
 * Makes a backup. Only files with names of its own kind are ever removed.
 * @param now milliseconds since 1970
 * @throws ImError `store-unavailable` when the directory or the database cannot be used
 */
export async function makeScheduledBackup(
  { database, directory, keep }: BackupPlace,
  now: number,
  signal?: AbortSignal,
): Promise<BackupReport> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    if (UNFINISHED.test(name)) {
      await rm(join(directory, name), { force: true });
    }
  }
  const file = join(directory, backupName(now));
  await backupSqlite(database, file, signal);
  const copies = (await readdir(directory)).filter((name) => NAME.test(name)).sort();
  const removed = copies.slice(0, Math.max(0, copies.length - keep)).map((name) => join(directory, name));
  for (const old of removed) {
    await rm(old, { force: true });
  }
  return { file, removed };
}

/** `im-20261120T033000Z.sqlite`. */
function backupName(now: number): string {
  return `im-${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.sqlite`;
}
