// SPDX-License-Identifier: Apache-2.0
// The SQLite file before SQLite opens it: created for the daemon's user alone, with clear errors where it cannot be used.
import { access, constants, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';

/**
 * Makes sure that the database file exists and can be written. SQLite gives the `-wal` and `-shm` files the mode of this one.
 * @throws ImError `store-unavailable` naming the path and the remedy
 */
export async function prepareSqliteFile(path: string, logger: Logger): Promise<void> {
  const directory = dirname(path);
  await check(directory, `The directory ${directory} of DATA_DB`, 'create it or change DATA_DB', async () => {
    if (!(await stat(directory)).isDirectory()) {
      throw new Error('it is not a directory');
    }
    // SQLite keeps its log files beside the database.
    await access(directory, constants.W_OK | constants.X_OK);
  });
  await check(path, `The database file ${path}`, 'let the user of the daemon own it or change DATA_DB', async () => {
    const file = await open(path, 'a', 0o600);
    try {
      const facts = await file.stat();
      if (!facts.isFile()) {
        throw new Error('it is not a file');
      }
      if ((facts.mode & 0o077) !== 0) {
        logger.warn(`The database file ${path} can be read by other users: run chmod 600 ${path}.`);
      }
    } finally {
      await file.close();
    }
  });
}

async function check(path: string, subject: string, remedy: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    throw new ImError('store-unavailable', `${subject} cannot be used (${reason(error, path)}): ${remedy}.`, {
      cause: error,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'no permission to write',
  EPERM: 'no permission to write',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

function reason(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? errorText(error).replaceAll(path, 'it');
}
