// SPDX-License-Identifier: Apache-2.0
// One run: clients and faults side by side, then rest, the invariants, and the end of everything.
import { Cluster } from '../support/cluster/cluster.js';
import type { ClusterDatabase } from '../support/cluster/cluster-database.js';
import { RecordingCloud } from '../support/cluster/recording-cloud.js';
import { until } from '../support/waiting.js';
import { Client, runClient, type World } from './client.js';
import { FAULTS, type Fault, type FaultRecord, heal, runFaults } from './faults.js';
import { describeRun } from './figures.js';
import { History } from './history.js';
import { type Violation, violationsOf } from './invariants.js';
import { createChance } from './random.js';

/** What a run is like. */
export interface NemesisOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly database: ClusterDatabase;
  readonly daemons: number;
  readonly clients: number;
  readonly leaseSeconds: number;
  readonly faults: readonly Fault[];
  /** The cloud knows launch tokens that come again. */
  readonly isIdempotent: boolean;
}

/** What an ordinary run is like. */
export const ORDINARY_RUN: NemesisOptions = {
  seconds: 60,
  seed: 1,
  database: 'mariadb',
  daemons: 3,
  clients: 6,
  leaseSeconds: 5,
  faults: FAULTS,
  isIdempotent: true,
};

/** How a run ended. */
export interface NemesisResult {
  readonly violations: readonly Violation[];
  readonly figures: readonly string[];
}

/** Work that goes on after everything was mended must have ended by then. */
const REST_MS = 120_000;

/** @param keepLogs called with the directory of the cluster before it is removed */
export async function runNemesis(
  options: NemesisOptions,
  keepLogs?: (cluster: Cluster, history: History, faults: readonly FaultRecord[]) => Promise<void>,
): Promise<NemesisResult> {
  const chance = createChance(options.seed);
  const cloudChance = chance.branch('cloud');
  const cloud = new RecordingCloud(
    {
      isIdempotent: options.isIdempotent,
      delayMs: () => (cloudChance.next() < 0.1 ? cloudChance.between(0, 1500) : cloudChance.between(0, 60)),
      refusals: 0.02,
      lostAnswers: 0.02,
    },
    () => cloudChance.next(),
  );
  const cluster = await Cluster.start({
    database: options.database,
    daemons: options.daemons,
    cloud,
    options: { LEASE_SECONDS: options.leaseSeconds, SHUTDOWN_GRACE_SECONDS: 5 },
  });
  const history = new History();
  const faults: FaultRecord[] = [];
  try {
    const world: World = { infrastructures: [], numbers: new Map() };
    const end = AbortSignal.timeout(options.seconds * 1000);
    const where = (): string => cluster.url;
    await Promise.all([
      ...Array.from({ length: options.clients }, (_, n) =>
        runClient(`client-${n}`, chance.branch(`client-${n}`), world, history, where, end),
      ),
      runFaults(cluster, chance.branch('faults'), options.leaseSeconds * 1000, options.faults, faults, end),
    ]);
    const violations: Violation[] = [];
    try {
      await heal(cluster);
      await untilAtRest(cluster);
    } catch (error) {
      violations.push({ invariant: 'I7', text: error instanceof Error ? error.message : String(error) });
    }
    violations.push(...(await violationsOf(history, cloud, cluster.store)));
    const figures = describeRun(history, cloud, faults, await cluster.store.listOperations({}));
    violations.push(...(await endEverything(cluster, history)));
    await keepLogs?.(cluster, history, faults);
    return { violations, figures };
  } finally {
    await cluster.destroy();
  }
}

async function untilAtRest(cluster: Cluster): Promise<void> {
  const unfinished = () => cluster.store.listOperations({ states: ['queued', 'running'] });
  await until(async () => (await unfinished()).length === 0, 'all operations to end', REST_MS).catch(async (error) => {
    const left = (await unfinished()).map(
      ({ kind, state, infrastructureId }) => `${kind} ${state} ${infrastructureId}`,
    );
    throw new Error(`${String(error)} Left: ${left.join('; ')}`);
  });
}

/** I3: after everything was destroyed the cloud has nothing any more. */
async function endEverything(cluster: Cluster, history: History): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const client = new Client(
    'end',
    createChance(0),
    { infrastructures: [], numbers: new Map() },
    history,
    () => cluster.url,
  );
  await Promise.all(
    (await cluster.store.listInfrastructureIds({})).map(async (id) => {
      const { status, text } = await client.call('destroy', id, 'DELETE', `/infrastructures/${id}`, {});
      if (status !== 200) violations.push({ invariant: 'I7', text: `${id} cannot be destroyed: ${status} ${text}` });
    }),
  );
  await untilAtRest(cluster).catch((error: unknown) => violations.push({ invariant: 'I7', text: String(error) }));
  for (const { id, token } of cluster.cloud.living()) {
    violations.push({ invariant: 'I3', text: `${id} (${token}) lives after everything was destroyed` });
  }
  for (const { id } of cluster.cloud.livingNetworks()) {
    violations.push({ invariant: 'I3', text: `the network ${id} is there after everything was destroyed` });
  }
  return violations;
}
