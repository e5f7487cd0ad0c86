// SPDX-License-Identifier: Apache-2.0
// One row per connected daemon, by which it knows whether a commit whose answer got lost was carried out.
import type { Migration } from './migration.js';

/** Version 2. */
export const writers: Migration = {
  version: 2,
  title: 'writers',
  tables: ['writers'],
  async up(session) {
    await session.createTable('writers', (table) => {
      table.string('id', 64).primary();
      table.bigInteger('last_mark').notNullable();
      table.bigInteger('seen_at').notNullable();
    });
  },
};
