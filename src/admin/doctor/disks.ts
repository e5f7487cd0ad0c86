// SPDX-License-Identifier: Apache-2.0
// Doctor: room on the disks that the daemon writes to.
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText } from '../../domain/index.js';
import { parseDataDb } from '../../store/index.js';
import type { AdminContext } from '../command.js';
import { bytesText } from '../text.js';
import { type CheckResult, fail, fine, warn } from './check-result.js';
import { factsOf } from './file-facts.js';

const SUBJECT = 'disk';
const SCARCE_BYTES = 1024 ** 3;
const TOO_FEW_BYTES = 100 * 1024 ** 2;
const SCARCE_FILES = 1000;

export async function checkDisks({ config }: AdminContext): Promise<readonly CheckResult[]> {
  const location = parseDataDb(config.dataDb);
  const directories = [
    ...(location.kind === 'sqlite' ? [dirname(location.path)] : []),
    ...(config.logFile === '' || config.logFile === '-' ? [] : [dirname(config.logFile)]),
    ...(config.backupDir === '' ? [] : [config.backupDir]),
  ];
  return await Promise.all([...new Set(directories)].map(checkDirectory));
}

async function checkDirectory(directory: string): Promise<CheckResult> {
  const existing = await nearestExisting(directory);
  try {
    const { bavail, bsize, files, ffree } = await statfs(existing);
    return judgeSpace(directory, bavail * bsize, files === 0 ? undefined : ffree);
  } catch (error) {
    return warn(SUBJECT, `${existing} cannot be looked at (${errorText(error)})`, 'run this as the user of the daemon');
  }
}

/** @param freeFiles undefined where the file system has no bound on them */
export function judgeSpace(directory: string, freeBytes: number, freeFiles: number | undefined): CheckResult {
  const message = `${bytesText(freeBytes)} free for ${directory}`;
  if (freeBytes < TOO_FEW_BYTES) {
    return fail(SUBJECT, message, 'free space: without it nothing can be accepted or recorded');
  }
  if (freeBytes < SCARCE_BYTES) {
    return warn(SUBJECT, message, 'free some space soon');
  }
  return freeFiles !== undefined && freeFiles < SCARCE_FILES
    ? warn(SUBJECT, `only ${freeFiles} more files can be made for ${directory}`, 'remove files that nobody needs')
    : fine(SUBJECT, message);
}

async function nearestExisting(directory: string): Promise<string> {
  let path = directory;
  while ((await factsOf(path)) === undefined && dirname(path) !== path) {
    path = dirname(path);
  }
  return path;
}
