// SPDX-License-Identifier: Apache-2.0
// im-admin rotate-key: seals everything in the database with a new key.
import { ImError } from '../../domain/index.js';
import { parseDataDb, rotateKey } from '../../store/index.js';
import type { AdminCommand } from '../command.js';
import { countText, stampText } from '../text.js';

export const rotateKeyCommand: AdminCommand = {
  name: 'rotate-key',
  words: '',
  wordCount: { min: 0, max: 0 },
  options: [{ name: 'daemons-are-stopped', help: 'for a database on a server, where this cannot be seen' }],
  summary: 'make a new key and seal the database with it; all daemons must be stopped',
  details: `All values are sealed anew in one transaction; when it is interrupted, run it again. The old key is kept beside the new one: it opens the
backups of before. Delete it together with them. Other daemons on the same database need a copy of the new key file before they start.`,
  failure: 'the database is not sealed anew: a daemon is running, or the database or key cannot be used',
  examples: ['im-admin rotate-key', 'im-admin rotate-key --daemons-are-stopped'],
  async run({ config, logger, now, out }, { flags }) {
    if (parseDataDb(config.dataDb).kind !== 'sqlite' && !flags.has('daemons-are-stopped')) {
      throw new ImError(
        'incorrect-state',
        'A daemon with the old key could not read what is sealed with the new one: stop all daemons on this database, then use --daemons-are-stopped.',
      );
    }
    const { secretsKeyFile: keyFile, dataDb: url } = config;
    const { values, oldKeyFile } = await rotateKey({ url, keyFile, logger, stamp: stampText(now()) });
    out(
      values === 0
        ? `The rotation that was interrupted is finished: the new key is ${keyFile}.`
        : `Sealed ${countText(values, 'value')} with the new key ${keyFile}.`,
    );
    out(`The old key is ${oldKeyFile}. Make a backup and a copy of the new key now.`);
    return 0;
  },
};
