// SPDX-License-Identifier: Apache-2.0
// Additions to the API over real use cases and a cloud in memory: events, operations, revisions, desired state, reasons.
import { expect } from 'chai';
import { parseRadl } from '../../../src/radl/index.js';
import { type EventClient, follow } from '../../support/event-stream.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../../support/operations-house.js';
import { until } from '../../support/waiting.js';
import { type RestService, startRest } from './rest-service.js';

const document = (count: number, more = '') => `network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
${more}deploy node ${count}
`;
const authorizationOf = (username: string): string =>
  `type = InfrastructureManager; username = ${username}; password = ${username}-pass\\nid = mem; type = Memory`;
const ANA = { Authorization: authorizationOf('ana') };
const EVA = { Authorization: authorizationOf('eva') };

describe('REST additions over real use cases', () => {
  let cloud: MemoryCloud;
  let house: House;
  let service: RestService;
  let id: string;
  let clients: EventClient[];

  beforeEach(async () => {
    cloud = new MemoryCloud();
    house = await startHouse({ types: [cloud.connectorType()] });
    service = await startRest({}, { manager: house.manager });
    clients = [];
    id = await create(2);
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await service.stop();
    await demolish(house);
  });

  async function create(count: number, user = 'ana'): Promise<string> {
    const made = await house.manager.createInfrastructure(callOf(user), parseRadl(document(count)), { isAsync: false });
    const state = () => house.manager.infrastructureState(callOf(user), made.infrastructureId);
    await until(async () => (await state()).state === 'configured', 'the configuration');
    return made.infrastructureId;
  }

  async function json(method: string, path: string, headers: Record<string, string> = ANA, body?: string) {
    const answer = await service.anonymous(method, path, { Accept: 'application/json', ...headers }, body);
    return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.body) };
  }

  async function open(path: string, headers: Record<string, string> = ANA): Promise<EventClient> {
    const client = await follow(`${service.base}${path}`, headers);
    clients.push(client);
    return client;
  }

  const numbers = () => house.manager.listVms(callOf(), id);

  describe('events of an infrastructure', () => {
    it('begin with the state, then tell of operations, log and end', async () => {
      const client = await open(`/infrastructures/${id}/events`);
      expect([client.status, client.type]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
      const first = await client.next(({ name }) => name === 'state', 'the first state');
      expect(first.data).to.include({ infrastructure: id, state: 'configured' });
      await house.manager.stopInfrastructure(callOf(), id);
      const stopped = await client.next(({ data }) => data.state === 'stopped', 'the stop');
      expect(stopped.data.vm_reasons)
        .to.have.property('0')
        .that.matches(/stopped in cloud mem/);
      await client.next(
        ({ name, data }) => name === 'operation' && data.kind === 'stop' && data.state === 'done',
        'it',
      );
      await house.store.commit([{ kind: 'append-log', infrastructureId: id, vm: null, text: 'more\nlines' }]);
      const log = await client.next(({ name }) => name === 'log', 'the log');
      expect(log.data.text).to.match(/more\nlines$/);
      await house.manager.destroyInfrastructure(callOf(), id, { isForced: false, isAsync: false });
      await client.next(({ name }) => name === 'deleted', 'the end');
      await until(() => client.isEnded, 'the stream to end');
    });

    it('go on after the last one that the client has, at another daemon too', async () => {
      const first = await open(`/infrastructures/${id}/events`);
      const { id: last } = await first.next(({ name }) => name === 'state', 'the first state');
      first.close();
      await house.store.commit([{ kind: 'append-log', infrastructureId: id, vm: null, text: 'missed' }]);
      await house.manager.stopInfrastructure(callOf(), id);
      await service.stop();
      service = await startRest({}, { manager: house.manager });
      const second = await open(`/infrastructures/${id}/events`, { ...ANA, 'Last-Event-ID': last });
      await second.next(({ data }) => data.state === 'stopped', 'the missed state');
      expect((await second.next(({ name }) => name === 'log', 'the missed log')).data.text).to.contain('missed');
      const operation = await second.next(({ data }) => data.kind === 'stop', 'the missed operation');
      expect(operation.data.state).to.equal('done');
      // What is there now has nothing to add to the last event.
      const { id: end } = await second.next(({ data }) => data.state === 'stopped', 'the state');
      const third = await open(`/infrastructures/${id}/events?after=${end}`);
      await third.next(({ name }) => name === 'state', 'the state');
      expect(third.events.filter(({ name }) => name === 'log')).to.deep.equal([]);
    });

    it('take an unreadable id for none, and begin a log anew that was begun anew', async () => {
      const client = await open(`/infrastructures/${id}/events`, { ...ANA, 'Last-Event-ID': '../../x' });
      await client.next(({ name }) => name === 'state', 'the state');
      await house.store.commit([{ kind: 'append-log', infrastructureId: id, vm: null, text: 'old' }]);
      await client.next(({ name }) => name === 'log', 'the log');
      await house.store.commit([
        { kind: 'reset-log', infrastructureId: id, vm: null },
        { kind: 'append-log', infrastructureId: id, vm: null, text: 'n' },
      ]);
      const anew = await client.next(({ name, data }) => name === 'log' && data.offset === 0, 'the new log');
      expect(anew.data.text).to.equal('n');
    });

    it('are for owners only, and end when somebody is none any more', async () => {
      expect((await service.anonymous('GET', `/infrastructures/${id}/events`, EVA)).status).to.equal(403);
      expect((await service.anonymous('GET', `/infrastructures/${id}/events`)).status).to.equal(401);
      const client = await open(`/infrastructures/${id}/events`);
      await client.next(({ name }) => name === 'state', 'the state');
      await house.manager.changeOwners(
        callOf(),
        id,
        [{ type: 'InfrastructureManager', username: 'eva', password: 'eva-pass' }],
        { isOverwrite: true },
      );
      await client.next(({ name }) => name === 'deleted', 'the end');
      expect(client.events.filter(({ data }) => JSON.stringify(data).includes('eva'))).to.deep.equal([]);
    });

    it('end when the service stops', async () => {
      const client = await open(`/infrastructures/${id}/events`);
      const all = await open('/events');
      await client.next(({ name }) => name === 'state', 'the state');
      await service.stop(20_000);
      await until(() => client.isEnded && all.isEnded, 'the streams to end');
    });

    it('serve many at once', async () => {
      const many = await Promise.all(Array.from({ length: 100 }, () => open(`/infrastructures/${id}/events`)));
      await house.manager.stopInfrastructure(callOf(), id);
      for (const client of many) await client.next(({ data }) => data.state === 'stopped', 'the stop');
    });
  });

  describe('events of all infrastructures', () => {
    it('tell of those of the caller, and of what was missed', async () => {
      const client = await open('/events');
      const other = await open('/events', EVA);
      const eva = await create(1, 'eva');
      await other.next(({ data }) => data.infrastructure === eva && data.state === 'configured', 'her own');
      await house.manager.stopInfrastructure(callOf(), id);
      const stopped = await client.next(({ data }) => data.state === 'stopped', 'the stop');
      expect(stopped.data.infrastructure).to.equal(id);
      expect(client.events.some(({ data }) => data.infrastructure === eva)).to.equal(false);
      client.close();
      await house.manager.destroyInfrastructure(callOf(), id, { isForced: false, isAsync: false });
      const again = await open('/events', { ...ANA, 'Last-Event-ID': stopped.id });
      await again.next(({ name, data }) => name === 'deleted' && data.infrastructure === id, 'the missed end');
      expect(again.events.some(({ data }) => data.infrastructure === eva)).to.equal(false);
      expect(other.events.some(({ data }) => data.infrastructure === id)).to.equal(false);
    });
  });

  describe('operations', () => {
    it('are shown one by one', async () => {
      const { body } = await json('GET', `/infrastructures/${id}/operations`);
      const kinds = body.operations.map(({ kind }: { kind: string }) => kind);
      expect(kinds).to.deep.equal(['configure', 'create']);
      const one = await json('GET', `/infrastructures/${id}/operations/${body.operations[1].id}`);
      expect(one.body.operation).to.deep.equal(body.operations[1]);
      const foreign = await create(1);
      expect((await json('GET', `/infrastructures/${foreign}/operations/${body.operations[1].id}`)).status).to.equal(
        404,
      );
    });

    it('that run can be cancelled: what an add has launched goes again', async () => {
      let isOpen = false;
      cloud.gate = async (call) => {
        if (call === 'created' && cloud.vms.size >= 3) await until(() => isOpen, 'the gate to open', 60_000);
      };
      const adding = house.manager
        .addResources(callOf(), id, parseRadl(document(3)), { isContextualized: true })
        .catch((error: Error) => error);
      await until(() => cloud.vms.size >= 3, 'the launch to be under way');
      const { body } = await json('GET', `/infrastructures/${id}/operations`);
      const add = body.operations.find(({ kind }: { kind: string }) => kind === 'add');
      const cancelling = json('PUT', `/infrastructures/${id}/operations/${add.id}/cancel`);
      // The provider's call itself cannot be interrupted.
      isOpen = true;
      const cancelled = await cancelling;
      expect(cancelled.body.operation).to.include({ id: add.id, state: 'cancelled' });
      expect(await adding).to.match(/cancelled by ana/);
      await until(async () => (await numbers()).length === 2 && cloud.vms.size === 2, 'the machines to go');
      const states = await json('GET', `/infrastructures/${id}/state?reasons=yes`);
      expect(states.body.state.state).to.equal('configured');
      const again = await json('PUT', `/infrastructures/${id}/operations/${add.id}/cancel`);
      expect([again.status, again.body.message]).to.satisfy(
        ([status, text]: [number, string]) => status === 409 && /has ended \(cancelled\)/.test(text),
      );
    });

    it('that cannot be cancelled say what to do instead', async () => {
      let isOpen = false;
      cloud.gate = async (call) => {
        if (call === 'create') await until(() => isOpen, 'the gate to open', 60_000);
      };
      const made = await house.manager.createInfrastructure(callOf(), parseRadl(document(1)), { isAsync: true });
      const path = `/infrastructures/${made.infrastructureId}`;
      const { body } = await json('GET', `${path}/operations`);
      const refused = await json('PUT', `${path}/operations/${body.operations[0].id}/cancel`);
      expect(refused.status).to.equal(409);
      expect(refused.body.message).to.contain('destroy the infrastructure');
      const state = (await json('GET', `${path}/state?reasons=1`)).body.state;
      expect(state.state).to.equal('pending');
      expect(state.reason).to.match(/^Create is (running|waiting) \(operation /);
      isOpen = true;
    });
  });

  describe('revisions', () => {
    it('are listed, shown and restored', async () => {
      await house.manager.addResources(callOf(), id, parseRadl(document(2, 'network priv ()\n')), {
        isContextualized: true,
      });
      expect(await numbers()).to.deep.equal([0, 1, 2, 3]);
      const { body } = await json('GET', `/infrastructures/${id}/revisions`);
      expect(body.revisions.map(({ number }: { number: number }) => number)).to.deep.equal([2, 1]);
      expect((await json('GET', `/infrastructures/${id}/revisions/2`)).body.revision.document).to.contain(
        'network priv',
      );

      const plan = { add: {}, remove: [2, 3], reconfigure: true };
      const dry = await json('PUT', `/infrastructures/${id}/revisions/1/restore?dry_run=1`);
      expect(dry.body.restore).to.deep.equal({ ...plan, dry_run: true });
      expect(await numbers()).to.have.length(4);

      const restored = await json('PUT', `/infrastructures/${id}/revisions/1/restore`);
      expect(restored.body.restore).to.deep.equal({ ...plan, dry_run: false });
      expect(restored.headers.infid).to.equal(id);
      expect(await numbers()).to.deep.equal([0, 1]);
      expect(cloud.vms.size).to.equal(2);
      const radl = await house.manager.infrastructureRadl(callOf(), id);
      expect(radl.getNetwork('priv')).to.equal(undefined);

      // Revision 3 is what 1 was; 2 is still 2.
      const back = await json('PUT', `/infrastructures/${id}/revisions/2/restore`);
      expect(back.body.restore.add).to.deep.equal({ node: 2 });
      expect(await numbers()).to.deep.equal([0, 1, 4, 5]);
      expect((await house.manager.infrastructureRadl(callOf(), id)).getNetwork('priv')?.id).to.equal('priv');
      const third = await json('PUT', `/infrastructures/${id}/revisions/3/restore?dry_run=yes`);
      expect(third.body.restore.remove).to.deep.equal([4, 5]);
      const list = (await json('GET', `/infrastructures/${id}/revisions`)).body.revisions;
      expect(list.map(({ number }: { number: number }) => number)).to.deep.equal([4, 3, 2, 1]);
    });

    it('that do not exist are not found', async () => {
      expect((await json('GET', `/infrastructures/${id}/revisions/7`)).status).to.equal(404);
      expect((await json('PUT', `/infrastructures/${id}/revisions/7/restore`)).status).to.equal(404);
      expect((await json('GET', `/infrastructures/${id}/revisions/first`)).status).to.equal(404);
    });
  });

  describe('the desired state', () => {
    const patch = (state: string, query = '') =>
      json(
        'PATCH',
        `/infrastructures/${id}${query}`,
        { ...ANA, 'Content-Type': 'application/merge-patch+json' },
        `{"desiredState": "${state}"}`,
      );

    it('is reached by starting and stopping what is not there yet', async () => {
      const dry = await patch('STOPPED', '?dry_run=true');
      expect(dry.body.patch).to.deep.equal({ desiredState: 'STOPPED', change: [0, 1], keep: [], dry_run: true });
      expect([...cloud.vms.values()].map(({ state }) => state)).to.deep.equal(['running', 'running']);
      await house.manager.stopVm(callOf(), id, 0);
      const real = await patch('STOPPED');
      expect(real.body.patch).to.include({ dry_run: false }).and.have.property('operation');
      expect([real.body.patch.change, real.body.patch.keep]).to.deep.equal([[1], [0]]);
      expect([...cloud.vms.values()].map(({ state }) => state)).to.deep.equal(['stopped', 'stopped']);
      const again = await patch('STOPPED');
      expect(again.body.patch).to.deep.equal({ desiredState: 'STOPPED', change: [], keep: [0, 1], dry_run: false });
      expect((await patch('STARTED', '?async=yes')).body.patch.change).to.deep.equal([0, 1]);
      await until(() => [...cloud.vms.values()].every(({ state }) => state === 'running'), 'the start');
    });

    it('must be one that there is', async () => {
      for (const body of ['', '{', '[]', '{"desiredState": "GONE"}', '{"desiredState": "STOPPED", "x": 1}']) {
        const answer = await json(
          'PATCH',
          `/infrastructures/${id}`,
          { ...ANA, 'Content-Type': 'application/json' },
          body,
        );
        expect(answer.status, body).to.equal(400);
      }
      const radl = await json('PATCH', `/infrastructures/${id}`, { ...ANA, 'Content-Type': 'text/plain' }, 'x');
      expect(radl.status).to.equal(415);
    });
  });
});
