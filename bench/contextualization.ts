// SPDX-License-Identifier: Apache-2.0
// Whole configuration runs over real nodes against bare ansible-playbook with the same tasks from the same master, and where the time goes.
import { readdirSync, readFileSync } from 'node:fs';
import { createContextualizer } from '../src/contextualization/index.js';
import { poll } from '../src/util/deadline.js';
import { silentLogger } from '../src/util/logger.js';
import { createSemaphore } from '../src/util/semaphore.js';
import {
  createWorld,
  keyCredentials,
  testSettings,
  type World,
} from '../test/contextualization/runner/support/world.js';
import { peakMemory, processorMs } from '../test/ssh/support/node-usage.js';
import { createTestBed, docker, type TestBed, type TestNode } from '../test/ssh/support/nodes.js';
import { row } from './measure.js';

const DEFAULT_SIZES = [1, 10];
/** Tasks of a step: fewer on many nodes, which all share the processors of this machine. */
const tasksPerStep = (nodes: number): number => Math.max(2, Math.min(10, Math.round(60 / nodes)));
const STARTS_AT_ONCE = 4;
const LIMIT_MS = 900_000;
const DIRECTORY = '/var/tmp/.im/bench';

/** Files, commands and templates, as recipes have them; every step makes things of its own. */
const tasks = (step: number, count: number): string =>
  Array.from({ length: count }, (_, index) =>
    index % 3 === 0
      ? `  - copy: dest=/opt/bench-${step}-${index} content="{{ ansible_hostname }} {{ groups['all'] | length }}"`
      : index % 3 === 1
        ? `  - file: path=/opt/bench-${step}-${index} state=directory`
        : `  - command: echo ${step} ${index}`,
  ).join('\n');

const recipes = (systems: readonly string[], count: number): string =>
  `${[1, 2].map((step) => `configure step${step} (\n@begin\n- tasks:\n${tasks(step, count)}\n@end\n)`).join('\n')}
contextualize (
${systems.flatMap((name) => [1, 2].map((step) => `system ${name} configure step${step} step ${step}`)).join('\n')}
)`;

/** The same as one playbook of somebody who does without us. */
const barePlaybook = (count: number): string => `- hosts: all
  become: yes
  tasks:
${tasks(1, count)}
${tasks(2, count)}
`;

/** Moments of a run in milliseconds since its beginning, by the line of the log that marks them. */
type Moments = ReadonlyMap<string, number>;

interface Measured {
  readonly totalMs: number;
  readonly moments: Moments;
  /** Time in which an Ansible process ran. */
  readonly ansibleMs: number;
  readonly peakBytes: number;
  /** Processor time of all nodes together, and of ourselves. */
  readonly nodesCpuMs: number;
  readonly ownCpuMs: number;
}

async function startNodes(bed: TestBed, count: number): Promise<readonly TestNode[]> {
  const starts = createSemaphore(STARTS_AT_ONCE);
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) => starts.run(() => bed.start({ isPrivate: index > 0 }))),
  );
  // A machine that boots is not what is measured.
  for (const node of nodes) {
    await poll({ timeoutMs: 60_000, intervalMs: 100, what: `sshd of ${node.name}` }, async () =>
      (await node.run('ps -eo comm')).split('\n').includes('sshd') ? true : undefined,
    );
  }
  return nodes;
}

/** Length of the union of intervals. */
function covered(intervals: readonly (readonly [number, number])[]): number {
  let end = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const [from, to] of [...intervals].sort((left, right) => left[0] - right[0])) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

async function ansibleTime(master: TestNode, runId: string): Promise<number> {
  const listing = await master.run(`cd ${DIRECTORY}/runs/${runId} && stat -c '%n %.6Y' */pid */exit`);
  const times = new Map(
    listing.split('\n').map((line): [string, number] => [line.split(' ')[0] ?? '', Number(line.split(' ')[1]) * 1000]),
  );
  return covered(
    [...times].flatMap(([name, at]) =>
      name.endsWith('/pid') ? [[at, times.get(name.replace(/pid$/, 'exit')) ?? at] as const] : [],
    ),
  );
}

