// SPDX-License-Identifier: Apache-2.0
// im-admin migrate: brings the database to the tables of this release, as a daemon does when it starts.
import { openStore } from '../../store/index.js';
import { maskUrls } from '../../util/mask-url.js';
import type { AdminCommand } from '../command.js';

export const migrate: AdminCommand = {
  name: 'migrate',
  words: '',
  wordCount: { min: 0, max: 0 },
  options: [],
  summary: 'create or upgrade the tables and take over those of grycap/im',
  details: `What a daemon does at its start: makes the database and its key when they are missing, upgrades the tables, and takes over the
infrastructures of the table inf_list once, leaving it as it is. Make a backup before an upgrade: there is no way back.`,
  failure: 'the database cannot be used',
  examples: ['im-admin migrate'],
  async run({ config, logger, now, newId, out }) {
    const store = await openStore({ url: config.dataDb, keyFile: config.secretsKeyFile, logger, now, newId });
    try {
      await store.migrate();
    } finally {
      await store.close();
    }
    out(`The database ${maskUrls(config.dataDb)} has the tables of this release.`);
    return 0;
  },
};
