// SPDX-License-Identifier: Apache-2.0
// Databases and documents that releases of grycap/im wrote, with a provider that makes nothing.
import { copyFile, readFile } from 'node:fs/promises';
import { Sqlite } from '../../../src/store/sql/sqlite-driver.js';

/** Releases whose database is among the fixtures. */
export const RELEASES = ['1.10.0', '1.16.0', '1.18.0', '1.19.2', '2.0.0'] as const;

/** A row of a fixture as SQLite returns it. */
export interface FixtureRow {
  readonly id: string;
  readonly deleted: number;
  readonly date: string;
  readonly data: string;
  readonly auth?: string;
}

const fixture = (name: string): URL => new URL(`../../fixtures/reference/${name}`, import.meta.url);

/** Copies the database of a release. */
export function copyDatabase(release: string, path: string): Promise<void> {
  return copyFile(fixture(`im-${release}.sqlite`), path);
}

/** The rows of the database of a release. */
export function rowsOf(release: string): readonly FixtureRow[] {
  const database = new Sqlite(fixture(`im-${release}.sqlite`).pathname, { readonly: true });
  try {
    return database.prepare<[], FixtureRow>('SELECT * FROM inf_list ORDER BY id').all();
  } finally {
    database.close();
  }
}

/** An exported document. */
export function readExport(name: string): Promise<string> {
  return readFile(fixture(`${name}.json`), 'utf8');
}
