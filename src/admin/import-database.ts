// SPDX-License-Identifier: Apache-2.0
// Takes over every infrastructure of a database of grycap/im that is not here yet, and reports.
import { ImError } from '../domain/index.js';
import { openReference, type ReferenceTarget, takeOver } from '../store/index.js';
import type { AdminContext, Arguments } from './command.js';
import { presentStore } from './present-store.js';
import { countText } from './text.js';

/** They share group commits, each of which waits for the disk. */
const TOGETHER = 16;

/** @returns 0 when all of them could be read and written */
export async function importDatabase(context: AdminContext, { flags }: Arguments, url: string): Promise<number> {
  const isDryRun = flags.has('dry-run');
  const source = await openReference(url, context.logger);
  try {
    const store = isDryRun ? await presentStore(context) : await context.openStore();
    const target: ReferenceTarget = {
      isPresent: async (id) => (await store?.getHeader(id)) !== undefined,
      write: async (_id, changes) => {
        if (!isDryRun) {
          await store?.commit(changes);
        }
      },
    };
    const report = await takeOver(source, target, {
      isFatal: (error) => error instanceof ImError && error.code === 'store-unavailable',
      together: TOGETHER,
    });
    if (flags.has('json')) {
      context.out(JSON.stringify({ source: source.place, isDryRun, ...report }));
    } else {
      const { living, deleted, vms, present, failed, warnings } = report;
      context.out(
        `${isDryRun ? 'Would import' : 'Imported'} from ${source.place}: ${living} living with ${countText(vms, 'VM')}, ${deleted} deleted (for statistics); ` +
          `${present} here already, ${failed.length} failed.`,
      );
      for (const { id, text } of failed) context.out(`failed ${id}: ${text}`);
      for (const { id, text } of warnings) context.out(`warning ${id}: ${text}`);
    }
    return report.failed.length === 0 ? 0 : 1;
  } finally {
    await source.close();
  }
}
