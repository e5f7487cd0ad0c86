// SPDX-License-Identifier: Apache-2.0
// im-admin leftovers: what may still exist, and cost money, at providers although nothing here works with it any more.
import { findLeftovers, type Leftovers } from '../../operations/maintenance/index.js';
import { type AdminCommand, JSON_OPTION } from '../command.js';
import { countText, tableLines, timeText } from '../text.js';

export const leftovers: AdminCommand = {
  name: 'leftovers',
  words: '[ID]',
  wordCount: { min: 0, max: 1 },
  options: [JSON_OPTION],
  summary: 'list what the ledger says may still exist at providers',
  details: `No credentials are needed, since no provider is asked. State abandoned: a forced destroy or im-admin abandon gave up on it; intent: the
provider may have made it; deleting, created: it was not seen to be gone. Of infrastructures that were exported with delete, the machines
are another daemon's now. Remove the rest by hand at the provider; its id, or else the token in its name or tags, is shown.`,
  async run(context, { words, flags }) {
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
