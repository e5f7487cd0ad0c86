// SPDX-License-Identifier: Apache-2.0
// The daemon and EC2: it dies around every call that changes something, and in a loop right after the call that makes a machine.
// IM_TEST_CRASH=all kills at every point; otherwise at some, which is what CI has time for.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type AwsCall, type AwsFront, openAwsFront, type Treatment } from '../../support/aws/aws-front.js';
import { startMoto } from '../../support/aws/moto.js';
import { bundleCrashDaemon, CrashHouse } from '../../support/crash/crash-house.js';
import {
  type CloudUnderTest,
  checkAfterKill,
  killEverywhere,
  prepare,
  type Scenario,
  scenarios,
} from '../../support/crash/kill-everywhere.js';
import type { PrivateServer } from '../../support/databases/private-server.js';
import { needPeers } from '../../support/peers.js';
import { until } from '../../support/waiting.js';

const IS_COMPLETE = process.env.IM_TEST_CRASH === 'all';
/** Every so many points. */
const STRIDE = IS_COMPLETE ? 1 : 17;
const CALL_STRIDE = IS_COMPLETE ? 1 : 9;
const CONCURRENCY = 3;
const DEATHS = 3;

/** Who made the infrastructure that an operation begins with. */
type Origin = 'own' | 'imported';

