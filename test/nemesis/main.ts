// SPDX-License-Identifier: Apache-2.0
// The checker in the manner of Jepsen, on the command line:
//
//   npm run nemesis -- --seconds 60 --seed 7 --database mariadb|postgresql|mongodb [--daemons 3] [--clients 6] [--lease 5]
//                      [--faults kill,pause,...] [--forgetful] [--keep DIR]
//
// --forgetful: the cloud makes a second machine for a launch token that comes again. --keep: logs and history of the run.
// Exit status: 0 no violation, 1 violations, 2 wrong command line.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CLUSTER_DATABASES } from '../support/cluster/cluster-database.js';
import { FAULTS } from './faults.js';
import { type NemesisOptions, ORDINARY_RUN, runNemesis } from './run.js';

const TEXT = { type: 'string' } as const;

function readOptions(): { readonly options: NemesisOptions; readonly keep: string | undefined } {
  const { values } = parseArgs({
    options: {
      seconds: TEXT,
      seed: TEXT,
      database: TEXT,
      daemons: TEXT,
      clients: TEXT,
      lease: TEXT,
      faults: TEXT,
      keep: TEXT,
      forgetful: { type: 'boolean' },
    },
  });
  const number = (text: string | undefined, fallback: number): number => {
    const value = text === undefined ? fallback : Number(text);
    if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is not a whole number.`);
    return value;
  };
  const database = CLUSTER_DATABASES.find((name) => name === (values.database ?? ORDINARY_RUN.database));
  if (database === undefined) throw new Error(`--database takes ${CLUSTER_DATABASES.join(', ')}.`);
  const faults =
    values.faults === undefined ? FAULTS : FAULTS.filter((name) => values.faults?.split(',').includes(name));
  return {
    keep: values.keep,
    options: {
      database,
      faults,
      seconds: number(values.seconds, ORDINARY_RUN.seconds),
      seed: number(values.seed, Date.now() % 1_000_000),
      daemons: number(values.daemons, ORDINARY_RUN.daemons),
      clients: number(values.clients, ORDINARY_RUN.clients),
      leaseSeconds: number(values.lease, ORDINARY_RUN.leaseSeconds),
      isIdempotent: values.forgetful !== true,
    },
  };
}

async function main(): Promise<number> {
  let parsed: ReturnType<typeof readOptions>;
  try {
    parsed = readOptions();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  const { options, keep } = parsed;
  console.log(`seed ${options.seed}, ${options.database}, ${options.daemons} daemons, ${options.seconds} s`);
  const { violations, figures } = await runNemesis(options, async (cluster, history, faults) => {
    if (keep === undefined) return;
    await mkdir(keep, { recursive: true });
    await writeFile(join(keep, 'history.jsonl'), history.calls.map((call) => `${JSON.stringify(call)}\n`).join(''));
    await writeFile(
      join(keep, 'reports.jsonl'),
      cluster.cloud.reports.map((one) => `${JSON.stringify(one)}\n`).join(''),
    );
    await writeFile(
      join(keep, 'machines.jsonl'),
      cluster.cloud.machines.map((one) => `${JSON.stringify(one)}\n`).join(''),
    );
    await writeFile(join(keep, 'faults.jsonl'), faults.map((one) => `${JSON.stringify(one)}\n`).join(''));
    for (const node of cluster.nodes) await cp(join(node.directory, 'im.log'), join(keep, `${node.name}.log`));
  });
  for (const line of figures) console.log(line);
  for (const { invariant, text } of violations) console.log(`VIOLATION ${invariant}: ${text}`);
  console.log(`${violations.length} violations (seed ${options.seed}, ${options.database}, ${options.seconds} s)`);
  return violations.length === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exit(await main());
