// SPDX-License-Identifier: Apache-2.0
// What happens when several clients change one infrastructure at the same time, through two daemons on one database.
import { expect } from 'chai';
import { Cluster } from '../../support/cluster/cluster.js';
import type { ClusterDatabase } from '../../support/cluster/cluster-database.js';
import { needClusterPeers } from '../../support/cluster/cluster-peers.js';
import { type Answer, idOf, linesOf, RestUser } from '../../support/daemon.js';
import { until } from '../../support/waiting.js';
import { AUTHORIZATION, machines, more, toscaMachines } from './documents.js';

const CLIENTS = 50;

const numbersOf = (answer: Answer): readonly number[] => linesOf(answer.text).map((uri) => Number(idOf(uri)));

for (const database of ['mariadb', 'postgresql'] satisfies readonly ClusterDatabase[]) {
  describe(`two daemons on ${database}, at the same time`, function () {
    this.timeout(180_000);
    let cluster: Cluster;
    let first: RestUser;
    let second: RestUser;
    let delayMs = 0;

    before(async function () {
      needClusterPeers(this, database);
      this.timeout(180_000);
      cluster = await Cluster.start({ database, daemons: 2 });
      cluster.cloud.behaviour.delayMs = () => delayMs;
      first = new RestUser(cluster.node(0).url, AUTHORIZATION);
      second = new RestUser(cluster.node(1).url, AUTHORIZATION);
    });
    after(() => cluster?.destroy());
    afterEach(() => {
      delayMs = 0;
    });

    const rows = async (id: string): Promise<readonly number[]> =>
      (await cluster.store.listVms(id)).map(({ number }) => number);

    /** Every VM has a machine of its own, and there is no machine beside them. */
    const expectWhole = async (id: string): Promise<void> => {
      const vms = await cluster.store.listVms(id);
      const living = cluster.cloud.living(id).map((machine) => machine.id);
      expect(vms.map(({ providerId }) => providerId)).to.have.members(living);
    };

    const destroyed = async (user: RestUser, id: string): Promise<void> => {
      const answer = await user.delete(`/infrastructures/${id}`);
      expect(answer.status, answer.text).to.equal(200);
      expect(cluster.cloud.living(id)).to.deep.equal([]);
      expect(cluster.cloud.livingNetworks(id)).to.deep.equal([]);
    };

    it('what one has answered the other one shows at once', async () => {
      const id = await first.create(machines(1), { isAsync: false });
      expect(await second.vms(id)).to.deep.equal(['0']);
      const added = await second.post(`/infrastructures/${id}`, more(1));
      expect(added.status, added.text).to.equal(200);
      expect(await first.vms(id)).to.deep.equal(['0', '1']);
      expect((await first.delete(`/infrastructures/${id}/vms/0`)).status).to.equal(200);
      expect(await second.vms(id)).to.deep.equal(['1']);
      await destroyed(second, id);
      expect((await first.get(`/infrastructures/${id}`)).status).to.equal(404);
    });

    it(`adds of ${CLIENTS} clients give each its own VMs, and lose none`, async () => {
      const id = await first.create(machines(1), { isAsync: false });
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, (_, n) =>
          (n % 2 === 0 ? first : second).post(`/infrastructures/${id}?context=false`, more(1)),
        ),
      );
      expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
      const numbers = answers.flatMap(numbersOf);
      expect(new Set(numbers).size).to.equal(CLIENTS);
      expect(await rows(id)).to.have.members([0, ...numbers]);
      await expectWhole(id);
      await destroyed(first, id);
    });

    it('a destroy cancels the launch that another daemon works on, and leaves nothing', async () => {
      delayMs = 300;
      const id = await first.create(machines(6));
      await until(() => cluster.cloud.living(id).length >= 1, 'the first machine');
      await destroyed(second, id);
      const [created] = await cluster.store.listOperations({ infrastructureId: id });
      expect(created?.state).to.equal('cancelled');
    });

    it('an add that meets a destroy is refused or cancelled, and leaves nothing', async () => {
      const id = await first.create(machines(2), { isAsync: false });
      delayMs = 100;
      const destroy = first.delete(`/infrastructures/${id}`);
      const adds = await Promise.all([
        second.post(`/infrastructures/${id}?context=false`, more(1)),
        first.post(`/infrastructures/${id}?context=false`, more(1)),
      ]);
      expect((await destroy).status).to.equal(200);
      for (const { status, text } of adds) {
        expect([400, 404, 409], text).to.include(status);
      }
      await until(
        async () =>
          (await cluster.store.listOperations({ infrastructureId: id, states: ['queued', 'running'] })).length === 0,
        'everything to end',
        30_000,
      );
      expect(cluster.cloud.living(id)).to.deep.equal([]);
      expect((await first.get(`/infrastructures/${id}`)).status).to.equal(404);
    });

    it('two destroys both succeed', async () => {
      const id = await first.create(machines(2), { isAsync: false });
      const answers = await Promise.all([first, second].map((user) => user.delete(`/infrastructures/${id}`)));
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(cluster.cloud.living(id)).to.deep.equal([]);
    });

    it('a reconfiguration during an add waits for it and loses nothing', async () => {
      const id = await first.create(machines(1), { isAsync: false });
      delayMs = 200;
      const [added, reconfigured] = await Promise.all([
        first.post(`/infrastructures/${id}`, more(2)),
        second.put(`/infrastructures/${id}/reconfigure`),
      ]);
      expect([added.status, reconfigured.status], added.text + reconfigured.text).to.deep.equal([200, 200]);
      expect(await rows(id)).to.deep.equal([0, 1, 2]);
      await second.reaches(id, 'configured');
      await expectWhole(id);
      await destroyed(second, id);
    });

    it('one import of several of the same infrastructure succeeds', async () => {
      const id = await first.create(machines(1), { isAsync: false });
      const text = (await first.get(`/infrastructures/${id}/data?delete=true`, { accept: 'application/json' })).text;
      const answers = await Promise.all(
        [first, second, first, second].map((user) =>
          user.put('/infrastructures', { body: text, type: 'application/json' }),
        ),
      );
      const good = answers.filter(({ status }) => status === 200);
      expect(
        good.map((answer) => idOf(answer.text)),
        answers.map((answer) => answer.text).join(),
      ).to.deep.equal([id]);
      for (const refused of answers.filter((answer) => !good.includes(answer))) {
        expect([refused.status, refused.text]).to.deep.equal([
          400,
          'Error Importing Inf.: Trying to add an existing infrastructure ID.',
        ]);
      }
      await destroyed(second, id);
    });

    it('an export with delete is refused while another daemon adds', async () => {
      const id = await first.create(machines(1), { isAsync: false });
      delayMs = 300;
      const adding = first.post(`/infrastructures/${id}?context=false`, more(3));
      await until(() => cluster.cloud.living(id).length > 1, 'the add to begin');
      const refused = await second.get(`/infrastructures/${id}/data?delete=true`);
      expect(refused.status, refused.text).to.equal(409);
      expect((await adding).status).to.equal(200);
      await expectWhole(id);
      delayMs = 0;
      await destroyed(second, id);
    });

    it('updates with one TOSCA document through two daemons add its machines once', async () => {
      const id = idOf((await first.post('/infrastructures', toscaMachines(1), { type: 'text/yaml' })).text);
      delayMs = 50;
      const answers = await Promise.all(
        [first, second, first, second].map((user) =>
          user.post(`/infrastructures/${id}?context=false`, toscaMachines(4), { type: 'text/yaml' }),
        ),
      );
      expect(
        answers.map(({ status }) => status),
        answers.map(({ text }) => text).join(),
      ).to.deep.equal([200, 200, 200, 200]);
      expect(answers.flatMap(numbersOf).sort()).to.deep.equal([1, 2, 3]);
      expect(await rows(id)).to.deep.equal([0, 1, 2, 3]);
      await expectWhole(id);
      delayMs = 0;
      await destroyed(second, id);
    });

    it('of different TOSCA documents at the same instant one comes after the other', async () => {
      const id = idOf((await first.post('/infrastructures', toscaMachines(2), { type: 'text/yaml' })).text);
      const answers = await Promise.all([
        first.post(`/infrastructures/${id}?context=false`, toscaMachines(4), { type: 'text/yaml' }),
        second.post(`/infrastructures/${id}?context=false`, toscaMachines(1), { type: 'text/yaml' }),
      ]);
      expect(
        answers.map(({ status }) => status),
        answers.map(({ text }) => text).join(),
      ).to.deep.equal([200, 200]);
      const document = (await second.get(`/infrastructures/${id}/tosca`)).text;
      const count = Number(/^ +count: (\d)/m.exec(document)?.[1]);
      expect(await rows(id)).to.have.length(count);
      await expectWhole(id);
      await destroyed(first, id);
    });
  });
}
