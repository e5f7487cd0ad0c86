// SPDX-License-Identifier: Apache-2.0
// The key of a database: read from its file, or made with a new database.
import { ImError } from '../domain/index.js';
import type { Logger } from '../util/logger.js';
import { createKeyFile, readKeyFile } from './key-file.js';

/**
 * Loads the key. A missing one is only made for a database that holds nothing sealed: a new key could never open the rest.
 * @param place the database in the error text
 * @throws ImError `store-unavailable` naming the file
 */
export async function loadSealingKey(
  path: string,
  place: string,
  holdsSealedValues: () => Promise<boolean>,
  logger: Logger,
): Promise<Buffer> {
  const present = await readKeyFile(path);
  if (present !== undefined) {
    return present;
  }
  if (await holdsSealedValues()) {
    // Another starter may have made both since the file was looked for.
    const fromOther = await readKeyFile(path);
    if (fromOther !== undefined) {
      return fromOther;
    }
    throw new ImError(
      'store-unavailable',
      `The key file ${path} is missing, but the database ${place} was sealed with it: put it back from a backup.`,
    );
  }
  const created = await createKeyFile(path);
  logger.info(
    `The key file ${path} was created. Without it the database cannot be read: keep a copy, apart from the database's.`,
  );
  return created;
}
