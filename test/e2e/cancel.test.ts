// SPDX-License-Identifier: Apache-2.0
// A destroy in the middle of things: whatever runs is called off, and nothing is left.
import { expect } from 'chai';
import { type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { DOCKER_LINE, hasFile, machinesOf, networksOf, sweep } from '../support/docker-cloud.js';
import { needPeers } from '../support/peers.js';
import { until } from '../support/waiting.js';
import { appends, cluster, recipe, waitsFor } from './documents.js';

describe('a destroy', () => {
  const ids: string[] = [];
  let daemon: TestDaemon;
  let ana: RestUser;
  before(async function () {
    await needPeers(this, 'node image', 'ansible');
    daemon = await TestDaemon.start({ MAX_SIMULTANEOUS_LAUNCHES: 1 });
    ana = daemon.user(userLine('ana'), DOCKER_LINE);
  });
  after(async () => {
    await daemon?.remove();
    await sweep(ids);
  });

  const listed = async (): Promise<string> => (await ana.get('/infrastructures')).text;
  const expectNothingLeft = async (id: string): Promise<void> => {
    expect([await machinesOf(id), await networksOf(id), await listed()]).to.deep.equal([[], [], '']);
    expect(daemon.log()).to.not.match(/Uncaught|Unhandled|unexpectedly/);
  };

  it('calls a launch off; the client that waits for it is told', async () => {
    const creating = ana.post('/infrastructures', cluster('contextualize ()\n', { front: 1, wn: 5 }));
    await until(async () => (await listed()) !== '', 'the infrastructure');
    const [id = ''] = (await listed()).split('/').slice(-1);
    ids.push(id);
    await until(async () => (await machinesOf(id)).length > 0, 'a machine', 30_000);
    const destroyed = await ana.delete(`/infrastructures/${id}`);
    expect([destroyed.status, destroyed.text]).to.deep.equal([200, '']);
    const told = await creating;
    expect([told.status, told.text]).to.deep.equal([
      409,
      'Error Creating Inf.: The operation was cancelled because the infrastructure is being destroyed.',
    ]);
    await expectNothingLeft(id);
  });

  it('calls a configuration off, in the background when asked so', async () => {
    const gated = recipe('front', [appends('/var/first'), waitsFor('/var/gate')].join('\n'));
    const id = await ana.create(cluster(gated, { front: 1 }));
    ids.push(id);
    const isAtWork = async (): Promise<boolean> => {
      const [machine] = (await machinesOf(id)).filter(({ state }) => state === 'running');
      return machine !== undefined && hasFile(machine.id, '/var/first');
    };
    await until(isAtWork, 'the first task', 240_000);
    const destroyed = await ana.call('DELETE', `/infrastructures/${id}?async=true`);
    expect([destroyed.status, destroyed.text]).to.deep.equal([200, '']);
    const seen = await ana.get(`/infrastructures/${id}/state`);
    expect(seen.status === 404 || seen.json('state', 'state') === 'deleting', seen.text).to.equal(true);
    await until(async () => (await listed()) === '', 'the end of the destroy', 30_000);
    await expectNothingLeft(id);
  });

  it('may be asked for twice at the same time', async () => {
    const id = await ana.create(cluster('contextualize ()\n', { front: 1 }), { isAsync: false });
    ids.push(id);
    const answers = await Promise.all([ana.delete(`/infrastructures/${id}`), ana.delete(`/infrastructures/${id}`)]);
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    await expectNothingLeft(id);
  });
});
