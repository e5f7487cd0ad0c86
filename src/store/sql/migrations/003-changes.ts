// SPDX-License-Identifier: Apache-2.0
// Infrastructures by the time of their last change, for those who follow them.
import type { Migration } from './migration.js';

/** Version 3. */
export const changes: Migration = {
  version: 3,
  title: 'changes by time',
  tables: [],
  indexes: [{ table: 'infrastructures', name: 'infrastructures_changes' }],
  async up(session) {
    await session.run('CREATE INDEX infrastructures_changes ON infrastructures (updated_at)');
  },
};
