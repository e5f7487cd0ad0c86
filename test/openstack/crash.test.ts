// SPDX-License-Identifier: Apache-2.0
// kill -9 at the steps of every operation with a real OpenStack behind: some of them in a usual run, all with IM_OPENSTACK_CRASH=all.
import { expect } from 'chai';
import { bundleCrashDaemon, CrashHouse } from '../support/crash/crash-house.js';
import { type CloudUnderTest, killEverywhere, scenarios } from '../support/crash/kill-everywhere.js';
import { inventoryOf, labAuthorization, labImage, leftoversOf, needLab, OTHER } from '../support/openstack-lab/lab.js';

const USER = 'type = InfrastructureManager; username = crash; password = secret';

/** In a usual run the daemon is killed at every so many points. */
const STRIDE = process.env.IM_OPENSTACK_CRASH === 'all' ? 1 : 30;

describe('OpenStack: kill -9', function () {
  this.timeout(3_600_000);
  before(async function () {
    needLab(this);
    await bundleCrashDaemon();
  });

  if ((process.env.IM_OPENSTACK_LAB ?? '') !== '') {
    const cloud: CloudUnderTest = {
      name: 'OpenStack',
      authorization: `${USER}\\n${labAuthorization()}`,
      image: labImage(),
      startsLater: true,
      inventory: async (infrastructure) => {
        const { servers, others } = await inventoryOf(infrastructure);
        return { machines: servers.map(({ metadata }) => String(metadata.im_launch)), others: others.length };
      },
    };
    let kills = 0;
    after(() => console.log(`    OpenStack: ${kills} kills survived`));
    for (const scenario of scenarios(cloud)) {
      it(`${scenario.kind}: continues or ends honestly, launches nothing twice, forgets nothing`, async () => {
        const done = await killEverywhere(cloud, scenario, 3, STRIDE);
        expect(done).to.be.greaterThan(0);
        kills += done;
      });
    }

    it('serves two sites in one infrastructure, and cleans both', async () => {
      const second = labAuthorization({ id: 'second', tenant: OTHER.project });
      const house = await CrashHouse.build(`${USER}\\n${labAuthorization()}\\n${second}`);
      try {
        await house.start();
        const created = await house.call(
          'POST',
          '/infrastructures',
          `network here ()
network there ()
system one (net_interface.0.connection = 'here' and disk.0.image.url = '${labImage()}')
system two (net_interface.0.connection = 'there' and disk.0.image.url = '${labImage()}')
contextualize ()
deploy one 1 ost
deploy two 1 second`,
        );
        expect(created.status, created.text).to.equal(200);
        const id = created.text.slice(created.text.lastIndexOf('/') + 1).trim();
        expect((await inventoryOf(id)).servers).to.have.length(1);
        expect((await inventoryOf(id, OTHER)).servers).to.have.length(1);
        expect((await house.call('DELETE', `/infrastructures/${id}`)).status).to.equal(200);
        expect([...(await leftoversOf(id)), ...(await leftoversOf(id, OTHER))]).to.deep.equal([]);
      } finally {
        await house.demolish();
      }
    });
  }
});
