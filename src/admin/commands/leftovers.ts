// SPDX-License-Identifier: Apache-2.0
// im-admin leftovers: what may still exist, and cost money, at providers although nothing here works with it any more.

import { findLeftovers, type Leftovers } from '../../operations/maintenance/index.js';
import { type AdminCommand, JSON_OPTION } from '../command.js';
import { sweep } from '../sweep.js';
import { countText, tableLines, timeText } from '../text.js';
import { UsageError } from '../usage-error.js';

export const leftovers: AdminCommand = {
  name: 'leftovers',
  words: '[ID]',
  wordCount: { min: 0, max: 1 },
  options: [
    { name: 'auth', value: 'FILE', help: 'ask the clouds of this authorization file for machines that are in no row' },
    {
      name: 'delete',
      value: 'IDS',
      help: 'with --auth: delete these orphans (ids at the provider, separated by commas)',
    },
    JSON_OPTION,
  ],
  summary: 'list what may still exist at providers, by the ledger or by asking them',
  details: `Without --auth no credentials are needed, since no provider is asked. State abandoned: a forced destroy or im-admin abandon gave up on it; intent: the
provider may have made it; deleting, created: it was not seen to be gone. Of infrastructures that were exported with delete, the machines
are another daemon's now. Remove the rest by hand at the provider; its id, or else the token in its name or tags, is shown.
With --auth each cloud is looked at twice, some seconds apart: what carries a mark of ours both times and is in no row is an orphan. Name with
--delete only what is yours: another service with a database of its own may use the same account.`,
  failure: 'there is no such infrastructure, a cloud could not be searched, or what was to be deleted is still there',
  examples: [
    'im-admin leftovers',
    'im-admin leftovers --auth auth.dat',
    'im-admin leftovers --auth auth.dat --delete i-0123456789abcdef0',
  ],
  async run(context, { words, flags, values }) {
    const auth = values.get('auth');
    if (auth !== undefined) {
      return await sweep(context, auth, values.get('delete') ?? '', flags.has('json'));
    }
    if (values.has('delete')) {
      throw new UsageError(
        'Use --delete together with --auth FILE: only what was found at the provider can be deleted there.',
      );
    }
    const found = await findLeftovers(await context.openStore(), words[0]);
    if (flags.has('json')) {
      context.out(JSON.stringify(found));
      return 0;
    }
    const rows = found.flatMap(rowsOf);
    if (rows.length > 0) {
      const head = ['INFRASTRUCTURE', 'IS', 'STATE', 'KIND', 'CLOUD', 'SINCE', 'PROVIDER ID OR TOKEN'];
      for (const line of tableLines([head, ...rows])) context.out(line);
    }
    context.note(`${countText(rows.length, 'leftover')} of ${countText(found.length, 'infrastructure')}.`);
    return 0;
  },
};

function rowsOf({ infrastructureId, whereabouts, resources }: Leftovers): readonly (readonly string[])[] {
  return resources.map(({ state, kind, cloud, createdAt, providerId, token }) => [
    infrastructureId,
    whereabouts,
    state,
    kind,
    `${cloud.type} ${cloud.server}`.trim(),
    timeText(createdAt),
    providerId ?? token,
  ]);
}
