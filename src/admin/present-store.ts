// SPDX-License-Identifier: Apache-2.0
// The database of this program as a dry run may look at it.
import { stat } from 'node:fs/promises';
import { parseDataDb, type Store } from '../store/index.js';
import type { AdminContext } from './command.js';

/** Opens the database without making anything: undefined when it is not set up yet, so that nothing is in it. */
export async function presentStore(context: AdminContext): Promise<Store | undefined> {
  const { dataDb, secretsKeyFile } = context.config;
  const location = parseDataDb(dataDb);
  const isThere = async (path: string): Promise<boolean> =>
    (await stat(path).catch(() => undefined))?.isFile() === true;
  // The key is made together with the tables.
  if (!(await isThere(secretsKeyFile)) || (location.kind === 'sqlite' && !(await isThere(location.path)))) {
    return undefined;
  }
  return context.openStore();
}
