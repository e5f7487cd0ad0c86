// SPDX-License-Identifier: Apache-2.0
// The daemon dies each time right after the cloud has taken its create call, again and again: one machine per requested machine, none left.
import { expect } from 'chai';
import { bundleCrashDaemon, CrashHouse } from '../support/crash/crash-house.js';
import { type FaultProxy, startFaultProxy } from '../support/openstack-lab/fault-proxy.js';
import { inventoryOf, labAuthorization, labImage, leftoversOf, needLab } from '../support/openstack-lab/lab.js';
import { until } from '../support/waiting.js';

const USER = 'type = InfrastructureManager; username = loop; password = secret';

describe('OpenStack: a daemon that dies right after the create call', function () {
  this.timeout(600_000);
  let proxy: FaultProxy;
  let house: CrashHouse;

  before(async function () {
    needLab(this);
    await bundleCrashDaemon();
  });
  beforeEach(async () => {
    proxy = await startFaultProxy();
    house = await CrashHouse.build(`${USER}\\n${labAuthorization(proxy.item)}`);
  });
  afterEach(async () => {
    await house?.demolish();
    await proxy?.close();
  });

  const document = (): string => `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = '${labImage()}' and memory.size >= 512M)
contextualize ()
deploy node 2`;

  it('makes each machine once, whatever the number of restarts', async () => {
    let creations = 0;
    let kills = 0;
    let isDying = false;
    proxy.rules = {
      after: async (call) => {
        if (call.method === 'POST' && call.path.endsWith('/servers')) {
          creations += 1;
          if (!isDying) {
            isDying = true;
            kills += 1;
            await house.stop('SIGKILL');
          }
        }
      },
    };
    await house.start();
    await house.call('POST', '/infrastructures?async=true', document());
    // Each life ends with the next create call; the last one makes none any more.
    for (let life = 0; life < 10; life += 1) {
      await until(
        () => house.isDead || [...house.operations().values()].flat().every((state) => !/queued|running/.test(state)),
        'a death or the end',
        180_000,
      );
      if (!house.isDead) break;
      isDying = false;
      // It may die again before it answers: it goes on with its work at once.
      await house.start().catch(() => undefined);
    }
    expect(kills).to.be.greaterThan(0);
    const [uri = ''] = (await house.call('GET', '/infrastructures')).text.split('\n');
    const id = uri.slice(uri.lastIndexOf('/') + 1);
    const { servers } = await inventoryOf(id);
    const tokens = servers.map(({ metadata }) => metadata.im_launch);
    expect(new Set(tokens).size, `${creations} create calls`).to.equal(2);
    expect(servers, 'machines').to.have.length(2);
    expect((await house.call('GET', `/infrastructures/${id}`)).text.split('\n')).to.have.length(2);
    proxy.rules = {};
    expect((await house.call('DELETE', `/infrastructures/${id}`)).status).to.equal(200);
    expect(await leftoversOf(id)).to.deep.equal([]);
  });
});