async function measureRun(world: World, nodes: readonly TestNode[], runId: string): Promise<Measured> {
  const [master] = nodes;
  if (!master) throw new Error('no nodes');
  const moments = new Map<string, number>();
  world.results.clear();
  // Packs the runtime when it is first asked for: that is set-up, and no part of the run.
  const settings = testSettings({ maxContextualizationTimeMs: LIMIT_MS });
  const contextualizer = createContextualizer({ settings, logger: silentLogger, now: Date.now });
  const nodesBefore = await processorMs(nodes);
  const ownBefore = process.cpuUsage();
  const started = performance.now();
  world.onLine = (line) => moments.set(line.replace(/ in [\d.]+ s\.$/, ''), performance.now() - started);
  const { value: totalMs, peakBytes } = await peakMemory(master, async () => {
    await contextualizer.run({
      infrastructureId: 'bench',
      runId,
      refreshRoles: false,
      startedAt: Date.now(),
      ports: world.ports,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return performance.now() - started;
  });
  await contextualizer.close();
  const own = process.cpuUsage(ownBefore);
  const nodesCpuMs = (await processorMs(nodes)) - nodesBefore;
  const bad = world.vms.filter(({ number }) => world.results.get(number) !== true);
  if (bad.length > 0)
    throw new Error(
      `VM ${bad[0]?.number} was not configured:\n${world.lines.join('\n')}\n${world.logs.get(bad[0]?.number ?? 0)}`,
    );
  const ownCpuMs = (own.user + own.system) / 1000;
  return { totalMs, moments, peakBytes, nodesCpuMs, ownCpuMs, ansibleMs: await ansibleTime(master, runId) };
}

/** Pipelining, connection reuse, 20 forks, facts once: what somebody does who knows Ansible. Connections and facts of our runs are not used. */
interface Bare {
  readonly ms: number;
  readonly peakBytes: number;
  readonly cpuMs: number;
}

async function bare(nodes: readonly TestNode[]): Promise<Bare> {
  const [master] = nodes;
  if (!master) throw new Error('no nodes');
  const runtimes = await master.run('ls -d /var/tmp/.im/runtime/*');
  const runtime = runtimes.split('\n')[0] ?? '';
  const config = await master.run(`cat ${DIRECTORY}/ansible.cfg`);
  const own = config
    .replace('stdout_callback = ansible.posix.jsonl', 'stdout_callback = default')
    .replaceAll(`${DIRECTORY}/facts_cache`, '/tmp/bare/facts')
    .replaceAll(`${DIRECTORY}/.ansible`, '/tmp/bare/ansible');
  await master.run(
    `rm -rf /tmp/bare; mkdir -p /tmp/bare/ansible/cp && cat >/tmp/bare/ansible.cfg <<'END'\n${own}\nEND\ncat >/tmp/bare/site.yml <<'END'\n${barePlaybook(tasksPerStep(nodes.length))}\nEND\nchown -R imuser /tmp/bare`,
  );
  const before = await processorMs(nodes);
  const started = performance.now();
  const { peakBytes } = await peakMemory(master, () =>
    docker(
      'exec',
      '--user',
      'imuser',
      '--env',
      'ANSIBLE_CONFIG=/tmp/bare/ansible.cfg',
      '--env',
      'LC_ALL=C.UTF-8',
      master.name,
      'sh',
      '-c',
      `exec python3 ${runtime}/bin/ansible-playbook -i ${DIRECTORY}/hosts --forks 20 /tmp/bare/site.yml >/tmp/bare/log 2>&1`,
    ).catch(async (error: unknown) => {
      throw new Error(`bare Ansible failed: ${error}\n${await master.run('tail -30 /tmp/bare/log')}`);
    }),
  );
  const ms = performance.now() - started;
  return { ms, peakBytes, cpuMs: (await processorMs(nodes)) - before };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

function report(what: string, measured: Measured, reference: Bare): void {
  const { totalMs, moments, ansibleMs, peakBytes, nodesCpuMs, ownCpuMs } = measured;
  const at = (start: string): number => [...moments].find(([line]) => line.startsWith(start))?.[1] ?? Number.NaN;
  const prepared = at('All VMs reached');
  const loggedIn = at('Creating and copying');
  const bootstrapped = at('Configure Ansible in');
  const installed = at('Ansible successfully');
  const firstStep = at('Step 2 ');
  const lastStep = Math.max(...[...moments].filter(([line]) => /^Step \d+ .* ended/.test(line)).map(([, ms]) => ms));
  const steps = lastStep - firstStep;
  row(
    what,
    seconds(totalMs),
    seconds(steps),
    (steps / reference.ms).toFixed(2),
    (nodesCpuMs / reference.cpuMs).toFixed(2),
    seconds(totalMs - steps),
    mebibytes(peakBytes),
  );
  const parts = [
    ...(Number.isNaN(loggedIn)
      ? [`log-ins and bootstrap ${seconds(prepared)}`]
      : [
          `waiting for the master ${seconds(loggedIn)}`,
          `its bootstrap ${seconds(bootstrapped - loggedIn)}`,
          `runtime ${seconds(installed - bootstrapped)}`,
          `other VMs after that ${seconds(prepared - installed)}`,
        ]),
    `files ${seconds(firstStep - prepared)}`,
    `Ansible ${seconds(ansibleMs)}`,
    `own idle in the steps ${seconds(steps - ansibleMs)}`,
    `end ${seconds(totalMs - lastStep)}`,
    `processors: nodes ${seconds(nodesCpuMs)}, daemon ${seconds(ownCpuMs)}`,
  ];
  console.log(`    ${parts.join(', ')}`);
}

async function benchSize(count: number): Promise<void> {
  const bed = await createTestBed();
  try {
    const [master, ...workers] = await startNodes(bed, count);
    if (!master) return;
    const all = [master, ...workers];
    const credentials = keyCredentials(bed.privateKey);
    const systems = count === 1 ? ['front'] : ['front', 'wn'];
    const world = createWorld(recipes(systems, tasksPerStep(count)), [
      { system: 'front', node: master, credentials },
      ...workers.map((node) => ({ system: 'wn', node, isPrivate: true, credentials })),
    ]);
    // Everybody begins with the same work to do.
    const clean = async (): Promise<void> => {
      const some = createSemaphore(STARTS_AT_ONCE);
      await Promise.all(all.map((node) => some.run(() => node.run('rm -rf /opt/bench-*'))));
    };
    // Ours and bare Ansible in turns: the machine may be shared, and what it has to do otherwise changes.
    const first = await measureRun(world, all, 'run-1');
    await clean();
    const before = await bare(all);
    await clean();
    const again = await measureRun(world, all, 'run-2');
    await clean();
    const after = await bare(all);
    const reference: Bare = {
      ms: (before.ms + after.ms) / 2,
      cpuMs: (before.cpuMs + after.cpuMs) / 2,
      peakBytes: Math.max(before.peakBytes, after.peakBytes),
    };
    console.log(`\n${count} node${count === 1 ? '' : 's'}, facts and ${2 * tasksPerStep(count)} tasks each`);
    row('', 'total', 'steps', 'steps / bare', 'cpu / bare', 'all else', 'peak of the master');
    row(
      'bare ansible-playbook',
      seconds(reference.ms),
      seconds(reference.ms),
      '1.00',
      '1.00',
      '-',
      mebibytes(reference.peakBytes),
    );
    report('first run', first, reference);
    report('run again', again, reference);
  } finally {
    await bed.close();
  }
}

/** Sizes are given behind the name of the section: `npm run bench -- contextualization 30`. */
export async function benchContextualization(): Promise<void> {
  const asked = process.argv
    .slice(2)
    .map(Number)
    .filter((size) => Number.isInteger(size) && size > 0);
  console.log(
    `load of this machine: ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}, ${readdirSync('/sys/devices/system/cpu').filter((name) => /^cpu\d+$/.test(name)).length} CPUs`,
  );
  for (const size of asked.length > 0 ? asked : DEFAULT_SIZES) await benchSize(size);
}
