// SPDX-License-Identifier: Apache-2.0
// Where sealed values are, the same on all databases, and sealing those of a row anew.
import type { Sealer } from '../sealing.js';
import { type Columns, optionalTextOf, type Row, type SqlValue, textOf } from './row.js';

/** A table or collection with sealed columns. A value's context is `<table>/<column>/<key values joined by />`. */
export interface SealedTable {
  readonly name: string;
  readonly key: readonly [string, ...string[]];
  readonly columns: readonly string[];
}

/** All of them, but for the key of the owners' hashes. */
export const SEALED_TABLES = [
  { name: 'infrastructures', key: ['id'], columns: ['owners'] },
  { name: 'infrastructure_documents', key: ['infrastructure_id'], columns: ['radl', 'extra'] },
  { name: 'vm_documents', key: ['infrastructure_id', 'vm_number'], columns: ['info', 'requested', 'extra'] },
  { name: 'operations', key: ['id'], columns: ['request', 'credentials', 'progress', 'result'] },
  { name: 'revisions', key: ['infrastructure_id', 'revision_number'], columns: ['content'] },
] as const satisfies readonly SealedTable[];

/** Context of the key of the owners' hashes. */
export const OWNER_KEY_CONTEXT = 'store_settings/owner_hash_key';

/** The sealed columns of a row, sealed anew. @param isDone it is sealed with the new key already */
export function resealedColumns(
  { name, key, columns }: SealedTable,
  row: Row,
  from: Sealer,
  to: Sealer,
  isDone: (sealed: string) => boolean = () => false,
): { readonly changed: Columns; readonly values: number } {
  const changed: Record<string, SqlValue> = {};
  for (const column of columns) {
    const sealed = optionalTextOf(row, column);
    if (sealed !== null && !isDone(sealed)) {
      const context = [name, column, ...key.map((part) => keyValue(row, part))].join('/');
      changed[column] = to.seal(from.open(sealed, context), context);
    }
  }
  return { changed, values: Object.keys(changed).length };
}

/** A part of a row's key. */
export function keyValue(row: Row, column: string): string | number {
  const value = row[column];
  return typeof value === 'number' ? value : textOf(row, column);
}
