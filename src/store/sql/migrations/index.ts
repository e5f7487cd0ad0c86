// SPDX-License-Identifier: Apache-2.0
// All migrations in order. Add new ones at the end.
import { firstTables } from './001-first-tables.js';
import { writers } from './002-writers.js';
import { changes } from './003-changes.js';
import type { Migration } from './migration.js';

export type { Migration } from './migration.js';

/** Every step from an empty database to the tables of this release. */
export const MIGRATIONS: readonly Migration[] = [firstTables, writers, changes];
