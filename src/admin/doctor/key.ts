// SPDX-License-Identifier: Apache-2.0
// Doctor: the key file, without which the database cannot be read.
import { errorText } from '../../domain/index.js';
import { parseDataDb, readKeyFile } from '../../store/index.js';
import type { AdminContext } from '../command.js';
import { type CheckResult, fail, fine, warn } from './check-result.js';
import { factsOf } from './file-facts.js';

export async function checkKey({ config }: AdminContext): Promise<readonly CheckResult[]> {
  const path = config.secretsKeyFile;
  try {
    if ((await readKeyFile(path)) !== undefined) {
      return [fine('key', `${path} can be read by its owner alone; keep a copy of it apart from the backups`)];
    }
  } catch (error) {
    return [fail('key', errorText(error), 'the daemon cannot start before that')];
  }
  const location = parseDataDb(config.dataDb);
  const isNew = location.kind === 'sqlite' && (await factsOf(location.path)) === undefined;
  return [
    isNew
      ? fine('key', `${path} will be made together with the database`)
      : warn(
          'key',
          `there is no key file ${path}`,
          'put it back from its copy, unless the database is new: then the daemon makes one',
        ),
  ];
}
