// SPDX-License-Identifier: Apache-2.0
// The value of ADMIN_USER: who sees and manages everything (auth.md §11).
import { tryJson } from './option.js';

/** One administrator, to be compared with the credentials of a request. */
export interface AdminUser {
  readonly username: string;
  /** Absent means that the request must have none either. */
  readonly password?: string;
  readonly token?: string;
}

function readAdminUser(value: unknown): AdminUser | undefined {
  if (typeof value !== 'object' || value === null || !('username' in value)) return undefined;
  const password = 'password' in value ? value.password : undefined;
  const token = 'token' in value ? value.token : undefined;
  if (typeof value.username !== 'string' || value.username === '') return undefined;
  if (password !== undefined && typeof password !== 'string') return undefined;
  if (token !== undefined && typeof token !== 'string') return undefined;
  return {
    username: value.username,
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  };
}

/** Reads the JSON text: an object, an array of objects, or nothing (empty text, `{}`). Undefined when it is none of them. */
export function readAdminUsers(text: string): readonly AdminUser[] | undefined {
  if (text === '') return [];
  const value = tryJson(text);
  if (Array.isArray(value)) {
    const users = value.map(readAdminUser);
    return users.every((user) => user !== undefined) ? users : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.keys(value).length === 0) return [];
  const user = readAdminUser(value);
  return user && [user];
}
