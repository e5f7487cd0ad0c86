// SPDX-License-Identifier: Apache-2.0
// Says in words how an Ansible process ended that did not end by itself.
import { constants } from 'node:os';
import type { TaskEnd } from './task-process.js';

const NO_MEMORY = 'The memory of its machine was used up meanwhile: the kernel ended processes (OOM killer).';

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? 'unknown';

/** Lines for the logs of the VMs; none for a process that ended by itself, well or badly. */
export function describeBadEnd(end: TaskEnd): readonly string[] {
  const memory = end.isMemoryExhausted ? [`ERROR: ${NO_MEMORY}`] : [];
  if (end.kind === 'lost') {
    return [
      'ERROR: the Ansible process has gone without a result (it was killed, or its machine was restarted).',
      ...memory,
    ];
  }
  if (end.code < 0) return [`ERROR: Ansible was ended by signal ${-end.code} (${signalName(-end.code)}).`, ...memory];
  return end.code === 0 ? [] : memory;
}
