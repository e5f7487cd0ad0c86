// SPDX-License-Identifier: Apache-2.0
// What a run was like, in figures.
import type { Operation } from '../../src/domain/index.js';
import { monotonicMs, type RecordingCloud, type StoreReport } from '../support/cluster/recording-cloud.js';
import type { FaultRecord } from './faults.js';
import { groupBy } from './group-by.js';
import { type History, outcomeOf } from './history.js';

/**
 * Seconds from the death or pause of a daemon until another one took each infrastructure that it was working on.
 * @param operations all that there were
 */
export function takeOverSeconds(
  reports: readonly StoreReport[],
  faults: readonly FaultRecord[],
  operations: readonly Operation[],
): readonly number[] {
  const wallMinusMonotonic = Date.now() - monotonicMs();
  const times: number[] = [];
  for (const [id, all] of groupBy(reports, ({ infrastructureId }) => infrastructureId)) {
    const leases = all.filter(({ kind }) => kind !== 'committed').sort((a, b) => a.endedAt - b.endedAt);
    const work = operations.filter(({ infrastructureId }) => infrastructureId === id);
    for (const { fault, node, startedAt } of faults) {
      if (fault !== 'kill' && fault !== 'pause') continue;
      const before = leases.filter(({ endedAt }) => endedAt <= startedAt).at(-1);
      const wall = startedAt + wallMinusMonotonic;
      const isWorking = work.some(
        ({ createdAt, finishedAt }) => createdAt < wall && (finishedAt ?? Number.POSITIVE_INFINITY) > wall,
      );
      if (before?.kind !== 'acquired' || before.node !== node || !isWorking) continue;
      // One that woke, or came back, in time has kept what it had.
      const after = leases.find(({ kind, endedAt }) => kind === 'acquired' && endedAt > startedAt);
      if (after !== undefined && after.node !== node) times.push((after.endedAt - startedAt) / 1000);
    }
  }
  return times;
}

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

/** Lines for people. */
export function describeRun(
  history: History,
  cloud: RecordingCloud,
  faults: readonly FaultRecord[],
  operations: readonly Operation[],
): readonly string[] {
  const lines: string[] = [];
  for (const [kind, calls] of [...groupBy(history.calls, (call) => call.kind)].sort()) {
    const count = (outcome: string): number => calls.filter((call) => outcomeOf(call) === outcome).length;
    const seconds = calls.map(({ startedAt, endedAt }) => (endedAt - startedAt) / 1000).sort((a, b) => a - b);
    const times = `median ${quantile(seconds, 0.5).toFixed(2)} s, 99 % ${quantile(seconds, 0.99).toFixed(1)} s`;
    lines.push(
      `${kind.padEnd(12)} ${calls.length} calls: ${count('done')} done, ${count('refused')} refused, ${count('doubt')} in doubt; ${times}`,
    );
  }
  const refusals = groupBy(
    history.calls.filter((call) => outcomeOf(call) !== 'done'),
    ({ kind, status, text }) =>
      `${kind} ${status ?? 'no answer'}: ${text
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .slice(0, 150)}`,
  );
  for (const [text, calls] of [...refusals].sort(([, a], [, b]) => b.length - a.length).slice(0, 40)) {
    lines.push(`  ${String(calls.length).padStart(4)} x ${text}`);
  }
  const byFault = [...groupBy(faults, ({ fault }) => fault)].map(([fault, all]) => `${all.length} ${fault}`);
  lines.push(`faults: ${byFault.join(', ')}`);
  const times = [...takeOverSeconds(cloud.reports, faults, operations)].sort((a, b) => a - b);
  lines.push(
    `take-overs: ${times.length}; median ${quantile(times, 0.5).toFixed(1)} s, longest ${times
      .slice(-5)
      .map((time) => time.toFixed(1))
      .join(', ')} s`,
    `cloud: ${cloud.calls} calls, ${cloud.machines.length} machines, ${cloud.repeatedLaunches} launches repeated with a known token`,
    `writes under a lease: ${cloud.reports.filter(({ kind }) => kind === 'committed').length}`,
  );
  return lines;
}
