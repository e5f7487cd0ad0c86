// SPDX-License-Identifier: Apache-2.0
// The file of users that may enter with a password (USER_DB, auth.md §8.1), read again as soon as it changes.
import { createHash } from 'node:crypto';
import { errorText } from '../domain/index.js';
import type { Logger } from '../util/logger.js';
import { isPasswordHash, isReadableHash, verifyPassword } from './password-hash.js';
import { equalSecrets } from './secret-compare.js';

/** What tells two versions of a file apart without reading it. */
export interface FileStamp {
  readonly modifiedMs: number;
  readonly size: number;
  /** Number of the file in its file system: an edit by "write new, rename" changes it. */
  readonly inode: number;
}

/** The file system, as far as the user file needs it. Both fail when the file is not there. */
export interface UserFileAccess {
  readonly readFile: (path: string) => Promise<string>;
  readonly stat: (path: string) => Promise<FileStamp>;
}

/** Answers whether a user name and password may enter. */
export interface UserDb {
  /** @param password undefined when the request names none; the user then must have none either. */
  accepts(username: string, password: string | undefined): Promise<boolean>;
  /** Forgets what was read, so that the next check reads the file (SIGHUP). */
  reload(): void;
}

/** Passwords by user name; undefined: the file is missing or malformed, nobody enters. */
type Users = ReadonlyMap<string, readonly (string | undefined)[]>;

// File systems stamp changes coarsely: a file changed within this time may change again without a new stamp.
const STAMP_GRAIN_MS = 2000;

const MAX_REMEMBERED = 1000;

/**
 * @param options.path path of the file; empty: anybody is accepted
 * @param options.now milliseconds since 1970
 */
export function createUserDb(
  options: UserFileAccess & { readonly path: string; readonly now: () => number; readonly logger: Logger },
): UserDb {
  const { path, logger } = options;
  if (path === '') return { accepts: async () => true, reload: () => {} };

  let known: { readonly stamp: FileStamp; readonly readAt: number; readonly users: Users | undefined } | undefined;
  // Checking a hash is slow on purpose; a success is remembered (as a digest) until the file changes.
  const verified = new Set<string>();

  const isFresh = (stamp: FileStamp): boolean =>
    known !== undefined &&
    known.stamp.modifiedMs === stamp.modifiedMs &&
    known.stamp.size === stamp.size &&
    known.stamp.inode === stamp.inode &&
    known.readAt - stamp.modifiedMs > STAMP_GRAIN_MS;

  const currentUsers = async (): Promise<Users | undefined> => {
    let text: string;
    let stamp: FileStamp;
    const readAt = options.now();
    try {
      stamp = await options.stat(path);
      if (known !== undefined && isFresh(stamp)) return known.users;
      text = await options.readFile(path);
    } catch (error) {
      known = undefined;
      verified.clear();
      if (isMissing(error)) logger.error(`User DB file ${path} not found`);
      else logger.error(`User DB file ${path} cannot be read: ${errorText(error)}`);
      return undefined;
    }
    const users = parseUsers(text);
    if (!users) logger.error(`Incorrect format in the User DB file ${path}`);
    verified.clear();
    known = { stamp, readAt, users };
    return users;
  };

  const matches = async (password: string | undefined, stored: string | undefined): Promise<boolean> => {
    if (stored === undefined || password === undefined) return stored === password;
    if (!isPasswordHash(stored)) return equalSecrets(password, stored);
    const key = createHash('sha256').update(`${stored}\0${password}`).digest('base64');
    if (verified.has(key)) return true;
    if (!(await verifyPassword(password, stored))) return false;
    if (verified.size >= MAX_REMEMBERED) verified.clear();
    verified.add(key);
    return true;
  };

  return {
    accepts: async (username, password) => {
      const users = await currentUsers();
      const known = users?.get(username);
      if (known === undefined) {
        // Otherwise the time that the answer takes would tell which names exist.
        await matches(password, someHash(users));
        return false;
      }
      for (const stored of known) {
        if (await matches(password, stored)) return true;
      }
      return false;
    },
    reload: () => {
      known = undefined;
      verified.clear();
    },
  };
}

/** The hash of somebody's password, if there is any in the file. */
function someHash(users: Users | undefined): string | undefined {
  for (const passwords of users?.values() ?? []) {
    const hash = passwords.find((password) => password !== undefined && isPasswordHash(password));
    if (hash !== undefined) return hash;
  }
  return undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** `{"users": [{"username": "u", "password": "p"}]}`; undefined for anything else. */
function parseUsers(text: string): Users | undefined {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return undefined; // reported by the caller, without the text, which holds passwords
  }
  if (typeof input !== 'object' || input === null || !('users' in input) || !Array.isArray(input.users))
    return undefined;
  const users = new Map<string, (string | undefined)[]>();
  for (const entry of input.users) {
    const user = parseUser(entry);
    if (!user) return undefined;
    users.set(user.username, [...(users.get(user.username) ?? []), user.password]);
  }
  return users;
}

function parseUser(entry: unknown): { readonly username: string; readonly password: string | undefined } | undefined {
  if (typeof entry !== 'object' || entry === null || !('username' in entry)) return undefined;
  const password = 'password' in entry && entry.password !== null ? entry.password : undefined;
  if (typeof entry.username !== 'string') return undefined;
  if (password !== undefined && typeof password !== 'string') return undefined;
  // A hash that nobody can check would lock its user out without a word.
  if (password !== undefined && isPasswordHash(password) && !isReadableHash(password)) return undefined;
  return { username: entry.username, password };
}
