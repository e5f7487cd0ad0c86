// SPDX-License-Identifier: Apache-2.0
// im-admin doctor: looks at everything that the daemon needs and says how to mend what is wrong.
import { ConfigError } from '../../config/config-error.js';
import { type AdminCommand, type AdminContext, JSON_OPTION } from '../command.js';
import { type CheckResult, fail } from '../doctor/check-result.js';
import { checkClock } from '../doctor/clock.js';
import { checkConfiguration } from '../doctor/configuration.js';
import { checkDatabase } from '../doctor/database.js';
import { checkDisks } from '../doctor/disks.js';
import { checkKey } from '../doctor/key.js';
import { checkPermissions } from '../doctor/permissions.js';
import { checkPrograms } from '../doctor/programs.js';
import { checkRuntime } from '../doctor/runtime.js';

export const doctor: AdminCommand = {
  name: 'doctor',
  words: '',
  wordCount: { min: 0, max: 0 },
  options: [JSON_OPTION],
  summary: 'check configuration, database, key, Ansible runtime, programs, clock, disks and permissions',
  details: `Changes nothing. Run it as the user of the daemon: what it may read and write is what counts. Exit status 1 when something would keep
the daemon from its work; warnings leave it 0.`,
  failure: 'something would keep the daemon from its work',
  examples: ['im-admin doctor', 'im-admin doctor --json'],
  async run(context, { flags }) {
    const results = await examine(context);
    if (flags.has('json')) {
      context.out(JSON.stringify(results));
    } else {
      for (const { status, subject, message, remedy } of results) {
        context.out(`${LABELS[status]}  ${subject}: ${message}${remedy === undefined ? '' : ` -> ${remedy}`}`);
      }
    }
    return results.some(({ status }) => status === 'error') ? 1 : 0;
  },
};

const LABELS = { ok: 'ok  ', warning: 'warn', error: 'FAIL' } as const;

async function examine(context: AdminContext): Promise<readonly CheckResult[]> {
  try {
    context.load();
  } catch (error) {
    if (error instanceof ConfigError) {
      return [
        fail('configuration', error.message, 'mend im.cfg or the environment; docs/configuration.md lists the options'),
      ];
    }
    throw error;
  }
  const checks = [
    checkConfiguration,
    checkPermissions,
    checkKey,
    checkDatabase,
    checkRuntime,
    checkPrograms,
    checkClock,
    checkDisks,
  ];
  const results: CheckResult[] = [];
  for (const check of checks) {
    results.push(...(await check(context)));
  }
  return results;
}
