// SPDX-License-Identifier: Apache-2.0
// Door of the store room.
export { type DataDb, parseDataDb } from './data-db.js';
export { readKeyFile } from './key-file.js';
export { type OpenStoreOptions, openStore } from './open-store.js';
export { type OpenReference, openReference } from './reference/open-reference.js';
export { Lenient } from './reference/reading.js';
export { type ReferenceRecord, readReferenceRecord, recordChanges } from './reference/record.js';
export type { ReferenceNote, ReferenceReport } from './reference/report.js';
export { type ReferenceTarget, takeOver } from './reference/take-over.js';
export { type KeyRotation, rotateKey } from './rotate-key.js';
export { createSealer, type Sealer } from './sealing.js';
export {
  backupSqlite,
  type CopyFacts,
  inspectSqliteCopy,
  isUntouchedReference,
  requireUnused,
  restoreSqlite,
} from './sql/sqlite-copy.js';
export { STATISTICS_KEY } from './statistics-key.js';
export * from './store.js';
