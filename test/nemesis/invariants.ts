// SPDX-License-Identifier: Apache-2.0
// The invariants of a run, over what the clients heard, what the cloud saw, what the daemons wrote, and what the database holds at the end.
import type { VirtualMachine } from '../../src/domain/index.js';
import type { Store } from '../../src/store/index.js';
import type { RecordingCloud, StoreReport } from '../support/cluster/recording-cloud.js';
import { groupBy } from './group-by.js';
import { type CallRecord, type History, outcomeOf } from './history.js';

/** Something that must not be. */
export interface Violation {
  readonly invariant: string;
  readonly text: string;
}

/** Checks a run that has come to rest. */
export async function violationsOf(
  history: History,
  cloud: RecordingCloud,
  store: Store,
): Promise<readonly Violation[]> {
  return [
    ...machinesPerToken(cloud),
    ...(await rowsAndMachines(history, cloud, store)),
    ...reads(history),
    ...(await numbers(history, store)),
    ...staleWrites(cloud.reports),
    ...answers(history),
  ];
}

/** I1: at most one living machine for a launch token, at any time. */
function machinesPerToken({ machines }: RecordingCloud): readonly Violation[] {
  const violations: Violation[] = [];
  const byToken = groupBy(machines, ({ token }) => token);
  for (const [token, same] of byToken) {
    const sorted = [...same].sort((a, b) => a.createdAt - b.createdAt);
    for (const [index, machine] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next !== undefined && (machine.deletedAt ?? Number.POSITIVE_INFINITY) > next.createdAt) {
        violations.push({
          invariant: 'I1',
          text: `${machine.id} and ${next.id} live at once under the token ${token}`,
        });
      }
    }
  }
  return violations;
}

/** I2 and I3: every living machine has its row and every row its machine; what is destroyed has left nothing. */
async function rowsAndMachines(history: History, cloud: RecordingCloud, store: Store): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const ids = new Set([
    ...cloud.machines.map(({ infrastructureId }) => infrastructureId),
    ...cloud.networks.map(({ infrastructureId }) => infrastructureId),
    ...history.calls.flatMap(({ infrastructureId }) => infrastructureId ?? []),
  ]);
  for (const id of ids) {
    const header = await store.getHeader(id);
    const living = cloud.living(id);
    if (header === undefined || header.isDeleted) {
      const networks = cloud.livingNetworks(id);
      for (const machine of living) {
        violations.push({ invariant: 'I3', text: `${machine.id} (${machine.token}) of the deleted ${id} lives` });
      }
      for (const network of networks) {
        violations.push({ invariant: 'I3', text: `the network ${network.id} of a deleted infrastructure lives` });
      }
      continue;
    }
    const rows = await store.listVms(id);
    const byProviderId = new Map(rows.map((row) => [row.providerId, row]));
    for (const machine of living) {
      if (!byProviderId.has(machine.id)) {
        violations.push({ invariant: 'I2', text: `${machine.id} (${machine.token}) of ${id} lives without a row` });
      }
    }
    const livingIds = new Set(living.map((machine) => machine.id));
    for (const row of rows) {
      violations.push(...rowProblems(row, livingIds));
    }
    if (header.isDestroying) violations.push({ invariant: 'I7', text: `${id} is for ever being destroyed` });
  }
  return violations;
}

/** I2 the other way round, and honest ends. */
function rowProblems(row: VirtualMachine, livingIds: ReadonlySet<string>): readonly Violation[] {
  const name = `VM ${row.number} of ${row.infrastructureId}`;
  const violations: Violation[] = [];
  if (row.providerId !== null && !livingIds.has(row.providerId)) {
    violations.push({ invariant: 'I2', text: `${name} has the machine ${row.providerId}, which is gone` });
  }
  if (row.providerId === null && row.cloudState !== 'failed') {
    violations.push({ invariant: 'I7', text: `${name} has no machine and is ${row.cloudState}` });
  }
  if (row.isCreating || row.isDeleting) {
    violations.push({
      invariant: 'I7',
      text: `${name} is for ever ${row.isCreating ? 'being created' : 'being deleted'}`,
    });
  }
  return violations;
}

