// SPDX-License-Identifier: Apache-2.0
// Follows an infrastructure until its configuration has ended, printing what changes, and tells how it ended.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImClient } from './im-client.js';
import { Progress, tail } from './progress.js';

const POLL_MS = 500;
const LIMIT_MS = 600_000;
const LOG_TAIL_LINES = 40;

/** States in which nothing more happens by itself. */
const FAILURES = new Map([
  [
    'failed',
    "A machine could not be launched. The log above and the daemon's log name the reason; repeat with: npm run quickstart",
  ],
  [
    'unconfigured',
    'A recipe failed. Look for "fatal:" in the log above; after a correction repeat with: npm run quickstart',
  ],
  ['stopped', 'The machines were stopped by somebody else. Repeat with: npm run quickstart'],
  ['off', 'The machines were removed by somebody else. Repeat with: npm run quickstart'],
]);

/** The infrastructure did not get configured; `message` holds the end of its log and what to do. */
export class NotConfigured extends Error {}

/** @throws NotConfigured when it ends in another state than `configured`, or in none within ten minutes. */
export async function followUntilConfigured(
  client: ImClient,
  id: string,
  print: (line: string) => void,
): Promise<void> {
  const progress = new Progress();
  const startedAt = Date.now();
  const show = (line: string) => print(`    ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  for (;;) {
    const seen = await client.state(id);
    const log = await client.log(id);
    for (const line of [...progress.newStates(seen), ...progress.newLogLines(log)]) show(line);
    if (seen.state === 'configured') return;
    const hint = FAILURES.get(seen.state);
    if (hint !== undefined) throw failure(`it is ${seen.state}`, log, hint);
    if (Date.now() - startedAt > LIMIT_MS) {
      const reason = `it is still ${seen.state} after ${LIMIT_MS / 60_000} minutes`;
      throw failure(reason, log, 'It goes on in the background; look again with the commands of the README.');
    }
    await sleep(POLL_MS);
  }
}

function failure(reason: string, log: string, hint: string): NotConfigured {
  return new NotConfigured(
    `The infrastructure is not configured: ${reason}.\n\nEnd of its log:\n${tail(log, LOG_TAIL_LINES)}\n\n${hint}`,
  );
}
