// SPDX-License-Identifier: Apache-2.0
// The purge command of grycap/im under its old name and with its texts (operations.md §8); im-admin purge does the same.
//
//   node --import tsx scripts/delete_old_infs.ts [--config FILE] [--dry-run] DATE
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createContext, type OpenContext } from '../src/admin/context.js';
import { parseDay } from '../src/admin/day.js';
import { readTextFile } from '../src/config/file-access.js';
import { loadConfig } from '../src/config/load.js';
import { errorText, ImError } from '../src/domain/index.js';
import { purgeDeleted } from '../src/operations/maintenance/index.js';
import type { Store } from '../src/store/index.js';
import { maskUrls } from '../src/util/mask-url.js';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { config: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  });
  const [date] = positionals;
  if (date === undefined) {
    console.log('No Date specified.');
    return 1;
  }
  const before = parseDay(date);
  const context = createContext({
    loadConfig: () =>
      loadConfig({
        file: values.config,
        environment: process.env,
        readFile: readTextFile,
        installDir: join(dirname(fileURLToPath(import.meta.url)), '..'),
        hostName: hostname(),
      }),
    out: (line) => console.log(line),
    note: (line) => console.error(line),
    readSecret: async () => '',
    now: Date.now,
    newId: randomUUID,
    holder: 'delete_old_infs',
  });
  try {
    console.log(`Deleting old data from DB: ${maskUrls(context.config.dataDb)}.`);
    const isDryRun = values['dry-run'] === true;
    const { purged, kept } = await purgeDeleted(await connect(context), { before, isDryRun });
    console.log(`${purged.length} infrastructures ${isDryRun ? 'would be deleted' : 'deleted'}.`);
    if (kept.length > 0) {
      console.error(
        `${kept.length} are kept: something of them may still exist at their providers (im-admin leftovers).`,
      );
    }
    return 0;
  } finally {
    await context.close();
  }
}

async function connect(context: OpenContext): Promise<Store> {
  try {
    return await context.openStore();
  } catch (error) {
    throw new ImError('store-unavailable', `ERROR connecting with the database!.\n${errorText(error)}`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.log(errorText(error));
  process.exitCode = 1;
}
