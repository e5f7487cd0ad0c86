// SPDX-License-Identifier: Apache-2.0
// The file of the sealing key: read with care for who else can read it, and created once even when several daemons start together.
import { randomBytes } from 'node:crypto';
import { link, open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, ImError } from '../domain/index.js';
import { KEY_BYTES } from './sealing.js';

// Others may nothing, the group may at most read (secret mounts of container platforms give it that).
const FORBIDDEN_MODE = 0o037;
const LONGEST_FILE = 1024;

/**
 * Reads a key file: 32 bytes, raw or as one line of base64 (`head -c 32 /dev/urandom | base64`).
 * @returns undefined when there is no such file
 * @throws ImError `store-unavailable` naming the path: unreadable, readable by others, not 32 bytes
 */
export async function readKeyFile(path: string): Promise<Buffer | undefined> {
  let content: Buffer;
  try {
    const facts = await stat(path);
    if (!facts.isFile()) {
      throw keyError(path, 'is not a file', 'name a file that holds 32 random bytes in base64');
    }
    if ((facts.mode & FORBIDDEN_MODE) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      throw keyError(path, `has mode ${mode}, so that others can use it`, `run chmod 600 ${path}`);
    }
    if (facts.size > LONGEST_FILE) {
      throw keyError(path, `has ${facts.size} bytes`, 'it must hold 32 random bytes, raw or in base64');
    }
    content = await readAll(path);
  } catch (error) {
    if (error instanceof ImError) {
      throw error;
    }
    if (isFileError(error, 'ENOENT')) {
      return undefined;
    }
    throw keyError(
      path,
      `cannot be read (${errorText(error)})`,
      'let the user of the daemon own it with mode 0600',
      error,
    );
  }
  if (content.length === KEY_BYTES) {
    return content;
  }
  const text = content.toString('latin1').trim();
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw keyError(path, 'does not hold 32 bytes', 'make one with: head -c 32 /dev/urandom | base64');
  }
  return key;
}

/**
 * Creates the key file with mode 0600, unless another starter was faster: then its key is the one.
 * @throws ImError `store-unavailable` when it cannot be written
 */
export async function createKeyFile(path: string): Promise<Buffer> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeDurably(temporary, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    try {
      // A hard link appears complete or not at all, and fails when the name is taken.
      await link(temporary, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      if (!isFileError(error, 'EEXIST')) {
        throw error;
      }
    } finally {
      await unlink(temporary);
    }
  } catch (error) {
    throw keyError(
      path,
      `cannot be created (${errorText(error)})`,
      'make its directory writable for the daemon',
      error,
    );
  }
  const key = await readKeyFile(path);
  if (key === undefined) {
    throw keyError(path, 'disappeared while the daemon started', 'start again');
  }
  return key;
}

async function readAll(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function keyError(path: string, fact: string, remedy: string, cause?: unknown): ImError {
  return new ImError('store-unavailable', `The key file ${path} ${fact}: ${remedy}.`, { cause });
}