const newAccessKey = (): string => `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;

const isChange = ({ service, action }: AwsCall): boolean => service === 'ec2' && !/^(Describe|Get|List)/.test(action);

describe('kill -9 with EC2', function () {
  this.timeout(3_600_000);
  let moto: PrivateServer | undefined;
  let front: AwsFront;
  let kills = 0;
  /** What becomes of the requests of an account. */
  const treatments = new Map<string, (call: AwsCall) => Treatment>();

  before(async function () {
    await needPeers(this, 'moto');
    await bundleCrashDaemon();
    moto = await startMoto();
    front = await openAwsFront(moto.port);
    front.decide = (call) => treatments.get(call.accessKey)?.(call) ?? 'pass';
  });
  afterEach(() => console.log(`      ${kills} kills survived so far`));
  after(async () => {
    const violations = front?.violations ?? [];
    await front?.close();
    await moto?.destroy();
    expect([...new Set(violations)], 'requests that the official models do not allow').to.deep.equal([]);
  });

  const ec2 = (accessKey: string): CloudUnderTest => {
    const ask = async (action: string, filter: string, value: string, element: string): Promise<readonly string[]> => {
      const xml = await front.ask(accessKey, action, { 'Filter.1.Name': filter, 'Filter.1.Value.1': value });
      return [...xml.matchAll(new RegExp(`<${element}>([^<]+)<`, 'g'))].map(([, id = '']) => id);
    };
    return {
      name: 'EC2',
      authorization: `type = InfrastructureManager; username = crash; password = secret\\nid = c; type = EC2; username = ${accessKey}; password = s; endpoint = ${front.url}`,
      image: 'aws://us-east-1/ami-1e749f67',
      privateNetwork: "create = 'yes'",
      startsLater: true,
      inventory: async (infrastructure) => {
        const xml = await front.ask(accessKey, 'DescribeInstances', {
          'Filter.1.Name': 'tag:im-inf',
          'Filter.1.Value.1': infrastructure,
        });
        const living = xml
          .split('<instanceId>')
          .slice(1)
          .filter((item) => !/<instanceState>\s*<code>48/.test(item));
        const machines = living.map((item) => /<key>im-launch<\/key>\s*<value>([^<]+)/.exec(item)?.[1] ?? 'no token');
        const others = await Promise.all([
          ask('DescribeVpcs', 'tag:IM-INFRA-ID', infrastructure, 'vpcId'),
          ask('DescribeSubnets', 'tag:IM-INFRA-ID', infrastructure, 'subnetId'),
          ask('DescribeInternetGateways', 'tag:IM-INFRA-ID', infrastructure, 'internetGatewayId'),
          ask('DescribeSecurityGroups', 'tag:IM-INFRA-ID', infrastructure, 'groupId'),
          ask('DescribeVolumes', 'tag:im-inf', infrastructure, 'volumeId'),
        ]);
        return { machines, others: others.flat().length };
      },
    };
  };

  it('has one machine after it died again and again right after the create call', async () => {
    const accessKey = newAccessKey();
    const cloud = ec2(accessKey);
    const [create] = scenarios(cloud);
    const house = await CrashHouse.build(cloud.authorization);
    let deaths = 0;
    // EC2 does not show what it made yet: only the client token says that it is the same machine.
    front.hiddenLooks = DEATHS;
    treatments.set(accessKey, ({ action }) => {
      if (action !== 'RunInstances' || deaths === DEATHS) return 'pass';
      deaths += 1;
      house.kill();
      return 'lose-answer';
    });
    try {
      await house.start();
      await create!.request(house, '').catch(() => undefined);
      // It is started again as a service manager would; each start goes on with the launch and dies of it.
      for (let start = 0; start < 2 * DEATHS; start += 1) {
        await until(
          () => house.isDead || [...house.operations().values()].flat().every((state) => !/queued|running/.test(state)),
          'the death or the end of the launch',
          60_000,
        );
        if (!house.isDead) break;
        await house.start();
      }
      expect(deaths).to.equal(DEATHS);
      front.hiddenLooks = 0;
      await house.stop('SIGKILL');
      await checkAfterKill(house, cloud, create!, '');
      kills += deaths;
    } finally {
      treatments.delete(accessKey);
      await house.demolish();
    }
  });

  /** A house where the operation begins. `imported`: another one made the infrastructure, and its ledger stayed there. */
  const begin = async (
    cloud: CloudUnderTest,
    scenario: Scenario,
    origin: Origin,
  ): Promise<{ readonly house: CrashHouse; readonly id: string }> => {
    let house = await CrashHouse.build(cloud.authorization);
    try {
      await house.start();
      const id = await prepare(house, cloud, scenario);
      if (origin === 'own') return { house, id };
      const { text } = await house.call('GET', `/infrastructures/${id}/data`);
      await house.demolish();
      house = await CrashHouse.build(cloud.authorization);
      await house.start();
      const imported = await house.call('PUT', '/infrastructures', text, 'application/json');
      expect(imported.status, imported.text).to.equal(200);
      return { house, id };
    } catch (error) {
      await house.demolish();
      throw error;
    }
  };

  /** Which calls of an operation change something at EC2. */
  const countChanges = async (scenario: (cloud: CloudUnderTest) => Scenario, origin: Origin): Promise<number> => {
    const accessKey = newAccessKey();
    const cloud = ec2(accessKey);
    const { house, id } = await begin(cloud, scenario(cloud), origin);
    try {
      let changes = 0;
      treatments.set(accessKey, (call) => {
        if (isChange(call)) changes += 1;
        return 'pass';
      });
      await scenario(cloud).request(house, id);
      await house.settle();
      return changes;
    } finally {
      treatments.delete(accessKey);
      await house.demolish();
    }
  };

  const killAtCall = async (
    scenario: (cloud: CloudUnderTest) => Scenario,
    origin: Origin,
    point: number,
    treatment: 'drop' | 'lose-answer',
  ): Promise<void> => {
    const accessKey = newAccessKey();
    const cloud = ec2(accessKey);
    const { house, id: prepared } = await begin(cloud, scenario(cloud), origin);
    try {
      let changes = 0;
      treatments.set(accessKey, (call) => {
        if (!isChange(call)) return 'pass';
        changes += 1;
        if (changes !== point) return 'pass';
        house.kill();
        return treatment;
      });
      await scenario(cloud)
        .request(house, prepared)
        .catch(() => undefined);
      await until(
        () => house.isDead || [...house.operations().values()].flat().every((state) => !/queued|running/.test(state)),
        'the kill',
        60_000,
      );
      treatments.delete(accessKey);
      await house.stop('SIGKILL');
      await checkAfterKill(house, cloud, scenario(cloud), prepared);
    } finally {
      treatments.delete(accessKey);
      await house.demolish();
    }
  };

  for (const [kind, origin] of [
    ['create', 'own'],
    ['destroy', 'own'],
    ['destroy', 'imported'],
  ] as const) {
    const scenario = (cloud: CloudUnderTest): Scenario =>
      scenarios(cloud).find((candidate) => candidate.kind === kind)!;

    const what = origin === 'own' ? kind : `${kind} of what was imported`;
    it(`${what}: survives deaths before and after the calls that change something at EC2`, async () => {
      const changes = await countChanges(scenario, origin);
      expect(changes).to.be.greaterThan(5);
      const points = Array.from({ length: changes }, (_, index) => index + 1)
        .flatMap((point) => [[point, 'drop'] as const, [point, 'lose-answer'] as const])
        .filter((_, index) => index % CALL_STRIDE === 0);
      const failures: string[] = [];
      await Promise.all(
        Array.from({ length: CONCURRENCY }, async () => {
          for (let next = points.shift(); next !== undefined; next = points.shift()) {
            const [point, treatment] = next;
            kills += 1;
            try {
              await killAtCall(scenario, origin, point, treatment);
            } catch (error) {
              failures.push(`${treatment} ${point}: ${error instanceof Error ? error.message : String(error)}`);
            }
          }
        }),
      );
      expect(failures).to.deep.equal([]);
    });
  }

  for (const kind of ['create', 'add', 'remove', 'destroy'] as const) {
    it(`${kind}: continues or ends honestly, launches nothing twice, forgets nothing`, async () => {
      const cloud = ec2(newAccessKey());
      const scenario = scenarios(cloud).find((candidate) => candidate.kind === kind)!;
      kills += await killEverywhere(cloud, scenario, CONCURRENCY, STRIDE);
    });
  }
});
