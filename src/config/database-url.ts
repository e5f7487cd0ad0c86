// SPDX-License-Identifier: Apache-2.0
// What the configuration needs to know of DATA_DB: its kind, and the file of an SQLite database (configuration.md §7).
import { dirname, join } from 'node:path';

/** The kinds of database that DATA_DB can name. */
export type DatabaseKind = 'sqlite' | 'mysql' | 'postgresql' | 'mongodb';

const KINDS: ReadonlyMap<string, DatabaseKind> = new Map([
  ['sqlite', 'sqlite'],
  ['file', 'sqlite'],
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['postgresql', 'postgresql'],
  ['postgres', 'postgresql'],
  ['mongodb', 'mongodb'],
  ['mongodb+srv', 'mongodb'],
]);

/** The kind of database that the URL names; a path without scheme is SQLite. Undefined for any other scheme. */
export function databaseKind(url: string): DatabaseKind | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  return scheme === undefined ? 'sqlite' : KINDS.get(scheme.toLowerCase());
}

/** The file of an SQLite database (`sqlite:///a`, `sqlite:////a`, `file:///a` and `/a` are all `/a`), else undefined. */
export function sqliteFile(url: string): string | undefined {
  if (databaseKind(url) !== 'sqlite') return undefined;
  return url.replace(/^[a-z]+:\/\//i, '').replace(/^\/\/+/, '/');
}

/** Where the key that seals the secrets lies when nothing else is said. */
export function secretsKeyBeside(url: string): string {
  const file = sqliteFile(url);
  return join(file === undefined ? '/etc/im' : dirname(file), 'im-secrets.key');
}