/** I4: what was answered stays true for every later read, at whatever daemon it is made. */
function reads({ calls }: History): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [id, all] of groupBy(calls, ({ infrastructureId }) => infrastructureId)) {
    if (id === undefined) continue;
    const destroys = all.filter(({ kind }) => kind === 'destroy');
    const firstDestroy = Math.min(...destroys.map(({ startedAt }) => startedAt));
    const gone = Math.min(
      ...destroys.filter((call) => !call.isAsync && outcomeOf(call) === 'done').map(({ endedAt }) => endedAt),
      // Once it is gone it is gone.
      ...all
        .filter(({ status }) => status === 404)
        .map(({ endedAt, text }) => (text.includes('VM') ? Infinity : endedAt)),
    );
    const added = all.filter((call) => call.kind === 'add' && outcomeOf(call) === 'done');
    const removals = all.filter(({ kind }) => kind === 'remove');
    for (const read of all.filter(({ kind }) => kind === 'state' || kind === 'vms')) {
      if (read.startedAt > gone && read.status === 200) {
        violations.push({ invariant: 'I4', text: `${id} is shown after it was destroyed` });
      }
      if (read.endedAt < firstDestroy && read.status !== undefined && read.status < 500 && read.status !== 200) {
        violations.push({ invariant: 'I4', text: `${id} is answered with ${read.status} before anybody destroyed it` });
      }
      if (read.kind === 'vms' && read.status === 200) {
        const shown = new Set(read.numbers);
        for (const add of added.filter(({ endedAt }) => endedAt < read.startedAt)) {
          for (const number of add.numbers) {
            const isRemoved = removals.some(
              ({ named, startedAt }) => named.includes(number) && startedAt < read.endedAt,
            );
            if (!shown.has(number) && !isRemoved && read.endedAt < firstDestroy) {
              violations.push({ invariant: 'I4', text: `VM ${number} of ${id} is not shown after it was added` });
            }
          }
        }
        for (const removal of removals.filter((call) => outcomeOf(call) === 'done' && call.endedAt < read.startedAt)) {
          for (const number of removal.named.filter((named) => shown.has(named))) {
            violations.push({ invariant: 'I4', text: `VM ${number} of ${id} is shown after it was removed` });
          }
        }
      }
    }
  }
  return violations;
}

/** I5: no VM that nobody asked for, none twice, none lost. */
async function numbers({ calls }: History, store: Store): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  for (const [id, all] of groupBy(calls, ({ infrastructureId }) => infrastructureId)) {
    if (id === undefined) continue;
    const launches = all.filter(({ kind }) => kind === 'create' || kind === 'add');
    const header = await store.getHeader(id);
    if (header === undefined) {
      violations.push({ invariant: 'I5', text: `${id} was answered and is unknown` });
      continue;
    }
    const rows = await store.listVmStatuses(id, { includeDestroyed: true });
    const known = new Map(rows.map((row) => [row.number, row]));
    const most = launches.reduce((sum, { requested }) => sum + requested, 0);
    const least = launches
      .filter((call) => outcomeOf(call) === 'done')
      .reduce((sum, { requested }) => sum + requested, 0);
    const isAsyncCreate = launches.some(({ kind, isAsync }) => kind === 'create' && isAsync);
    if (rows.length > most) {
      violations.push({ invariant: 'I5', text: `${id} has ${rows.length} VMs, ${most} were asked for` });
    }
    if (rows.length < least && !(isAsyncCreate && all.some(({ kind }) => kind === 'destroy'))) {
      violations.push({ invariant: 'I5', text: `${id} has ${rows.length} VMs, ${least} were answered` });
    }
    const seen = new Map<number, CallRecord>();
    for (const add of launches.filter((call) => call.kind === 'add' && outcomeOf(call) === 'done')) {
      if (add.numbers.length !== add.requested) {
        violations.push({
          invariant: 'I5',
          text: `an add of ${add.requested} to ${id} answered ${add.numbers.length} VMs`,
        });
      }
      for (const number of add.numbers) {
        if (seen.has(number)) violations.push({ invariant: 'I5', text: `VM ${number} of ${id} was given out twice` });
        seen.set(number, add);
        const row = known.get(number);
        const isRemoved = all.some(
          ({ kind, named }) => kind === 'destroy' || (kind === 'remove' && named.includes(number)),
        );
        if (row === undefined || (row.isDestroyed && !isRemoved)) {
          violations.push({ invariant: 'I5', text: `VM ${number} of ${id} was answered and is lost` });
        }
      }
    }
    for (const { kind, numbers: shown } of all) {
      for (const number of kind === 'vms' ? shown : []) {
        if (!known.has(number))
          violations.push({ invariant: 'I5', text: `VM ${number} of ${id} was shown and never was` });
      }
    }
  }
  return violations;
}

/** I6: no write under an old fencing number that began after a write under a newer one had ended. */
function staleWrites(reports: readonly StoreReport[]): readonly Violation[] {
  const violations: Violation[] = [];
  const commits = reports.filter(({ kind }) => kind === 'committed');
  for (const [id, all] of groupBy(commits, ({ infrastructureId }) => infrastructureId)) {
    const byEnd = [...all].sort((a, b) => a.endedAt - b.endedAt);
    let highest = 0;
    let next = 0;
    for (const write of [...all].sort((a, b) => a.startedAt - b.startedAt)) {
      for (let ended = byEnd[next]; ended !== undefined && ended.endedAt < write.startedAt; ended = byEnd[next]) {
        highest = Math.max(highest, ended.fencing);
        next += 1;
      }
      if (write.fencing < highest) {
        violations.push({
          invariant: 'I6',
          text: `${write.node} wrote ${id} under ${write.fencing} after somebody had under ${highest}`,
        });
      }
    }
  }
  return violations;
}

/** Answers that no client should ever get. */
function answers({ calls }: History): readonly Violation[] {
  return calls
    .filter(({ status, text }) => status === 500 || /taken over|fencing|lease/i.test(text))
    .map(({ kind, status, text }) => ({ invariant: 'I8', text: `${kind} answered ${status}: ${text.slice(0, 200)}` }));
}
