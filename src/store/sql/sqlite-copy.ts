// SPDX-License-Identifier: Apache-2.0
// Whole copies of an SQLite database: made while others write, checked, and put in the place of the database.
import { chown, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { badRequest, errorText, ImError } from '../../domain/index.js';
import { keptFailures, type ReferenceNote, TAKE_OVER_SETTING } from '../reference/report.js';
import { REFERENCE_TABLE } from '../reference/sources.js';
import { OWNER_HASH_SETTING, openOwnerHash } from '../rows/owner-hash.js';
import { createSealer } from '../sealing.js';
import { MIGRATIONS } from './migrations/index.js';
import { Sqlite } from './sqlite-driver.js';

/** What is in a copy. */
export interface CopyFacts {
  readonly bytes: number;
  /** Version of the tables. */
  readonly schemaVersion: number;
  /** Infrastructures that are not deleted. */
  readonly living: number;
  /** Operations that were queued or running when the copy was made; a daemon on it goes on with them. */
  readonly unfinished: number;
  /** Infrastructures of grycap/im in the same file that could not be taken over. */
  readonly notTakenOver: readonly ReferenceNote[];
}

/** Pages per step. In between other work of the process goes on. */
const PAGES_PER_STEP = 500;
/** How long a lock of another process is waited for: nobody holds one for long who is not using the database for good. */
const LOCK_WAIT_MS = 500;

/**
 * Copies a database as it is at one moment, while others go on writing. The copy is one file with mode 0600, complete or not there.
 * @throws ImError `bad-request` when the target is there already, `store-unavailable` when the database or the target cannot be used
 */
export async function backupSqlite(path: string, target: string, signal?: AbortSignal): Promise<void> {
  if (await exists(target)) {
    throw badRequest(`The file ${target} is there already: name another one.`);
  }
  const partial = `${target}.partial`;
  try {
    await (await open(partial, 'w', 0o600)).close();
    await copyPages(path, partial, signal);
    await syncFile(partial);
    await rename(partial, target);
    await syncFile(dirname(target));
  } catch (error) {
    await rm(partial, { force: true });
    signal?.throwIfAborted();
    throw error instanceof ImError
      ? error
      : new ImError('store-unavailable', `The database ${path} cannot be copied to ${target}: ${errorText(error)}.`, {
          cause: error,
        });
  }
}

async function copyPages(path: string, partial: string, signal: AbortSignal | undefined): Promise<void> {
  // Not read-only: only a writer takes the log files away again when it was the only one.
  const source = new Sqlite(path, { fileMustExist: true });
  try {
    // An open read holds the view of this moment: without it every write of the daemon would begin the copy again.
    source.exec('BEGIN');
    source.prepare('SELECT COUNT(*) FROM sqlite_master').get();
    await source.backup(partial, {
      progress: () => {
        signal?.throwIfAborted();
        return PAGES_PER_STEP;
      },
    });
  } finally {
    source.close();
  }
  const copy = new Sqlite(partial);
  try {
    // One file instead of three.
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

/**
 * Checks that a file is an undamaged database of this program that the key opens. It is only read.
 * @param key of the key file; undefined leaves that check out
 * @param isInPlace it is the database itself, which daemons may be using, and not a copy
 * @throws ImError `store-unavailable` saying what is wrong with it
 */
export async function inspectSqliteCopy(file: string, key: Buffer | undefined, isInPlace = false): Promise<CopyFacts> {
  if (!(await exists(file))) {
    throw new ImError('store-unavailable', `There is no file ${file}.`);
  }
  const { size } = await stat(file);
  try {
    const database = new Sqlite(file, { fileMustExist: true, readonly: !isInPlace });
    try {
      const damage = database.pragma('quick_check(1)', { simple: true });
      if (damage !== 'ok') {
        throw unusable(file, `is damaged (${String(damage)}): take another one`);
      }
      const count = (sql: string): number => Number(database.prepare(sql).pluck().get());
      const has = (table: string): boolean => hasTable(database, table);
      const setting = (name: string): string => {
        const content = database.prepare('SELECT content FROM store_settings WHERE name = ?').pluck().get(name);
        return typeof content === 'string' ? content : '';
      };
      if (!has('schema_version') || !has('infrastructures') || !has('store_settings')) {
        throw unusable(
          file,
          'is no database of this program: a database of grycap/im is taken over by im-admin import',
        );
      }
      const schemaVersion = count('SELECT COALESCE(MAX(version), 0) FROM schema_version');
      const newest = MIGRATIONS.at(-1)?.version ?? 0;
      if (schemaVersion > newest) {
        throw unusable(
          file,
          `has tables of version ${schemaVersion}, this release knows ${newest}: use the newer release`,
        );
      }
      if (key !== undefined) {
        openOwnerHash(setting(OWNER_HASH_SETTING), createSealer([key]));
      }
      return {
        bytes: size,
        schemaVersion,
        living: count('SELECT COUNT(*) FROM infrastructures WHERE is_deleted = 0'),
        unfinished: count(`SELECT COUNT(*) FROM operations WHERE state IN ('queued', 'running')`),
        notTakenOver: keptFailures(setting(TAKE_OVER_SETTING)),
      };
    } finally {
      database.close();
    }
  } catch (error) {
    throw error instanceof ImError ? error : unusable(file, `cannot be read (${errorText(error)}): take another one`);
  }
}

/** Is a file a database of grycap/im on which this program was never started? False for what cannot be read. */
export function isUntouchedReference(file: string): boolean {
  try {
    const database = new Sqlite(file, { fileMustExist: true, readonly: true });
    try {
      return hasTable(database, REFERENCE_TABLE) && !hasTable(database, 'schema_version');
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

function hasTable(database: Database.Database, name: string): boolean {
  return database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get(name) !== undefined;
}

/**
 * Puts a copy in the place of the database, whose daemon must be stopped. What was there is set aside beside it.
 * @param stamp makes the name of what is set aside
 * @returns where the former database is now; undefined when there was none
 * @throws ImError `incorrect-state` when the database is in use
 */
export async function restoreSqlite(path: string, copy: string, stamp: string): Promise<string | undefined> {
  const isThere = await exists(path);
  if (isThere) {
    requireUnused(path);
  }
  const arriving = `${path}.restoring`;
  const setAside = `${path}.before-restore-${stamp}`;
  try {
    await copyFile(copy, arriving);
    await giveTo(arriving, isThere ? path : dirname(path));
    await syncFile(arriving);
    if (isThere) {
      await rename(path, setAside);
    }
    // Logs of the former database must not be read into the new one.
    for (const log of [`${path}-wal`, `${path}-shm`]) {
      await rm(log, { force: true });
    }
    await rename(arriving, path);
    await syncFile(dirname(path));
  } catch (error) {
    await rm(arriving, { force: true });
    throw new ImError('store-unavailable', `The copy cannot be put at ${path}: ${errorText(error)}.`, { cause: error });
  }
  return isThere ? setAside : undefined;
}

/**
 * Makes sure that nobody has the database open.
 * @throws ImError `incorrect-state` when somebody has
 */
export function requireUnused(path: string): void {
  try {
    const database = new Sqlite(path, { fileMustExist: true, timeout: LOCK_WAIT_MS });
    try {
      // Leaving the log mode needs to be alone; the daemon turns it on again when it starts.
      database.pragma('journal_mode = DELETE');
    } finally {
      database.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    // A file that is no database any more is in nobody's use.
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
      throw new ImError('incorrect-state', `The database ${path} is in use: stop the daemon first.`, { cause: error });
    }
    if (!code.startsWith('SQLITE_NOTADB') && !code.startsWith('SQLITE_CORRUPT')) {
      throw new ImError('store-unavailable', `The database ${path} cannot be opened: ${errorText(error)}.`, {
        cause: error,
      });
    }
  }
}

/** Mode 0600, and the owner of the model: root may be at work for the user of the daemon. */
export async function giveTo(path: string, model: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.chmod(0o600);
  } finally {
    await file.close();
  }
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(model);
    await chown(path, uid, gid);
  }
}

/** Makes what was written to a file, or the names in a directory, durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return false;
    }
    throw new ImError('store-unavailable', `The file ${path} cannot be used: ${errorText(error)}.`, { cause: error });
  }
}

function unusable(file: string, fact: string): ImError {
  return new ImError('store-unavailable', `The file ${file} ${fact}.`);
}
