// SPDX-License-Identifier: Apache-2.0
// What goes wrong in a run: daemons are killed, paused and restarted, started a second time while they are paused, the ways to the
// database are cut, the database itself stops.
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster, ClusterNode } from '../support/cluster/cluster.js';
import { monotonicMs } from '../support/cluster/recording-cloud.js';
import { until } from '../support/waiting.js';
import type { Chance } from './random.js';

/** Kinds of faults. */
export const FAULTS = [
  'kill',
  'pause',
  'restart',
  'twin',
  'cut',
  'swallow',
  'database-cut',
  'database-pause',
  'database-kill',
] as const;

/** See {@link FAULTS}. */
export type Fault = (typeof FAULTS)[number];

/** A fault that happened. */
export interface FaultRecord {
  readonly fault: Fault;
  /** The daemon that it hit; undefined: all. */
  readonly node: string | undefined;
  readonly startedAt: number;
  endedAt: number;
}

/** How often each happens, and how long a daemon stays dead or paused, in lease times. */
const WEIGHTS: Readonly<Record<Fault, number>> = {
  kill: 6,
  pause: 6,
  restart: 3,
  twin: 3,
  cut: 3,
  swallow: 3,
  'database-cut': 2,
  'database-pause': 1,
  'database-kill': 1,
};

/** Lets things go wrong until the signal aborts, two at once at most; what is broken then is mended by {@link heal}. */
export async function runFaults(
  cluster: Cluster,
  chance: Chance,
  leaseMs: number,
  only: readonly Fault[],
  records: FaultRecord[],
  signal: AbortSignal,
): Promise<void> {
  const weights = Object.fromEntries(
    FAULTS.map((fault) => [fault, only.includes(fault) ? WEIGHTS[fault] : 0]),
  ) as Record<Fault, number>;
  const busy = new Set<ClusterNode>();
  const running = new Set<Promise<void>>();
  let isDatabaseBusy = false;
  while (!signal.aborted) {
    await quietPause(chance.between(1000, 8000), signal);
    if (signal.aborted) break;
    const fault = chance.weighted(weights);
    // One daemon is always left alone.
    const free = cluster.nodes.filter((node) => !busy.has(node));
    const isOfDatabase = fault.startsWith('database');
    const node = free.length > 1 ? chance.pick(free) : undefined;
    if (isOfDatabase ? isDatabaseBusy : node === undefined) continue;
    const lasting = Math.round((0.1 + chance.next() * 2) * leaseMs);
    const record: FaultRecord = {
      fault,
      node: isOfDatabase ? undefined : node?.name,
      startedAt: monotonicMs(),
      endedAt: Number.POSITIVE_INFINITY,
    };
    records.push(record);
    if (isOfDatabase) isDatabaseBusy = true;
    else if (node !== undefined) busy.add(node);
    const work = (
      isOfDatabase
        ? hitDatabase(cluster, fault, lasting, signal)
        : hitNode(cluster, node, fault, lasting, leaseMs, signal)
    )
      .finally(() => {
        record.endedAt = monotonicMs();
        if (isOfDatabase) isDatabaseBusy = false;
        else if (node !== undefined) busy.delete(node);
      })
      .finally(() => running.delete(work));
    running.add(work);
  }
  await Promise.all(running);
}

async function hitNode(
  cluster: Cluster,
  node: ClusterNode | undefined,
  fault: Fault,
  lasting: number,
  leaseMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (node === undefined) return;
  switch (fault) {
    case 'kill':
      await node.stop('SIGKILL');
      await quietPause(lasting, signal);
      node.launch();
      return node.untilReady().catch(() => undefined);
    case 'restart':
      await node.stop('SIGTERM');
      node.launch();
      return node.untilReady().catch(() => undefined);
    case 'pause':
      node.pause();
      await quietPause(lasting, signal);
      return node.wake();
    case 'twin':
      return hitWithTwin(cluster, node, lasting, leaseMs, signal);
    case 'cut':
      node.network.cut();
      await quietPause(lasting, signal);
      return node.network.mend();
    default:
      node.network.swallow();
      await quietPause(lasting, signal);
      return node.network.mend();
  }
}

/** A copy with the same name starts while the daemon does not answer, works for a while beside it, and is killed. */
async function hitWithTwin(
  cluster: Cluster,
  node: ClusterNode,
  lasting: number,
  leaseMs: number,
  signal: AbortSignal,
): Promise<void> {
  const twin = await cluster.twinOf(node);
  node.pause();
  twin.launch();
  await quietPause(lasting, signal);
  if (lasting > leaseMs) await twin.untilReady().catch(() => undefined);
  await quietPause(lasting / 2, signal);
  node.wake();
  await quietPause(leaseMs, signal);
  await until(async () => !node.isRunning || (await node.isReady()), `${node.name} to end or go on`, 30_000);
  await twin.stop('SIGKILL');
  if (!node.isRunning) node.launch();
  await node.untilReady().catch(() => undefined);
}

async function hitDatabase(cluster: Cluster, fault: Fault, lasting: number, signal: AbortSignal): Promise<void> {
  const short = Math.min(lasting, 4000);
  switch (fault) {
    case 'database-kill':
      return cluster.server.restart();
    case 'database-pause':
      process.kill(cluster.server.pid, 'SIGSTOP');
      await quietPause(short, signal);
      process.kill(cluster.server.pid, 'SIGCONT');
      return;
    default:
      for (const { network } of cluster.nodes) network.cut();
      await quietPause(short, signal);
      for (const { network } of cluster.nodes) network.mend();
  }
}

/** Everything works again: the networks are whole, all daemons run. */
export async function heal(cluster: Cluster): Promise<void> {
  for (const node of cluster.nodes) {
    node.network.mend();
    if (node.isPaused) node.wake();
    if (!node.isRunning) node.launch();
  }
  await Promise.all(
    cluster.nodes.map((node) =>
      node.untilReady().catch((error: unknown) => {
        // One whose copy had its name was just about to end.
        if (node.isRunning) throw error;
        return node.start();
      }),
    ),
  );
}

async function quietPause(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
