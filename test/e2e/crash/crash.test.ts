// SPDX-License-Identifier: Apache-2.0
// kill -9 before and after every commit and every provider call of create, add, remove and destroy; then the invariants of durability.
import { expect } from 'chai';
import { bundleCrashDaemon } from '../../support/crash/crash-house.js';
import { type CloudUnderTest, killEverywhere, scenarios } from '../../support/crash/kill-everywhere.js';
import { needPeers, testEngine } from '../../support/peers.js';

const USER = 'type = InfrastructureManager; username = crash; password = secret';

const engine = testEngine();

async function listOf(path: string): Promise<readonly Record<string, unknown>[]> {
  const list = await engine.callJson({ method: 'GET', path });
  return Array.isArray(list) ? list : [];
}

const CLOUDS: readonly CloudUnderTest[] = [
  { name: 'Dummy', authorization: `${USER}\\nid = c; type = Dummy`, image: 'mock0://x/1' },
  {
    name: 'Docker',
    authorization: `${USER}\\nid = c; type = Docker; host = ${engine.host}`,
    image: 'docker://im-node:latest',
    inventory: async (infrastructure) => {
      const filters = encodeURIComponent(JSON.stringify({ label: [`im.inf=${infrastructure}`] }));
      const containers = await listOf(`/containers/json?all=1&filters=${filters}`);
      const networks = await listOf(`/networks?filters=${filters}`);
      return {
        machines: containers.map(({ Labels }) => String((Labels as Record<string, string>)['im.launch'])),
        others: networks.length,
      };
    },
  },
];

describe('kill -9 at every step', function () {
  this.timeout(900_000);
  let kills = 0;
  before(async () => bundleCrashDaemon());
  after(() => console.log(`    ${kills} kills survived`));

  for (const cloud of CLOUDS) {
    describe(`with ${cloud.name}`, () => {
      before(async function () {
        if (cloud.inventory !== undefined) await needPeers(this, 'container engine', 'node image');
      });
      for (const scenario of scenarios(cloud)) {
        it(`${scenario.kind}: continues or ends honestly, launches nothing twice, forgets nothing`, async () => {
          const points = await killEverywhere(cloud, scenario, 3);
          expect(points).to.be.greaterThan(3);
          kills += points;
        });
      }
    });
  }
});
