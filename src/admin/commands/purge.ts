// SPDX-License-Identifier: Apache-2.0
// im-admin purge: removes what is kept of infrastructures that were destroyed before a day (persistence.md §8).
import { purgeDeleted } from '../../operations/maintenance/index.js';
import { type AdminCommand, DRY_RUN_OPTION, JSON_OPTION } from '../command.js';
import { parseDay } from '../day.js';
import { countText, timeText } from '../text.js';

export const purge: AdminCommand = {
  name: 'purge',
  words: 'DATE',
  wordCount: { min: 1, max: 1 },
  options: [DRY_RUN_OPTION, JSON_OPTION],
  summary: 'remove destroyed infrastructures whose last change was before DATE',
  details: `DATE is YYYY-MM-DD or YYYY/MM/DD, the midnight with which that day begins on this host. They are gone from the statistics then.
Those that left something behind at their provider are kept: see im-admin leftovers. DELETED_RETENTION_DAYS does the same every day.`,
  failure: 'the database cannot be used',
  examples: ['im-admin purge --dry-run 2026-01-01', 'im-admin purge 2026-01-01'],
  async run(context, { words, flags }) {
    const before = parseDay(words[0] ?? '');
    const isDryRun = flags.has('dry-run');
    const { purged, kept } = await purgeDeleted(await context.openStore(), { before, isDryRun });
    if (flags.has('json')) {
      context.out(JSON.stringify({ isDryRun, purged: purged.map(({ id }) => id), kept: kept.map(({ id }) => id) }));
      return 0;
    }
    for (const { id, updatedAt } of purged) context.out(`${id}  last change ${timeText(updatedAt)}`);
    context.out(
      `${isDryRun ? 'Would remove' : 'Removed'} ${countText(purged.length, 'destroyed infrastructure')}` +
        `${kept.length === 0 ? '.' : `; ${kept.length} kept because of leftovers at their providers.`}`,
    );
    return 0;
  },
};
