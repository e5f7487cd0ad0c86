// SPDX-License-Identifier: Apache-2.0
// How many Ansible processes and forks a step may have: the memory of the control node is shared by all of them (contextualization.md §24.6, §25).

/** Shared by the processes that run beside each other. */
export interface ResourceShare {
  /** Ansible processes at once. */
  readonly processes: number;
  /** Hosts that all of them together work on at once. */
  readonly forks: number;
}

const MOST_PROCESSES = 8;
const MOST_SINGLE_PROCESSES = 20;
// More would need more than 400 MiB at thirty machines (contextualization.md §25), and gain little: the master's processors are the limit.
const MOST_FORKS = 10;
// Measured with ansible-core 2.14: a process needs about 70 MiB, each host that it works on 10 MiB more.
const PROCESS_MIB = 70;
const FORK_MIB = 10;
/** The rest of the free memory is for the machine's own work, which recipes on the control node are a part of. */
const SHARE_OF_FREE = 0.6;

/**
 * What a control node can bear.
 * @param freeMib its free memory; undefined when it is not known
 * @param isSingle each process works on one host (CTXT_PROCESS_PER_VM)
 */
export function resourcesFor(freeMib: number | undefined, isSingle: boolean): ResourceShare {
  const most = isSingle ? MOST_SINGLE_PROCESSES : MOST_PROCESSES;
  if (freeMib === undefined) return { processes: most, forks: MOST_FORKS };
  const usable = freeMib * SHARE_OF_FREE;
  const processes = clamp((usable - FORK_MIB) / (PROCESS_MIB + FORK_MIB), 1, most);
  const forks = clamp((usable - processes * PROCESS_MIB) / FORK_MIB, processes, MOST_FORKS);
  return { processes, forks: Math.max(forks, processes) };
}

/**
 * The forks of one process: its share, by the number of its hosts, of what all that may run beside it have together.
 * @param hosts of the process
 * @param hostsBeside of all processes that may run at the same time, itself included
 */
export function forksOf(forks: number, hosts: number, hostsBeside: number): number {
  return clamp((forks * hosts) / Math.max(1, hostsBeside), 1, Math.max(1, hosts));
}

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, Math.floor(value)));
