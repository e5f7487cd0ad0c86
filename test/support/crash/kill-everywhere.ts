// SPDX-License-Identifier: Apache-2.0
// Kills a daemon at the points of an operation, starts it again and checks the invariants of durability.
import { expect } from 'chai';
import { until } from '../waiting.js';
import { CrashHouse } from './crash-house.js';

/** One kind of operation under test. */
export interface Scenario {
  readonly kind: 'create' | 'add' | 'remove' | 'destroy';
  /** VMs before the operation; undefined: no infrastructure yet. */
  readonly before: number | undefined;
  /** VMs after it; undefined: no infrastructure left. */
  readonly after: number | undefined;
  readonly request: (house: CrashHouse, infrastructure: string) => Promise<unknown>;
}

/** A cloud under test. */
export interface CloudUnderTest {
  readonly name: string;
  readonly authorization: string;
  readonly image: string;
  /** Features of the private network; default none. */
  readonly privateNetwork?: string;
  /** Machines run some time after their launch, and are asked for. */
  readonly startsLater?: boolean;
  /** Names of what the provider has of an infrastructure, machines first; undefined: this cloud keeps nothing. */
  readonly inventory?: (
    infrastructure: string,
  ) => Promise<{ readonly machines: readonly string[]; readonly others: number }>;
}

export const document = (
  { image, privateNetwork = '' }: CloudUnderTest,
  deploys: string,
): string => `network pub (outbound = 'yes')
network priv (${privateNetwork})
system front (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and disk.0.image.url = '${image}')
system wn (net_interface.0.connection = 'priv' and disk.0.image.url = '${image}')
contextualize ()
${deploys}`;

/** The operations under test. */
export function scenarios(cloud: CloudUnderTest): readonly Scenario[] {
  return [
    {
      kind: 'create',
      before: undefined,
      after: 2,
      request: (house) =>
        house.call('POST', '/infrastructures?async=true', document(cloud, 'deploy front 1\ndeploy wn 1')),
    },
    {
      kind: 'add',
      before: 1,
      after: 2,
      request: (house, id) =>
        house.call('POST', `/infrastructures/${id}`, 'network pub\nnetwork priv\nsystem wn\ndeploy wn 1'),
    },
    {
      kind: 'remove',
      before: 2,
      after: 1,
      request: (house, id) => house.call('DELETE', `/infrastructures/${id}/vms/1`),
    },
    {
      kind: 'destroy',
      before: 2,
      after: undefined,
      request: (house, id) => house.call('DELETE', `/infrastructures/${id}?async=true`),
    },
  ];
}

/** Infrastructures that the API shows. */
export const idsOf = async (house: CrashHouse): Promise<readonly string[]> =>
  (await house.call('GET', '/infrastructures')).text
    .split('\n')
    .filter((line) => line !== '')
    .map((uri) => uri.slice(uri.lastIndexOf('/') + 1));

/** Brings a house to where the operation under test begins. @returns the infrastructure's id, or '' */
export async function prepare(house: CrashHouse, cloud: CloudUnderTest, scenario: Scenario): Promise<string> {
  if (scenario.before === undefined) {
    return '';
  }
  const deploys = scenario.before === 1 ? 'deploy front 1' : 'deploy front 1\ndeploy wn 1';
  const created = await house.call('POST', '/infrastructures', document(cloud, deploys));
  expect(created.status, created.text).to.equal(200);
  await house.settle();
  return created.text.slice(created.text.lastIndexOf('/') + 1);
}

/** How many points the operation passes when nobody kills the daemon. */
async function countPoints(cloud: CloudUnderTest, scenario: Scenario): Promise<number> {
  const house = await CrashHouse.build(cloud.authorization);
  try {
    await house.start();
    const id = await prepare(house, cloud, scenario);
    await house.arm();
    await scenario.request(house, id);
    await house.settle();
    const points = house.points().length;
    for (const left of await idsOf(house)) {
      await house.call('DELETE', `/infrastructures/${left}`);
    }
    return points;
  } finally {
    await house.demolish();
  }
}

async function expectConfigured(house: CrashHouse, id: string, isPatient: boolean): Promise<void> {
  const stateOf = async (): Promise<string> => (await house.call('GET', `/infrastructures/${id}/state`)).text;
  if (isPatient) {
    await until(async () => (await stateOf()).includes('"state":"configured"'), 'the machines to run', 180_000);
  }
  expect(await stateOf()).to.contain('"state":"configured"');
}

/** Starts the daemon again and checks the invariants, then that a destroy leaves nothing. */
export async function checkAfterKill(
  house: CrashHouse,
  cloud: CloudUnderTest,
  scenario: Scenario,
  prepared: string,
): Promise<void> {
  await house.start();
  await house.settle();
  const wasAccepted = house.operations().has(scenario.kind);
  const expected = wasAccepted ? scenario.after : scenario.before;
  const ids = await idsOf(house);
  expect(ids, 'infrastructures').to.have.length(expected === undefined ? 0 : 1);
  const id = ids[0] ?? prepared;
  if (expected !== undefined) {
    await expectConfigured(house, id, cloud.startsLater === true);
    const vms = (await house.call('GET', `/infrastructures/${id}`)).text.split('\n');
    expect(vms, 'VMs').to.have.length(expected);
  }
  if (cloud.inventory !== undefined && id !== '') {
    const { machines } = await cloud.inventory(id);
    expect(new Set(machines).size, 'machines per launch token').to.equal(machines.length);
    expect(machines.length, 'machines').to.equal(expected ?? 0);
  }
  if (ids.length > 0) {
    const destroyed = await house.call('DELETE', `/infrastructures/${id}`);
    expect(destroyed.status, destroyed.text).to.equal(200);
  }
  if (cloud.inventory !== undefined && id !== '') {
    const { machines, others } = await cloud.inventory(id);
    expect([machines.length, others], 'left at the provider after destroy').to.deep.equal([0, 0]);
  }
  expect(await idsOf(house)).to.deep.equal([]);
}

/** One kill at one point: restart, invariants, destroy, nothing left. */
async function killAt(cloud: CloudUnderTest, scenario: Scenario, point: number): Promise<void> {
  const house = await CrashHouse.build(cloud.authorization);
  try {
    await house.start(point);
    const prepared = await prepare(house, cloud, scenario);
    await house.arm();
    await scenario.request(house, prepared).catch(() => undefined);
    // Concurrent work may pass one point less than in the recorded run; then the operation simply ends.
    await until(
      () => house.isDead || [...house.operations().values()].flat().every((state) => !/queued|running/.test(state)),
      'the kill',
      180_000,
    );
    await house.stop('SIGKILL');

    await checkAfterKill(house, cloud, scenario, prepared);
  } finally {
    await house.demolish();
  }
}

/**
 * Runs the kills side by side, a few at a time; every failure is named.
 * @param stride kill only at every so many points
 * @returns how many kills there were
 */
export async function killEverywhere(
  cloud: CloudUnderTest,
  scenario: Scenario,
  concurrency: number,
  stride = 1,
): Promise<number> {
  const points = await countPoints(cloud, scenario);
  const failures: string[] = [];
  let next = 1;
  let kills = 0;
  const take = (): number => {
    const point = next;
    next += stride;
    return point;
  };
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let point = take(); point <= points; point = take()) {
        kills += 1;
        try {
          await killAt(cloud, scenario, point);
        } catch (error) {
          failures.push(`point ${point}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }),
  );
  expect(failures, `${failures.length} of ${kills} kills`).to.deep.equal([]);
  return kills;
}
