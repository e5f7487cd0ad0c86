// SPDX-License-Identifier: Apache-2.0
// Gives a database a new sealing key while no daemon uses it. Interrupted at any moment, it is finished by running it again.
import { randomUUID } from 'node:crypto';
import { link, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, ImError } from '../domain/index.js';
import type { Logger } from '../util/logger.js';
import { type DataDb, parseDataDb } from './data-db.js';
import { createKeyFile, readKeyFile } from './key-file.js';
import { rotateMongoKey } from './mongo/open-mongo-store.js';
import { dialectOf } from './open-store.js';
import { createSealer, type Sealer } from './sealing.js';
import { openDatabase } from './sql/database.js';
import { reseal } from './sql/reseal.js';
import { giveTo, requireUnused, syncFile } from './sql/sqlite-copy.js';

/** What {@link rotateKey} needs. */
export interface RotateKeyOptions {
  /** The DATA_DB option. */
  readonly url: string;
  readonly keyFile: string;
  readonly logger: Logger;
  /** Makes the name under which the old key is kept. */
  readonly stamp: string;
}

/** What was done. */
export interface KeyRotation {
  /** Values that were sealed anew; 0 when an interrupted rotation only lacked its last step. */
  readonly values: number;
  /** Where the old key is: it opens the backups of before. */
  readonly oldKeyFile: string;
}

const LOCK_TIMEOUT_MS = 600_000;
const MONGO_PATIENCE = {
  lockTimeoutMs: LOCK_TIMEOUT_MS,
  lostTimeoutMs: 30_000,
  startTimeoutMs: 30_000,
  statementTimeoutMs: 60_000,
};

/**
 * Makes a key, seals everything with it, and puts it in the place of the old one.
 * @throws ImError `incorrect-state` when an SQLite database is in use, `store-unavailable` otherwise
 */
export async function rotateKey({ url, keyFile, logger, stamp }: RotateKeyOptions): Promise<KeyRotation> {
  const location = parseDataDb(url);
  if (location.kind === 'sqlite') {
    requireUnused(location.path);
  }
  const oldKey = await readKeyFile(keyFile);
  if (oldKey === undefined) {
    throw new ImError('store-unavailable', `There is no key file ${keyFile}: put it back from a backup.`);
  }
  // Durable before the first value is sealed with it. One that is there already is that of an interrupted rotation.
  const newKeyFile = `${keyFile}.new`;
  const newKey = (await readKeyFile(newKeyFile)) ?? (await createKeyFile(newKeyFile));
  await giveTo(newKeyFile, keyFile);

  const values = await resealAll(location, createSealer([oldKey]), createSealer([newKey]), logger);
  const oldKeyFile = `${keyFile}.old-${stamp}`;
  try {
    await link(keyFile, oldKeyFile);
    await rename(newKeyFile, keyFile);
    await syncFile(dirname(keyFile));
  } catch (error) {
    throw new ImError(
      'store-unavailable',
      `The database is sealed with the key of ${newKeyFile}, which cannot be put at ${keyFile} (${errorText(error)}): run this again.`,
      { cause: error },
    );
  }
  return { values, oldKeyFile };
}

async function resealAll(location: DataDb, from: Sealer, to: Sealer, logger: Logger): Promise<number> {
  if (location.kind === 'mongodb') {
    return await rotateMongoKey(location, { ...MONGO_PATIENCE, newId: randomUUID, logger }, from, to);
  }
  const database = await openDatabase(await dialectOf(location, logger), { lockTimeoutMs: LOCK_TIMEOUT_MS, logger });
  try {
    const values = await database.write((session) => reseal(session, from, to));
    if (location.kind === 'sqlite') {
      // Free pages still hold what the old key opens.
      await database.read((session) => session.run('VACUUM'));
    }
    return values;
  } finally {
    await database.close();
  }
}
