// SPDX-License-Identifier: Apache-2.0
// im-admin backup: copies an SQLite database as it is at one moment, while the daemon works.
import { resolve } from 'node:path';
import { backupSqlite, inspectSqliteCopy } from '../../store/index.js';
import type { AdminCommand } from '../command.js';
import { bytesText, countText } from '../text.js';
import { requireSqlite } from './database-tools.js';

export const backup: AdminCommand = {
  name: 'backup',
  words: 'FILE',
  wordCount: { min: 1, max: 1 },
  options: [],
  summary: 'copy the SQLite database to FILE while the daemon runs',
  details: `The copy is of one moment, complete and checked, or it is not there. FILE must be new. Secrets in it are sealed: without the key file it
cannot be read, so keep a copy of the key file too, in another place. BACKUP_DIR does the same on a schedule.
For other databases the tool to use is named.`,
  failure: 'there is no whole copy: the database is no SQLite file, or FILE is there already or cannot be written',
  examples: ['im-admin backup /backup/im-2026-11-20.dat'],
  async run({ config, out, note }, { words }) {
    const path = requireSqlite(config.dataDb, 'backup');
    const file = resolve(words[0] ?? '');
    await backupSqlite(path, file);
    const { bytes, living } = await inspectSqliteCopy(file, undefined);
    out(`Copied ${path} to ${file}: ${bytesText(bytes)}, ${countText(living, 'living infrastructure')}.`);
    note(`The key file ${config.secretsKeyFile} is not in it: keep a copy of that in another place.`);
    return 0;
  },
};
