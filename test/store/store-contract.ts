// SPDX-License-Identifier: Apache-2.0
// What every Store must do, whatever database is behind it: run with a factory per database.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import type { Context } from 'mocha';
import type { Owner } from '../../src/domain/index.js';
import type { Lease, Store } from '../../src/store/index.js';
import { CLOUD, document, infrastructure, operation, resource, START, textOf, vm } from './records.js';
import { rejection } from './rejection.js';

/** One empty database for one test. */
export interface StoreFixture {
  /** DATA_DB of the database, for another process. */
  readonly url: string;
  /** The key that seals it. */
  readonly keyFile: string;
  /** Connects once more to the same database; the test's clock is shared by all connections. */
  open(options?: { readonly maxLogCharacters?: number }): Promise<Store>;
  /** Closes what is open and removes the database. */
  destroy(): Promise<void>;
}

/** A clock that a test sets. */
export interface TestClock {
  now: number;
}

/** Runs the contract on the databases that the factory makes. @param prepare starts or skips, before everything else */
export function describeStoreContract(
  name: string,
  createFixture: (clock: TestClock) => Promise<StoreFixture>,
  prepare: (context: Context) => Promise<unknown> = () => Promise.resolve(),
): void {
  describe(`Store contract: ${name}`, () => {
    before(async function () {
      await prepare(this);
    });

    const clock: TestClock = { now: START };
    let fixture: StoreFixture;
    let store: Store;

    beforeEach(async () => {
      clock.now = START;
      fixture = await createFixture(clock);
      store = await fixture.open();
      await store.migrate();
    });

    afterEach(() => fixture.destroy());

    const insert = (id: string, changes = {}) =>
      store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure(id, changes) }]);

    describe('records', () => {
      it('returns undefined or nothing for what never was', async () => {
        expect(await store.getHeader('x')).to.equal(undefined);
        expect(await store.getInfrastructure('x')).to.equal(undefined);
        expect(await store.getVm('x', 0)).to.equal(undefined);
        expect(await store.getOperation('x')).to.equal(undefined);
        expect(await store.listVms('x')).to.deep.equal([]);
        expect(await store.listResources('x')).to.deep.equal([]);
        expect(await store.listRevisions('x')).to.deep.equal([]);
        expect(await store.readLog('x', null)).to.deep.equal({ text: '', size: 0 });
        expect((await store.readVmLogs('x')).size).to.equal(0);
      });

      it('keeps every field of an infrastructure', async () => {
        const written = infrastructure('inf', {
          owners: [
            { username: 'alice', password: 'p1' },
            { username: 'zoe', password: 'https://issuer.example/sub', token: 't1' },
            { username: 'no-password' },
          ],
          configured: false,
          masterVm: 3,
          isDestroying: true,
          nextVmNumber: 7,
          version: 5,
          privateNetworks: new Map([
            ['private_net', 'docker0'],
            ['__proto__', 'docker1'],
          ]),
          snapshots: ['one://snapshot/1'],
          extra: { TOSCA: 'text', nested: { list: [1, 'two', null] } },
        });
        await store.commit([{ kind: 'insert-infrastructure', infrastructure: written }]);

        const { radl, extra, privateNetworks, snapshots, ...header } = (await store.getInfrastructure('inf'))!;
        expect(await store.getHeader('inf')).to.deep.equal(header);
        const { radl: _radl, extra: _extra, privateNetworks: _networks, snapshots: _snapshots, ...expected } = written;
        expect(header).to.deep.equal(expected);
        expect(textOf(radl)).to.equal(textOf(written.radl));
        expect(extra).to.deep.equal(written.extra);
        expect([...privateNetworks]).to.deep.equal([...written.privateNetworks]);
        expect(snapshots).to.deep.equal(written.snapshots);
      });

      it('changes only the named fields of an infrastructure, and can set a field to null', async () => {
        await insert('inf', { configured: true, masterVm: 0, snapshots: ['s'] });
        await store.commit([
          {
            kind: 'update-infrastructure',
            id: 'inf',
            set: {
              configured: null,
              masterVm: null,
              nextVmNumber: 4,
              radl: document({ name: 'other' }),
              extra: { TOSCA: 'x' },
              privateNetworks: new Map([['n', 'c']]),
            },
          },
        ]);
        const stored = (await store.getInfrastructure('inf'))!;
        expect(stored.configured).to.equal(null);
        expect(stored.masterVm).to.equal(null);
        expect(stored.nextVmNumber).to.equal(4);
        expect(stored.radl.getSystem('other')).not.to.equal(undefined);
        expect(stored.extra).to.deep.equal({ TOSCA: 'x' });
        expect([...stored.privateNetworks]).to.deep.equal([['n', 'c']]);
        expect(stored.snapshots).to.deep.equal(['s']);
        expect(stored.owners).to.deep.equal([{ username: 'alice', password: 'alice-password' }]);
      });

      it('keeps every field of a VM', async () => {
        const written = vm('inf', 12, {
          providerId: null,
          configured: true,
          cloudState: 'failed',
          isDeleting: true,
          isCreating: true,
          isUpdateFailing: true,
          errorMessage: 'no space left',
          info: document({ password: 'new' }),
          extra: { volumes: ['v1'], elastic_ip: true },
        });
        await insert('inf');
        await store.commit([{ kind: 'insert-vm', vm: written }]);
        const { info, requested, ...rest } = (await store.getVm('inf', 12))!;
        const { info: writtenInfo, requested: writtenRequested, ...expected } = written;
        expect({ ...rest }).to.deep.equal(expected);
        expect(textOf(info)).to.equal(textOf(writtenInfo));
        expect(textOf(requested)).to.equal(textOf(writtenRequested));
      });

      it('stores no secret of a cloud credential that is passed as reference', async () => {
        const withItem = { ...CLOUD, item: { type: 'Docker', password: 'p' } };
        await insert('inf');
        await store.commit([{ kind: 'insert-vm', vm: vm('inf', 0, { cloud: withItem }) }]);
        expect((await store.getVm('inf', 0))!.cloud).to.deep.equal(CLOUD);
      });

      it('changes only the named fields of a VM', async () => {
        await insert('inf');
        await store.commit([{ kind: 'insert-vm', vm: vm('inf', 0, { extra: { keep: 1 } }) }]);
        await store.commit([
          { kind: 'update-vm', infrastructureId: 'inf', number: 0, set: { cloudState: 'off', configured: false } },
          { kind: 'update-vm', infrastructureId: 'inf', number: 0, set: { info: document({ name: 'renamed' }) } },
          { kind: 'update-vm', infrastructureId: 'inf', number: 0, set: { providerId: null, lastUpdate: START + 5 } },
        ]);
        const stored = (await store.getVm('inf', 0))!;
        expect(stored.cloudState).to.equal('off');
        expect(stored.configured).to.equal(false);
        expect(stored.providerId).to.equal(null);
        expect(stored.lastUpdate).to.equal(START + 5);
        expect(stored.info.getSystem('renamed')).not.to.equal(undefined);
        expect(textOf(stored.requested)).to.equal(textOf(document()));
        expect(stored.extra).to.deep.equal({ keep: 1 });
      });

      it('lists VMs in number order, destroyed ones only on demand, statuses without documents', async () => {
        await insert('inf');
        await insert('other');
        await store.commit([
          { kind: 'insert-vm', vm: vm('inf', 10) },
          { kind: 'insert-vm', vm: vm('inf', 2) },
          { kind: 'insert-vm', vm: vm('inf', 3, { isDestroyed: true }) },
          { kind: 'insert-vm', vm: vm('other', 1) },
        ]);
        const numbers = (list: readonly { readonly number: number }[]) => list.map(({ number }) => number);
        expect(numbers(await store.listVms('inf'))).to.deep.equal([2, 10]);
        expect(numbers(await store.listVms('inf', { includeDestroyed: true }))).to.deep.equal([2, 3, 10]);
        expect(numbers(await store.listVmStatuses('inf', { includeDestroyed: true }))).to.deep.equal([2, 3, 10]);
        const [status] = await store.listVmStatuses('inf');
        expect(Object.keys(status!)).to.have.members([
          'infrastructureId',
          'number',
          'providerId',
          'cloud',
          'cloudState',
          'configured',
          'isDeleting',
          'isCreating',
          'isDestroyed',
          'lastUpdate',
          'isUpdateFailing',
        ]);
      });

      it('counts living VMs by cloud type and state', async () => {
        await insert('inf');
        await insert('gone');
        await store.commit([
          { kind: 'insert-vm', vm: vm('inf', 0) },
          { kind: 'insert-vm', vm: vm('inf', 1) },
          { kind: 'insert-vm', vm: vm('inf', 2, { cloudState: 'off' }) },
          { kind: 'insert-vm', vm: vm('inf', 3, { cloud: { ...CLOUD, type: 'Dummy' } }) },
          { kind: 'insert-vm', vm: vm('inf', 4, { isDestroyed: true }) },
          { kind: 'insert-vm', vm: vm('gone', 0) },
          { kind: 'update-infrastructure', id: 'gone', set: { isDeleted: true } },
        ]);
        expect(await store.countVms()).to.have.deep.members([
          { cloudType: 'Docker', cloudState: 'running', count: 2 },
          { cloudType: 'Docker', cloudState: 'off', count: 1 },
          { cloudType: 'Dummy', cloudState: 'running', count: 1 },
        ]);
      });

      it('keeps every field of an operation and of a ledger entry', async () => {
        await insert('inf');
        const written = operation('op', 'inf', {
          progress: { vms: [1, 2] },
          result: { id: 'inf' },
          startedAt: START + 1,
        });
        const entry = resource('res', 'inf', { vmNumber: null, providerId: 'net-1', kind: 'network' });
        await store.commit([
          { kind: 'insert-operation', operation: written },
          { kind: 'insert-resource', resource: entry },
        ]);
        const { sequence, ...stored } = (await store.getOperation('op'))!;
        expect(stored).to.deep.equal(written);
        expect(sequence).to.be.a('number');
        expect(await store.listResources('inf')).to.deep.equal([entry]);
      });

      it('lists operations in order of acceptance, by infrastructure and by state', async () => {
        await insert('a');
        await insert('b');
        await store.commit([
          { kind: 'insert-operation', operation: operation('z', 'a', { createdAt: START + 9 }) },
          { kind: 'insert-operation', operation: operation('m', 'b') },
        ]);
        await store.commit([{ kind: 'insert-operation', operation: operation('c', 'a', { createdAt: START }) }]);
        await store.commit([{ kind: 'update-operation', id: 'm', set: { state: 'running', startedAt: START + 3 } }]);
        const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);
        expect(ids(await store.listOperations({}))).to.deep.equal(['z', 'm', 'c']);
        expect(ids(await store.listOperations({ infrastructureId: 'a' }))).to.deep.equal(['z', 'c']);
        expect(ids(await store.listOperations({ states: ['running', 'done'] }))).to.deep.equal(['m']);
        expect(ids(await store.listOperations({ infrastructureId: 'a', states: ['running'] }))).to.deep.equal([]);
        expect(ids(await store.listOperations({ states: [] }))).to.deep.equal([]);
        const sequences = (await store.listOperations({})).map(({ sequence }) => sequence);
        expect(sequences).to.deep.equal([...sequences].sort((x, y) => x - y));
      });

      it('deletes the credentials of an operation with its final state, for good', async () => {
        await insert('inf');
        await store.commit([{ kind: 'insert-operation', operation: operation('op', 'inf') }]);
        await store.commit([
          { kind: 'update-operation', id: 'op', set: { credentials: [{ type: 'Docker', password: 'second' }] } },
        ]);
        expect((await store.getOperation('op'))!.credentials[0]?.password).to.equal('second');
        await store.commit([
          {
            kind: 'update-operation',
            id: 'op',
            set: {
              state: 'failed',
              finishedAt: START + 2,
              error: { code: 'provider', message: 'no quota' },
              credentials: [{ type: 'Docker', password: 'third' }],
            },
          },
        ]);
        await store.commit([{ kind: 'update-operation', id: 'op', set: { credentials: [{ type: 'Docker' }] } }]);
        const stored = (await store.getOperation('op'))!;
        expect(stored.credentials).to.deep.equal([]);
        expect(stored.error).to.deep.equal({ code: 'provider', message: 'no quota' });
        expect(stored.request).to.deep.equal({ radl: 'request-secret' });
      });

      it('lists ledger entries in order of creation, by state and operation', async () => {
        await insert('a');
        await insert('b');
        await store.commit([
          { kind: 'insert-resource', resource: resource('r2', 'a') },
          { kind: 'insert-resource', resource: resource('r1', 'a', { operationId: 'op-2' }) },
          { kind: 'insert-resource', resource: resource('r3', 'b', { state: 'deleted' }) },
          { kind: 'update-resource', id: 'r2', set: { state: 'created', providerId: 'p', data: { region: 'south' } } },
        ]);
        const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);
        expect(ids(await store.listResources('a'))).to.deep.equal(['r2', 'r1']);
        expect(ids(await store.listResources('a', { states: ['intent'] }))).to.deep.equal(['r1']);
        expect(ids(await store.listResources('a', { operationId: 'op-2', states: ['created'] }))).to.deep.equal([]);
        expect((await store.listResources('a'))[0]).to.deep.include({ providerId: 'p', data: { region: 'south' } });
        expect(await store.listInfrastructuresWithResources(['intent', 'created'])).to.deep.equal(['a']);
        expect(await store.listInfrastructuresWithResources([])).to.deep.equal([]);
      });

      it('numbers the revisions of each infrastructure from 1', async () => {
        await insert('a');
        await insert('b');
        const revision = (infrastructureId: string, text: string) =>
          ({
            kind: 'insert-revision',
            revision: { infrastructureId, kind: 'radl', operationId: 'op', text, createdAt: START },
          }) as const;
        await store.commit([revision('a', 'first'), revision('b', 'only'), revision('a', 'second')]);
        expect((await store.listRevisions('a')).map(({ number, text }) => [number, text])).to.deep.equal([
          [1, 'first'],
          [2, 'second'],
        ]);
        expect((await store.listRevisions('b'))[0]).to.deep.equal({
          infrastructureId: 'b',
          number: 1,
          kind: 'radl',
          operationId: 'op',
          text: 'only',
          createdAt: START,
        });
      });
    });

    describe('lists of infrastructures', () => {
      const alice: Owner = { username: 'alice', password: 'pa' };
      const bob: Owner = { username: 'bob', password: 'pb' };

      it('are newest first and stable, without deleted ones', async () => {
        await insert('old', { createdAt: START - 10 });
        await insert('b', { createdAt: START });
        await insert('a', { createdAt: START });
        await insert('gone', { createdAt: START + 5 });
        await store.commit([{ kind: 'update-infrastructure', id: 'gone', set: { isDeleted: true } }]);
        await store.commit([{ kind: 'update-infrastructure', id: 'old', set: { configured: true } }]);
        expect(await store.listInfrastructureIds({})).to.deep.equal(['a', 'b', 'old']);
      });

      it('hold those of any of the asked owners, once', async () => {
        await insert('of-alice', { owners: [alice] });
        await insert('of-both', { owners: [alice, bob] });
        await insert('of-bob', { owners: [bob] });
        const list = (...ownedBy: Owner[]) => store.listInfrastructureIds({ ownedBy });
        expect(await list(alice)).to.have.members(['of-alice', 'of-both']);
        expect(await list(alice, bob)).to.deep.equal(['of-bob', 'of-both', 'of-alice']);
        expect(await list({ ...alice, password: 'wrong' })).to.deep.equal([]);
        expect(await list({ username: '%', password: '%' })).to.deep.equal([]);
        expect(await list()).to.deep.equal([]);
      });

      it('find OIDC owners by issuer and subject, whatever their name and token', async () => {
        const subject = 'https://issuer.example/oidc/usub';
        await insert('inf', { owners: [{ username: 'zoe', password: subject, token: 'old' }] });
        const renamed = { username: 'zoe2', password: subject, token: 'new' };
        expect(await store.listInfrastructureIds({ ownedBy: [renamed] })).to.deep.equal(['inf']);
        expect(await store.listInfrastructureIds({ ownedBy: [{ username: 'zoe', password: subject }] })).to.deep.equal(
          [],
        );
      });

      it('follow a change of the owners', async () => {
        await insert('inf', { owners: [alice] });
        await store.commit([{ kind: 'update-infrastructure', id: 'inf', set: { owners: [bob] } }]);
        expect(await store.listInfrastructureIds({ ownedBy: [alice] })).to.deep.equal([]);
        expect(await store.listInfrastructureIds({ ownedBy: [bob] })).to.deep.equal(['inf']);
        expect((await store.getHeader('inf'))!.owners).to.deep.equal([bob]);
      });
    });

    describe('added owners', () => {
      const alice: Owner = { username: 'alice', password: 'pa' };
      const bob: Owner = { username: 'bob', password: 'pb' };
      const one = { username: 'one', password: '1' };
      const two = { username: 'two', password: '2' };

      it('stand behind those that there are, each once, and are found', async () => {
        await insert('inf', { owners: [alice] });
        await store.commit([{ kind: 'add-owners', id: 'inf', owners: [bob, alice, bob] }]);
        expect((await store.getHeader('inf'))!.owners).to.deep.equal([alice, bob]);
        expect(await store.listInfrastructureIds({ ownedBy: [bob] })).to.deep.equal(['inf']);
        await store.commit([
          { kind: 'update-infrastructure', id: 'inf', set: { owners: [one] } },
          { kind: 'add-owners', id: 'inf', owners: [two] },
        ]);
        expect((await store.getHeader('inf'))!.owners).to.deep.equal([one, two]);
        expect(await store.listInfrastructureIds({ ownedBy: [alice] })).to.deep.equal([]);
      });

      it('are all there when several daemons add some at the same time', async () => {
        await insert('inf', { owners: [alice] });
        const daemons = [store, await fixture.open()];
        const names = Array.from({ length: 8 }, (_, number) => `user-${number}`);
        await Promise.all(
          names.map((username, number) =>
            daemons[number % 2]!.commit([{ kind: 'add-owners', id: 'inf', owners: [{ username, password: 'p' }] }]),
          ),
        );
        const { owners } = (await store.getHeader('inf'))!;
        expect(owners.map(({ username }) => username)).to.have.members(['alice', ...names]);
        expect(await store.listInfrastructureIds({ ownedBy: [{ username: 'user-7', password: 'p' }] })).to.deep.equal([
          'inf',
        ]);
      });

      it('of an infrastructure that never was are refused', async () => {
        await rejection(store.commit([{ kind: 'add-owners', id: 'x', owners: [bob] }]), 'internal');
      });
    });

    describe('changes by time', () => {
      it('take the time that an infrastructure brings along from elsewhere', async () => {
        const brought = infrastructure('inf', { isDeleted: true });
        await store.commit([
          { kind: 'insert-infrastructure', infrastructure: brought, updatedAt: START - 5000 },
          { kind: 'insert-vm', vm: vm('inf', 0) },
        ]);
        expect((await store.listStatistics({}))[0]?.updatedAt).to.equal(START - 5000);
      });

      const changed = async (...filter: Parameters<Store['listInfrastructuresChangedSince']>) =>
        (await store.listInfrastructuresChangedSince(...filter)).map(({ id }) => id);

      it('lists what was changed since, in order, also what is deleted', async () => {
        for (const [id, username] of [
          ['a', 'ann'],
          ['b', 'bob'],
          ['c', 'ann'],
        ] as const) {
          clock.now += 10;
          const owners = [{ username, password: 'p' }];
          await store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure(id, { owners }) }]);
        }
        const before = clock.now;
        expect(await changed(0)).to.deep.equal(['a', 'b', 'c']);
        expect(await changed(before)).to.deep.equal(['c']);
        expect(await changed(0, { ownedBy: [{ username: 'ann', password: 'p' }] })).to.deep.equal(['a', 'c']);
        expect(await changed(0, { ownedBy: [] })).to.deep.equal([]);
        clock.now += 10;
        await store.commit([{ kind: 'append-log', infrastructureId: 'b', vm: null, text: 'x' }]);
        clock.now += 10;
        await store.commit([{ kind: 'update-infrastructure', id: 'a', set: { isDeleted: true } }]);
        expect(await store.listInfrastructuresChangedSince(before + 1)).to.deep.equal([
          { id: 'b', version: (await store.getHeader('b'))!.version, updatedAt: before + 10 },
          { id: 'a', version: (await store.getHeader('a'))!.version, updatedAt: before + 20 },
        ]);
      });
    });

    describe('version', () => {
      const version = async () => (await store.getHeader('inf'))!.version;

      it('rises by one per batch that changes the infrastructure, its VMs or its logs', async () => {
        await store.commit([
          { kind: 'insert-infrastructure', infrastructure: infrastructure('inf') },
          { kind: 'insert-vm', vm: vm('inf', 0) },
        ]);
        expect(await version()).to.equal(1);
        await store.commit([
          { kind: 'update-vm', infrastructureId: 'inf', number: 0, set: { cloudState: 'off' } },
          { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: 'x' },
          { kind: 'update-infrastructure', id: 'inf', set: { configured: true } },
        ]);
        expect(await version()).to.equal(2);
        await store.commit([{ kind: 'reset-log', infrastructureId: 'inf', vm: 0 }]);
        expect(await version()).to.equal(3);
      });

      it('stays when only the journal or the ledger is written, and when others change', async () => {
        await insert('inf');
        await insert('other');
        await store.commit([
          { kind: 'insert-operation', operation: operation('op', 'inf') },
          { kind: 'insert-resource', resource: resource('res', 'inf') },
          { kind: 'update-infrastructure', id: 'other', set: { configured: true } },
        ]);
        expect(await version()).to.equal(1);
      });
    });

    describe('batches', () => {
      it('are written completely or not at all', async () => {
        await insert('inf');
        await store.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }]);
        const before = await store.getHeader('inf');
        for (const last of [
          { kind: 'update-vm', infrastructureId: 'inf', number: 99, set: { cloudState: 'off' } },
          { kind: 'update-vm', infrastructureId: 'inf', number: 99, set: { info: document() } },
          { kind: 'insert-vm', vm: vm('inf', 0) },
          { kind: 'insert-vm', vm: vm('unknown', 0) },
          { kind: 'update-infrastructure', id: 'unknown', set: { configured: true } },
          { kind: 'update-operation', id: 'unknown', set: { state: 'running' } },
          { kind: 'update-resource', id: 'unknown', set: { state: 'created' } },
          { kind: 'insert-operation', operation: operation('op', 'unknown') },
        ] as const) {
          await rejection(
            store.commit([
              { kind: 'update-vm', infrastructureId: 'inf', number: 0, set: { cloudState: 'stopped' } },
              { kind: 'insert-vm', vm: vm('inf', 1) },
              { kind: 'append-log', infrastructureId: 'inf', vm: null, text: 'text' },
              last,
            ]),
            'internal',
          );
        }
        expect(await store.getHeader('inf')).to.deep.equal(before);
        expect((await store.listVmStatuses('inf')).map(({ cloudState }) => cloudState)).to.deep.equal(['running']);
        expect((await store.readLog('inf', null)).size).to.equal(0);
      });

      it('that arrive together fail alone', async () => {
        await insert('inf');
        const outcomes = await Promise.allSettled([
          store.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }]),
          store.commit([
            { kind: 'insert-vm', vm: vm('inf', 1) },
            { kind: 'insert-vm', vm: vm('inf', 0) },
          ]),
          store.commit([{ kind: 'insert-vm', vm: vm('inf', 2) }]),
          store.commit([{ kind: 'insert-vm', vm: vm('unknown', 3) }]),
          store.commit([{ kind: 'insert-vm', vm: vm('inf', 4) }]),
        ]);
        expect(outcomes.map(({ status }) => status)).to.deep.equal([
          'fulfilled',
          'rejected',
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        expect((await store.listVmStatuses('inf')).map(({ number }) => number)).to.deep.equal([0, 2, 4]);
        expect((await store.getHeader('inf'))!.version).to.equal(4);
      });

      it('are written in the order in which they were given', async () => {
        await insert('inf');
        await Promise.all(
          Array.from({ length: 200 }, (_, index) =>
            store.commit([{ kind: 'append-log', infrastructureId: 'inf', vm: null, text: `${index}\n` }]),
          ),
        );
        const { text } = await store.readLog('inf', null);
        expect(text).to.equal(Array.from({ length: 200 }, (_, index) => `${index}\n`).join(''));
        expect((await store.getHeader('inf'))!.version).to.equal(201);
      });

      it('can be empty', async () => {
        await store.commit([]);
      });

      it('are seen by every reader once commit has returned', async () => {
        const other = await fixture.open();
        await insert('inf');
        expect((await other.getHeader('inf'))?.id).to.equal('inf');
      });

      it('of two connections lose nothing', async () => {
        const other = await fixture.open();
        await insert('inf');
        await Promise.all(
          [store, other].flatMap((each, side) =>
            Array.from({ length: 40 }, async (_, index) => {
              await each.commit([
                { kind: 'insert-vm', vm: vm('inf', side * 100 + index) },
                { kind: 'append-log', infrastructureId: 'inf', vm: null, text: 'x' },
                { kind: 'insert-operation', operation: operation(`op-${side}-${index}`, 'inf') },
              ]);
            }),
          ),
        );
        expect(await store.listVmStatuses('inf')).to.have.length(80);
        expect((await store.readLog('inf', null)).text).to.equal('x'.repeat(80));
        expect((await store.getHeader('inf'))!.version).to.equal(81);
        expect(new Set((await store.listOperations({})).map(({ sequence }) => sequence)).size).to.equal(80);
      });
    });

    describe('logs', () => {
      const append = (text: string, number: number | null = 0) =>
        store.commit([{ kind: 'append-log', infrastructureId: 'inf', vm: number, text }]);

      beforeEach(() => insert('inf'));

      it('are read from any character', async () => {
        const pieces = ['first line\n', '', 'älter 😀\n', 'x'.repeat(150_000), '\nend'];
        for (const piece of pieces) {
          await append(piece);
        }
        const whole = pieces.join('');
        for (const from of [0, 1, 10, 11, 12, 19, 20, 65_000, 70_000, 131_092, whole.length - 1]) {
          expect(await store.readLog('inf', 0, from)).to.deep.equal({ text: whole.slice(from), size: whole.length });
        }
        expect(await store.readLog('inf', 0, whole.length)).to.deep.equal({ text: '', size: whole.length });
        expect(await store.readLog('inf', 0, whole.length + 9)).to.deep.equal({ text: '', size: whole.length });
        expect((await store.readLog('inf', 0, -3)).text).to.equal(whole);
        expect((await store.readLog('inf', 0)).text).to.equal(whole);
      });

      it('keep offsets and pairs when a long text is stored in pieces', async () => {
        const text = `a${'😀'.repeat(70_000)}`;
        await append(text);
        expect((await store.readLog('inf', 0)).text).to.equal(text);
        expect((await store.readLog('inf', 0, 131_071)).text).to.equal(text.slice(131_071));
      });

      it('replace characters that no database keeps', async () => {
        await append('a\0b\ud83dc');
        expect(await store.readLog('inf', 0)).to.deep.equal({ text: 'a\ufffdb\ufffdc', size: 5 });
      });

      it('of the infrastructure and of each VM are apart', async () => {
        await append('own', null);
        await append('zero', 0);
        await append('twelve', 12);
        expect((await store.readLog('inf', null)).text).to.equal('own');
        expect((await store.readLog('inf', 12)).text).to.equal('twelve');
        expect([...(await store.readVmLogs('inf'))]).to.deep.equal([
          [0, 'zero'],
          [12, 'twelve'],
        ]);
      });

      it('start again after a reset', async () => {
        await append('old');
        await append('other', 1);
        await store.commit([
          { kind: 'reset-log', infrastructureId: 'inf', vm: 0 },
          { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: 'new' },
        ]);
        expect(await store.readLog('inf', 0)).to.deep.equal({ text: 'new', size: 3 });
        expect((await store.readLog('inf', 1)).text).to.equal('other');
      });

      it('stop growing at their bound and say so once', async () => {
        const bounded = await fixture.open({ maxLogCharacters: 10 });
        const appendBounded = (text: string) =>
          bounded.commit([{ kind: 'append-log', infrastructureId: 'inf', vm: 0, text }]);
        await appendBounded('12345678');
        await appendBounded('9abcdef');
        await appendBounded('more');
        expect((await store.readLog('inf', 0)).text).to.equal('123456789a\n[The log is cut here: 10 characters.]\n');
      });
    });

    describe('leases', () => {
      const TTL = 30_000;

      it('belong to one holder until they expire', async () => {
        const lease = await store.acquireLease('inf', 'a', TTL);
        expect(lease).to.deep.equal({
          infrastructureId: 'inf',
          holder: 'a',
          fencing: lease!.fencing,
          expiresAt: START + TTL,
        });
        expect(await store.acquireLease('inf', 'b', TTL)).to.equal(undefined);
        clock.now += TTL;
        const taken = await store.acquireLease('inf', 'b', TTL);
        expect(taken!.fencing).to.be.greaterThan(lease!.fencing);
        expect(await store.acquireLease('inf', 'a', TTL)).to.equal(undefined);
      });

      it('are renewed by their holder with the same fencing number', async () => {
        const lease = await store.acquireLease('inf', 'a', TTL);
        clock.now += 10_000;
        const renewed = await store.acquireLease('inf', 'a', TTL);
        expect(renewed).to.deep.equal({ ...lease, expiresAt: START + 10_000 + TTL });
        clock.now = START + TTL + 1;
        expect(await store.acquireLease('inf', 'b', TTL)).to.equal(undefined);
      });

      it('are free after their release, and their numbers go on rising', async () => {
        const first = (await store.acquireLease('inf', 'a', TTL))!;
        await store.releaseLease(first);
        const second = (await store.acquireLease('inf', 'b', TTL))!;
        expect(second.fencing).to.be.greaterThan(first.fencing);
        await store.releaseLease(first);
        expect(await store.acquireLease('inf', 'a', TTL)).to.equal(undefined);
        await store.releaseLease(second);
        const third = (await store.acquireLease('inf', 'b', TTL))!;
        expect(third.fencing).to.be.greaterThan(second.fencing);
      });

      it('are taken from a holder that is known to be gone, with a new number, and from nobody else', async () => {
        await insert('inf');
        const gone = (await store.acquireLease('inf', 'gone', TTL))!;
        const asked: Lease[] = [];
        const replaces = (standing: Lease): boolean => {
          asked.push(standing);
          return standing.holder === 'gone';
        };
        const next = (await store.acquireLease('inf', 'next', TTL, replaces))!;
        expect(asked[0]).to.include({ infrastructureId: 'inf', holder: 'gone', fencing: gone.fencing });
        expect(next.fencing).to.be.greaterThan(gone.fencing);
        await rejection(store.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }], gone), 'incorrect-state');
        await store.commit([{ kind: 'insert-vm', vm: vm('inf', 1) }], next);
        expect((await store.listVmStatuses('inf')).map(({ number }) => number)).to.deep.equal([1]);
        clock.now += 1000;
        await store.acquireLease('inf', 'next', TTL);
        expect(await store.acquireLease('inf', 'gone', TTL, replaces)).to.equal(undefined);
        const last = asked.at(-1);
        expect([last?.holder, last?.fencing]).to.deep.equal(['next', next.fencing]);
        expect(last?.expiresAt).to.be.greaterThan(Number(asked[0]?.expiresAt));
      });

      it('ask nobody about a lease that is free, expired or their own', async () => {
        const never = (): boolean => {
          throw new Error('nobody needs to be asked');
        };
        const lease = (await store.acquireLease('inf', 'a', TTL, never))!;
        expect((await store.acquireLease('inf', 'a', TTL, never))!.fencing).to.equal(lease.fencing);
        clock.now += TTL;
        const taken = (await store.acquireLease('inf', 'b', TTL, never))!;
        await store.releaseLease(taken);
        expect((await store.acquireLease('inf', 'c', TTL, never))!.fencing).to.be.greaterThan(taken.fencing);
      });

      it('go to one of several that ask together', async () => {
        const other = await fixture.open();
        const asked = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            (index % 2 === 0 ? store : other).acquireLease('inf', `h${index}`, TTL),
          ),
        );
        expect(asked.filter((lease) => lease !== undefined)).to.have.length(1);
      });

      it('that are no longer current write nothing', async () => {
        await insert('inf');
        const stale = (await store.acquireLease('inf', 'a', TTL))!;
        await store.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }], stale);
        clock.now += TTL;
        const current = (await store.acquireLease('inf', 'b', TTL))!;
        const [late, next] = await Promise.allSettled([
          store.commit([{ kind: 'insert-vm', vm: vm('inf', 1) }], stale),
          store.commit([{ kind: 'insert-vm', vm: vm('inf', 2) }], current),
        ]);
        expect([late.status, next.status]).to.deep.equal(['rejected', 'fulfilled']);
        await rejection(store.commit([{ kind: 'insert-vm', vm: vm('inf', 1) }], stale), 'incorrect-state');
        await store.releaseLease(current);
        await rejection(store.commit([{ kind: 'insert-vm', vm: vm('inf', 3) }], current), 'incorrect-state');
        expect((await store.listVmStatuses('inf')).map(({ number }) => number)).to.deep.equal([0, 2]);
      });
    });

    describe('deletion', () => {
      beforeEach(async () => {
        await insert('inf', { extra: { TOSCA: 'secret', statistics: { template: 'one-vm' } } });
        await insert('kept');
        await store.commit(
          ['inf', 'kept'].flatMap((id) => [
            { kind: 'insert-vm', vm: vm(id, 0, { extra: { key: 'k' } }) } as const,
            { kind: 'insert-operation', operation: operation(`done-${id}`, id) } as const,
            { kind: 'update-operation', id: `done-${id}`, set: { state: 'done', result: { id } } } as const,
            {
              kind: 'insert-operation',
              operation: operation(`destroy-${id}`, id, { kind: 'destroy', state: 'running' }),
            } as const,
            { kind: 'insert-resource', resource: resource(`res-${id}`, id) } as const,
            {
              kind: 'insert-revision',
              revision: { infrastructureId: id, kind: 'radl', operationId: 'o', text: 'doc', createdAt: START },
            } as const,
            { kind: 'append-log', infrastructureId: id, vm: null, text: 'own' } as const,
            { kind: 'append-log', infrastructureId: id, vm: 0, text: 'vm' } as const,
          ]),
        );
        await store.commit([{ kind: 'update-infrastructure', id: 'inf', set: { isDeleted: true } }]);
      });

      it('takes the secrets and documents of the infrastructure and its VMs', async () => {
        const stored = (await store.getInfrastructure('inf'))!;
        expect(stored.isDeleted).to.equal(true);
        expect(stored.owners).to.deep.equal([{ username: 'alice' }]);
        expect(stored.radl.systems).to.deep.equal([]);
        expect(stored.extra).to.deep.equal({ statistics: { template: 'one-vm' } });
        const machine = (await store.getVm('inf', 0))!;
        expect(machine.info.systems).to.deep.equal([]);
        expect(machine.requested.systems).to.deep.equal([]);
        expect(machine.extra).to.deep.equal({});
        expect((await store.listRevisions('inf')).map(({ text }) => text)).to.deep.equal(['']);
        expect((await store.readLog('inf', null)).size).to.equal(0);
        expect((await store.readVmLogs('inf')).size).to.equal(0);
        expect((await store.getOperation('done-inf'))!.request).to.deep.equal({});
      });

      it('keeps what statistics and the leak report need', async () => {
        const machine = (await store.getVm('inf', 0))!;
        expect(machine.cloud).to.deep.equal(CLOUD);
        expect(machine.systemName).to.equal('front');
        expect((await store.getHeader('inf'))!.createdAt).to.equal(START);
        expect((await store.listResources('inf')).map(({ id }) => id)).to.deep.equal(['res-inf']);
        expect(await store.listInfrastructuresWithResources(['intent'])).to.include('inf');
      });

      it('leaves others alone', async () => {
        const stored = (await store.getInfrastructure('kept'))!;
        expect(stored.owners).to.deep.equal([{ username: 'alice', password: 'alice-password' }]);
        expect(textOf(stored.radl)).to.equal(textOf(document()));
        expect((await store.getVm('kept', 0))!.extra).to.deep.equal({ key: 'k' });
        expect((await store.readLog('kept', 0)).text).to.equal('vm');
        expect((await store.getOperation('done-kept'))!.request).to.deep.equal({ radl: 'request-secret' });
      });

      it('lets the running destroy end, which scrubs it too', async () => {
        expect((await store.getOperation('destroy-inf'))!.credentials).to.have.length(1);
        await store.commit([
          { kind: 'update-operation', id: 'destroy-inf', set: { state: 'done', result: { ok: 1 } } },
        ]);
        const ended = (await store.getOperation('destroy-inf'))!;
        expect(ended.state).to.equal('done');
        expect(ended.credentials).to.deep.equal([]);
        expect(ended.request).to.deep.equal({});
        expect(ended.result).to.deep.equal({ ok: 1 });
      });

      it('is not undone by late writes', async () => {
        await store.commit([
          {
            kind: 'update-infrastructure',
            id: 'inf',
            set: { radl: document(), owners: [{ username: 'alice', password: 'p' }], extra: { TOSCA: 't' } },
          },
          {
            kind: 'update-vm',
            infrastructureId: 'inf',
            number: 0,
            set: { info: document(), extra: { key: 'k' }, isDestroyed: true },
          },
          { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: 'late' },
          {
            kind: 'insert-revision',
            revision: { infrastructureId: 'inf', kind: 'radl', operationId: 'o', text: 'late', createdAt: START },
          },
        ]);
        const stored = (await store.getInfrastructure('inf'))!;
        expect(stored.radl.systems).to.deep.equal([]);
        expect(stored.owners).to.deep.equal([{ username: 'alice' }]);
        expect(stored.extra).to.deep.equal({});
        const machine = (await store.getVm('inf', 0))!;
        expect(machine.isDestroyed).to.equal(true);
        expect(machine.info.systems).to.deep.equal([]);
        expect((await store.readVmLogs('inf')).size).to.equal(0);
        expect((await store.listRevisions('inf')).map(({ text }) => text)).to.deep.equal(['', '']);
      });
    });

    describe('statistics', () => {
      const machine = (id: string, number: number, server: string, cpus: number, changes = {}) =>
        ({
          kind: 'insert-vm',
          vm: vm(id, number, { cloud: { ...CLOUD, server }, info: document({ cpus, memory: 512 }), ...changes }),
        }) as const;

      it('tell each infrastructure with all VMs that it ever had, newest first, deleted ones too', async () => {
        await insert('old', { createdAt: START - 1 });
        await insert('inf', { extra: { TOSCA: 'x', statistics: { templateName: 'one-vm' } } });
        await store.commit([
          machine('inf', 1, '', 1),
          machine('inf', 2, 'a.example', 2, { isDestroyed: true }),
          machine('inf', 3, 'b.example', 4),
          machine('old', 0, 'a.example', 1, { cloud: { ...CLOUD, type: 'Dummy', server: 'a.example' } }),
        ]);
        clock.now = START + 60_000;
        await store.commit([{ kind: 'update-infrastructure', id: 'inf', set: { isDeleted: true } }]);
        expect(await store.listStatistics({})).to.deep.equal([
          {
            id: 'inf',
            createdAt: START,
            updatedAt: START + 60_000,
            isDeleted: true,
            username: 'alice',
            templateName: 'one-vm',
            vmCount: 3,
            cpuCount: 7,
            memoryBytes: 3 * 512_000_000,
            cloudType: 'Docker',
            cloudServer: 'a.example',
            isHybrid: true,
          },
          {
            id: 'old',
            createdAt: START - 1,
            updatedAt: START,
            isDeleted: false,
            username: 'alice',
            templateName: '',
            vmCount: 1,
            cpuCount: 1,
            memoryBytes: 512_000_000,
            cloudType: 'Dummy',
            cloudServer: 'a.example',
            isHybrid: false,
          },
        ]);
      });

      it('of an infrastructure without VMs are zeros, and absurd sizes break no sum', async () => {
        await insert('empty', { createdAt: START + 1 });
        await insert('huge');
        await store.commit(
          Array.from({ length: 2_000 }, (_, number) => machine('huge', number, '', 1)).map((change) => ({
            ...change,
            vm: { ...change.vm, info: document({ memory: 9_000_000_000 }) },
          })),
        );
        const [empty, huge] = await store.listStatistics({});
        expect(empty).to.deep.include({ vmCount: 0, cpuCount: 0, memoryBytes: 0, cloudType: '', cloudServer: '' });
        expect(huge!.memoryBytes).to.equal(2_000 * 9_000_000_000 * 1_000_000);
      });

      it('are those of the asked owners, created in the asked time', async () => {
        const bob = { username: 'bob', password: 'pb' };
        await insert('a');
        await insert('b', { owners: [bob], createdAt: START + 10 });
        await insert('c', { owners: [bob], createdAt: START + 20 });
        await store.commit([{ kind: 'update-infrastructure', id: 'c', set: { isDeleted: true } }]);
        const ids = async (filter: Parameters<Store['listStatistics']>[0]) =>
          (await store.listStatistics(filter)).map(({ id }) => id);
        expect(await ids({ ownedBy: [bob] })).to.deep.equal(['c', 'b']);
        expect(await ids({ ownedBy: [] })).to.deep.equal([]);
        expect(await ids({ ownedBy: [{ username: '%', password: '%' }] })).to.deep.equal([]);
        expect(await ids({ createdFrom: START + 10, createdBefore: START + 20 })).to.deep.equal(['b']);
        expect(await ids({ ownedBy: [bob], createdFrom: START + 11 })).to.deep.equal(['c']);
      });
    });

    describe('life', () => {
      it('keeps everything when it is opened again', async () => {
        await insert('inf');
        await store.commit([
          { kind: 'insert-vm', vm: vm('inf', 0) },
          { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: 'log' },
          { kind: 'insert-operation', operation: operation('op', 'inf') },
        ]);
        await store.close();
        const again = await fixture.open();
        await again.migrate();
        expect(textOf((await again.getVm('inf', 0))!.info)).to.equal(textOf(document()));
        expect((await again.readLog('inf', 0)).text).to.equal('log');
        expect((await again.getOperation('op'))!.credentials[0]?.password).to.equal('cloud-password');
        expect(await again.listInfrastructureIds({ ownedBy: infrastructure('inf').owners })).to.deep.equal(['inf']);
      });

      it('answers ping while it is open and refuses everything afterwards', async () => {
        await store.ping();
        const last = insert('last');
        await store.close();
        await last;
        await rejection(store.ping(), 'store-unavailable');
        await rejection(insert('late'), 'store-unavailable');
        await rejection(store.listInfrastructureIds({}), 'store-unavailable');
        const again = await fixture.open();
        expect(await again.listInfrastructureIds({})).to.deep.equal(['last']);
      });

      it('is set up once by several starters', async () => {
        const fresh = await createFixture(clock);
        try {
          const starters = await Promise.all(Array.from({ length: 4 }, () => fresh.open()));
          await Promise.all(starters.map((starter) => starter.migrate()));
          await starters[0]!.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure('inf') }]);
          for (const starter of starters) {
            expect(await starter.listInfrastructureIds({ ownedBy: infrastructure('inf').owners })).to.deep.equal([
              'inf',
            ]);
          }
        } finally {
          await fresh.destroy();
        }
      });

      it('has what commit returned for after kill -9', async () => {
        const child = spawn(
          process.execPath,
          ['--import', 'tsx', new URL('./commit-for-ever.ts', import.meta.url).pathname, fixture.url, fixture.keyFile],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        const exit = once(child, 'exit');
        const committed: string[] = [];
        for await (const id of createInterface({ input: child.stdout })) {
          committed.push(id);
          if (committed.length === 25) {
            child.kill('SIGKILL');
          }
        }
        expect((await exit)[1]).to.equal('SIGKILL');
        const stored = await store.listInfrastructureIds({});
        expect(stored).to.include.members(committed);
        for (const id of committed) {
          expect(await store.listVmStatuses(id)).to.have.length(2);
        }
      });
    });
  });
}
