// SPDX-License-Identifier: Apache-2.0
// im-admin restore: puts a backup in the place of the SQLite database of a stopped daemon.
import { resolve } from 'node:path';
import { ImError } from '../../domain/index.js';
import { inspectSqliteCopy, readKeyFile, restoreSqlite } from '../../store/index.js';
import { type AdminCommand, DRY_RUN_OPTION } from '../command.js';
import { bytesText, countText, stampText } from '../text.js';
import { requireSqlite } from './database-tools.js';

export const restore: AdminCommand = {
  name: 'restore',
  words: 'FILE',
  wordCount: { min: 1, max: 1 },
  options: [{ ...DRY_RUN_OPTION, help: 'check FILE and do nothing' }],
  summary: 'put a backup in the place of the SQLite database; the daemon must be stopped',
  details: `FILE is checked first: undamaged, of this program, opened by the key file. The former database is set aside beside the new one.
The daemon goes on with the operations that were unfinished at the time of the backup. Machines that were launched after it are not known
any more: look for them at the providers by their tags (im-inf).`,
  failure: 'nothing was put in place: the backup is damaged or of another key, or the daemon is running',
  examples: ['im-admin restore --dry-run /backup/im-2026-11-20.dat', 'im-admin restore /backup/im-2026-11-20.dat'],
  async run({ config, now, out }, { words, flags }) {
    const path = requireSqlite(config.dataDb, 'restore');
    const file = resolve(words[0] ?? '');
    const key = await readKeyFile(config.secretsKeyFile);
    if (key === undefined) {
      throw new ImError(
        'store-unavailable',
        `There is no key file ${config.secretsKeyFile}, and without the one of the backup nobody can read it: put that there first.`,
      );
    }
    const { bytes, living, unfinished } = await inspectSqliteCopy(file, key);
    out(
      `${file} is fine: ${bytesText(bytes)}, ${countText(living, 'living infrastructure')}, ${countText(unfinished, 'unfinished operation')}.`,
    );
    if (!flags.has('dry-run')) {
      const setAside = await restoreSqlite(path, file, stampText(now()));
      out(`Restored to ${path}.${setAside === undefined ? '' : ` The former database is ${setAside}.`}`);
    }
    return 0;
  },
};
