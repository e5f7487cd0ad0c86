// SPDX-License-Identifier: Apache-2.0
// Doctor: whether the database answers, is undamaged, and is opened by the key. Nothing is made or upgraded.
import { errorText } from '../../domain/index.js';
import {
  inspectSqliteCopy,
  isUntouchedReference,
  openStore,
  parseDataDb,
  type ReferenceNote,
  readKeyFile,
} from '../../store/index.js';
import { maskUrls } from '../../util/mask-url.js';
import type { AdminContext } from '../command.js';
import { bytesText, countText } from '../text.js';
import { type CheckResult, fail, fine, warn } from './check-result.js';
import { factsOf } from './file-facts.js';

const SUBJECT = 'database';

/** Infrastructures that are named one by one. */
const MOST_SHOWN = 20;

export async function checkDatabase(context: AdminContext): Promise<readonly CheckResult[]> {
  const { dataDb, secretsKeyFile } = context.config;
  const location = parseDataDb(dataDb);
  // What is wrong with the key is the matter of another check.
  const key = await readKeyFile(secretsKeyFile).catch(() => undefined);
  if (location.kind === 'sqlite') {
    return await checkFile(location.path, key);
  }
  if (key === undefined) {
    return [warn(SUBJECT, `${maskUrls(dataDb)} was not asked without its key`, 'mend the key first')];
  }
  return await checkServer(context);
}

async function checkFile(path: string, key: Buffer | undefined): Promise<readonly CheckResult[]> {
  if ((await factsOf(path)) === undefined) {
    return [
      warn(SUBJECT, `there is no file ${path} yet`, 'the first start of the daemon makes it, if DATA_DB is right'),
    ];
  }
  if (isUntouchedReference(path)) {
    return [fine(SUBJECT, `${path} is a database of grycap/im: the first start takes its infrastructures over`)];
  }
  try {
    const { bytes, schemaVersion, living, unfinished, notTakenOver } = await inspectSqliteCopy(path, key, true);
    return [
      fine(
        SUBJECT,
        `${path} is undamaged: ${bytesText(bytes)}, tables of version ${schemaVersion}, ${countText(living, 'living infrastructure')}, ${countText(unfinished, 'unfinished operation')}`,
      ),
      ...checkTakeOver(notTakenOver),
    ];
  } catch (error) {
    return [fail(SUBJECT, errorText(error), 'see what the message says; im-admin restore puts a backup in its place')];
  }
}

async function checkServer({ config, logger, now, newId }: AdminContext): Promise<readonly CheckResult[]> {
  try {
    const store = await openStore({ url: config.dataDb, keyFile: config.secretsKeyFile, logger, now, newId });
    try {
      await store.ping();
      return [fine(SUBJECT, `${maskUrls(config.dataDb)} answers`), ...checkTakeOver(await store.listNotTakenOver())];
    } finally {
      await store.close();
    }
  } catch (error) {
    return [fail(SUBJECT, errorText(error), 'start the server, or mend DATA_DB or the rights of its user')];
  }
}

/** Machines of what was not taken over go on running with nobody to look after them. */
function checkTakeOver(notTakenOver: readonly ReferenceNote[]): readonly CheckResult[] {
  const shown = notTakenOver
    .slice(0, MOST_SHOWN)
    .map(({ id, text }) =>
      warn(
        SUBJECT,
        `infrastructure ${id} of grycap/im was not taken over: ${text}`,
        'mend or delete its row in inf_list; the next start tries again',
      ),
    );
  const more = notTakenOver.length - shown.length;
  return more === 0
    ? shown
    : [
        ...shown,
        warn(
          SUBJECT,
          `${countText(more, 'further infrastructure')} of grycap/im ${more === 1 ? 'was' : 'were'} not taken over`,
          'the log of the last start names all of them',
        ),
      ];
}
