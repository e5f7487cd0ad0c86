// SPDX-License-Identifier: Apache-2.0
// Doctor: a wrong clock makes tokens invalid, certificates expired and logs useless.
import { fileURLToPath } from 'node:url';
import { parseDataDb } from '../../store/index.js';
import type { AdminContext } from '../command.js';
import { timeText } from '../text.js';
import { type CheckResult, fail, fine, warn } from './check-result.js';
import { factsOf } from './file-facts.js';
import { firstLineOf } from './run-program.js';

const SUBJECT = 'clock';
/** Clocks are set back by less when they are adjusted. */
const TOLERANCE_MS = 60_000;

export async function checkClock({ config, now }: AdminContext): Promise<readonly CheckResult[]> {
  const time = now();
  const location = parseDataDb(config.dataDb);
  // None of these can have been written in the future.
  const witnesses = [fileURLToPath(import.meta.url), ...(location.kind === 'sqlite' ? [location.path] : [])];
  for (const path of witnesses) {
    const facts = await factsOf(path);
    if (facts !== undefined && facts.mtimeMs > time + TOLERANCE_MS) {
      return [
        fail(
          SUBJECT,
          `it says ${timeText(time)}, but ${path} was written at ${timeText(facts.mtimeMs)}`,
          'set the clock of the host',
        ),
      ];
    }
  }
  const synchronized = await firstLineOf('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (synchronized === 'no') {
    return [
      warn(SUBJECT, `${timeText(time)}, and nobody keeps it right`, 'timedatectl set-ntp true, or install chrony'),
    ];
  }
  const isKept = synchronized === 'yes' ? 'synchronized' : 'whether it is synchronized cannot be seen from here';
  return [fine(SUBJECT, `${timeText(time)}, ${isKept}`)];
}
