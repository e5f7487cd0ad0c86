// SPDX-License-Identifier: Apache-2.0
// A log file that is put away as FILE.1, FILE.2, ... when it is full or when its time is over.
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type LogSink, LostLines, type OnTrouble, reasonOf } from './sink.js';

/** When a file is put away, and under which names. */
export type Rotation =
  | { readonly kind: 'never' }
  /** FILE.1 is the youngest of `backups` old files. */
  | { readonly kind: 'size'; readonly maxBytes: number; readonly backups: number }
  /** Told before each line; puts the file away when it answers a suffix for the old file. */
  | { readonly kind: 'time'; readonly due: () => { readonly suffix: string; readonly expired: string[] } | undefined };

/** A log file that cannot be opened; the message names the remedy. */
export class LogFileError extends Error {
  override readonly name = 'LogFileError';
}

// Log files hold names of users and machines: not for everybody (pain-points.md S13).
const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;

/**
 * Writes each line at once, so that a killed daemon loses none.
 * The state is the open file and its size.
 */
export class FileSink implements LogSink {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #lost: LostLines;
  #descriptor: number | undefined;
  #size = 0;

  /** @throws LogFileError when the directory or the file cannot be made or opened. */
  constructor(path: string, rotation: Rotation, onTrouble: OnTrouble) {
    this.#path = path;
    this.#rotation = rotation;
    this.#lost = new LostLines(onTrouble);
    try {
      this.#open();
    } catch (error) {
      throw new LogFileError(
        `Log file ${path} cannot be written: ${reasonOf(error)}. Make its directory writable or set LOG_FILE.`,
        { cause: error },
      );
    }
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(`${line}\n`, 'utf8');
      this.#rotateBefore(bytes.length);
      const { report } = this.#lost;
      if (report !== undefined) this.#append(Buffer.from(`${report}\n`, 'utf8'));
      this.#append(bytes);
      this.#lost.recovered();
    } catch (error) {
      this.#lost.add(reasonOf(error));
    }
  }

  reopen(): void {
    try {
      this.#close();
      this.#open();
    } catch (error) {
      this.#lost.trouble(reasonOf(error));
    }
  }

  close(): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #open(): void {
    makeDirectory(dirname(this.#path));
    this.#descriptor = openSync(this.#path, 'a', FILE_MODE);
    this.#size = fstatSync(this.#descriptor).size;
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  #append(bytes: Buffer): void {
    if (this.#descriptor === undefined) this.#open();
    let written = 0;
    while (written < bytes.length && this.#descriptor !== undefined) {
      written += writeSync(this.#descriptor, bytes, written);
    }
    this.#size += written;
  }

  #rotateBefore(bytes: number): void {
    const rotation = this.#rotation;
    if (rotation.kind === 'size' && rotation.maxBytes > 0 && this.#size > 0) {
      // As Python: the line that would reach the limit goes into the new file.
      if (this.#size + bytes >= rotation.maxBytes) this.#putAway(rotation.backups);
    } else if (rotation.kind === 'time') {
      const due = rotation.due();
      if (!due) return;
      this.#close();
      renameIfThere(this.#path, `${this.#path}.${due.suffix}`);
      for (const old of due.expired) rmSync(old, { force: true });
      this.#open();
    }
  }

  #putAway(backups: number): void {
    this.#close();
    if (backups > 0) {
      for (let number = backups - 1; number >= 1; number -= 1) {
        renameIfThere(`${this.#path}.${number}`, `${this.#path}.${number + 1}`);
      }
      renameIfThere(this.#path, `${this.#path}.1`);
    } else {
      rmSync(this.#path, { force: true });
    }
    this.#open();
  }
}

/** As mkdir -p. Node's own recursive form never returns where making a directory is answered with ENOENT (/proc). */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Somebody else was quicker.
    if (!existsSync(path)) throw error;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
