// SPDX-License-Identifier: Apache-2.0
// The file system as the configuration sees it: bounded reading, and the probes of the check.
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FileProbes } from './check.js';

const LARGEST_FILE_BYTES = 1024 * 1024;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * The text of a file, or undefined when it does not exist.
 * @throws Error when it exists and cannot be read, is no file, or is larger than 1 MiB.
 */
export function readTextFile(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    if (size > LARGEST_FILE_BYTES) throw new Error(`the file is larger than ${LARGEST_FILE_BYTES} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const isWritableDirectory = (path: string): boolean =>
  isDirectory(path) && allows(path, constants.W_OK | constants.X_OK);

/** The probes of {@link checkConfig} on the real file system. */
export const fileProbes: FileProbes = {
  isReadableFile: (path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile() === true && allows(path, constants.R_OK),
  isDirectory,
  isReadableByOthers: (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0,
  isWritableDirectory,
  canMakeDirectory: (path) => {
    let existing = path;
    while (!allows(existing, constants.F_OK) && dirname(existing) !== existing) existing = dirname(existing);
    return isWritableDirectory(existing);
  },
};
