// SPDX-License-Identifier: Apache-2.0
// Decides from the counts at the end of a process how each of its VMs came out (contextualization.md §24.7).
import type { HostStats } from './ansible-event.js';

/** How a VM came out of a task. */
export type VmOutcome = 'ok' | 'failed' | 'unreachable';

/** What is known when a process has ended. */
export interface EndFacts {
  readonly exitCode: number;
  /** Inventory name by VM number, of the VMs of the task. */
  readonly hosts: ReadonlyMap<number, string>;
  /** Counts of all hosts that had a task; undefined when the process ended before it could tell. */
  readonly stats: ReadonlyMap<string, HostStats> | undefined;
  /** Plays in which a host had results. */
  readonly playsOfHost: ReadonlyMap<string, ReadonlySet<string>>;
  /** See `PlannedTask.failsTogether`. */
  readonly failsTogether: boolean;
}

/**
 * The outcome of each VM. Exit code 0 is success for all. Otherwise a VM is well only when its own counts say so, the failure is
 * explained by another one, and nothing shows that it was stopped on the way.
 */
export function judgeVms(facts: EndFacts): ReadonlyMap<number, VmOutcome> {
  const vms = [...facts.hosts.keys()];
  const { exitCode, stats } = facts;
  if (exitCode === 0) return new Map(vms.map((vm) => [vm, 'ok']));
  if (stats === undefined) return new Map(vms.map((vm) => [vm, 'failed']));
  const own = new Map(vms.map((vm) => [vm, ownOutcome(stats.get(facts.hosts.get(vm) ?? ''))]));
  const ofTask = new Set(facts.hosts.values());
  const failedElsewhere = [...stats].some(([host, counts]) => !ofTask.has(host) && ownOutcome(counts) !== 'ok');
  const someFailed = [...own.values()].some((outcome) => outcome !== 'ok');
  const plays = playsOfTask(facts);
  // Fewer plays than the others: a batch that was not begun.
  const missedPlay = (host: string): boolean => (facts.playsOfHost.get(host)?.size ?? 0) < plays.size;
  const allFail = failedElsewhere || !someFailed || facts.failsTogether;
  return new Map(
    [...own].map(([vm, outcome]) => {
      const isStopped = allFail || missedPlay(facts.hosts.get(vm) ?? '');
      return [vm, outcome === 'ok' && isStopped ? 'failed' : outcome];
    }),
  );
}

/** A VM without counts in a run that failed was never reached (`serial`). */
function ownOutcome(counts: HostStats | undefined): VmOutcome {
  if (counts === undefined) return 'failed';
  if (counts.unreachable > 0) return 'unreachable';
  return counts.failures > 0 ? 'failed' : 'ok';
}

/** Plays in which any VM of the task had results. */
function playsOfTask({ hosts, playsOfHost }: EndFacts): ReadonlySet<string> {
  return new Set([...hosts.values()].flatMap((host) => [...(playsOfHost.get(host) ?? [])]));
}
