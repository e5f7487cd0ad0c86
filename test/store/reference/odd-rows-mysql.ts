// SPDX-License-Identifier: Apache-2.0
// The odd rows as statements of MariaDB and MySQL.
import { ODD_ROWS } from './odd-rows.js';

/** Make a database with a table as it looks that was copied by hand: without a key, and with a column of somebody else. */
export function oddStatements(database: string): readonly string[] {
  const columns = 'id VARCHAR(255), deleted INTEGER, date TIMESTAMP NULL, data LONGBLOB, auth LONGBLOB, note INTEGER';
  return [
    // For dates of year 0.
    `SET SESSION sql_mode = ''`,
    `CREATE DATABASE ${database} CHARACTER SET utf8mb4`,
    `CREATE TABLE ${database}.inf_list (${columns})`,
    ...ODD_ROWS.map(({ row }) => {
      const values = [row.id, row.deleted, row.date, row.data, row.auth].map(literal).join(', ');
      return `INSERT INTO ${database}.inf_list (id, deleted, date, data, auth) VALUES (${values})`;
    }),
  ];
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `CONVERT(X'${Buffer.from(value).toString('hex')}' USING utf8mb4)`;
  if (Buffer.isBuffer(value)) return `X'${value.toString('hex')}'`;
  return typeof value === 'number' ? String(value) : 'NULL';
}
