// SPDX-License-Identifier: Apache-2.0
// Writes the text of simple statements from column names, the same text for the same columns so that it stays prepared.

import type { Columns, SqlValue } from '../rows/row.js';
import type { SqlSession } from './database.js';

/** Inserts one row. */
export async function insertRow(session: SqlSession, table: string, columns: Columns): Promise<void> {
  const [names, values] = split(columns);
  const places = names.map(() => '?').join(', ');
  await session.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`, values);
}

/** Updates the rows that have all the values of `where`; returns how many there are. Without columns to set nothing is done. */
export async function updateRows(
  session: SqlSession,
  table: string,
  columns: Columns,
  where: Columns,
): Promise<number | undefined> {
  const [names, values] = split(columns);
  if (names.length === 0) {
    return undefined;
  }
  const [keys, keyValues] = split(where);
  return await session.run(
    `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ${keys.map((key) => `${key} = ?`).join(' AND ')}`,
    [...values, ...keyValues],
  );
}

/** `?, ?, ?` for a list of values. */
export function placesFor(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

function split(columns: Columns): [string[], SqlValue[]] {
  const names: string[] = [];
  const values: SqlValue[] = [];
  for (const [name, value] of Object.entries(columns)) {
    if (value !== undefined) {
      names.push(name);
      values.push(value);
    }
  }
  return [names, values];
}
