// SPDX-License-Identifier: Apache-2.0
// The version of the documents' form, so that an older release does not write into what a newer one has made.
import type { Db } from 'mongodb';
import { ImError } from '../../domain/index.js';
import { integerOf } from '../rows/row.js';
import { documentsOf, SETTINGS } from './collections.js';
import { insertUnlessThere } from './insert-unless-there.js';

/** Version of this release. */
const VERSION = 1;
const SETTING = 'schema_version';

/** @throws ImError `store-unavailable` when a newer release has made the documents */
export async function requireSchemaVersion(db: Db, place: string): Promise<void> {
  await insertUnlessThere(documentsOf(db, SETTINGS), SETTING, { version: VERSION });
  const row = await documentsOf(db, SETTINGS).findOne({ _id: SETTING });
  const present = row === null ? VERSION : integerOf(row, 'version');
  if (present > VERSION) {
    throw new ImError(
      'store-unavailable',
      `The database ${place} has documents of version ${present}, this release knows ${VERSION}: run the newer release.`,
    );
  }
}
