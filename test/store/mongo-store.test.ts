// SPDX-License-Identifier: Apache-2.0
// The store on a server that speaks MongoDB's protocol and has no transactions: the contract, and what only it has.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { type OpenStoreOptions, openStore, type Store } from '../../src/store/index.js';
import { commitTurn, takeTurn } from '../../src/store/mongo/writer-turns.js';
import { applyWrites } from '../../src/store/mongo/writes.js';
import { type Logger, silentLogger } from '../../src/util/logger.js';
import { type CuttingProxy, startCuttingProxy } from '../support/databases/cutting-proxy.js';
import { ferretDbProblem, startFerretDb } from '../support/databases/ferretdb-server.js';
import type { MongoProtocolServer } from '../support/databases/mongo-protocol-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { until, untilItWorks } from '../support/waiting.js';
import { infrastructure, START, vm } from './records.js';
import { rowsOf } from './reference/fixtures.js';
import { rejection } from './rejection.js';
import { createServerFixtures } from './server-fixture.js';
import { describeStoreContract } from './store-contract.js';

const shared = sharedServer('FerretDB', ferretDbProblem, startFerretDb);
let server: MongoProtocolServer;

const createFixture = createServerFixtures(() => server);

describeStoreContract('MongoDB without transactions', createFixture, async (context) => {
  server = await shared.need(context);
});

describe('Store on a MongoDB server without transactions', () => {
  const database = `im_rough_${process.pid}`;
  let directory: string;
  let opened: Store[];
  let proxy: CuttingProxy | undefined;
  let lines: string[];

  before(async function () {
    server = await shared.need(this);
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-store-'));
    opened = [];
    lines = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await proxy?.close();
    proxy = undefined;
    await server.with(database, (db) => db.dropDatabase());
    await rm(directory, { recursive: true });
  });

  const write = (line: string): void => void lines.push(line);
  const logger: Logger = { ...silentLogger, info: write, warn: write, error: write };

  async function open(options: Partial<OpenStoreOptions> = {}): Promise<Store> {
    const store = await openStore({
      url: server.url(database),
      keyFile: join(directory, 'key'),
      logger,
      now: () => START,
      lostTimeoutMs: 500,
      startTimeoutMs: 500,
      ...options,
    });
    opened.push(store);
    return store;
  }

  async function openWith(...ids: readonly string[]): Promise<Store> {
    const store = await open();
    await store.migrate();
    await store.commit(ids.map((id) => ({ kind: 'insert-infrastructure', infrastructure: infrastructure(id) })));
    return store;
  }

  async function openThroughProxy(options: Partial<OpenStoreOptions> = {}): Promise<Store> {
    proxy = await startCuttingProxy(server.port);
    const store = await open({
      url: server.url(database).replace(`:${server.port}/`, `:${proxy.port}/`),
      ...options,
    });
    await store.migrate();
    return store;
  }

  const append = (store: Store, text: string) =>
    store.commit([{ kind: 'append-log', infrastructureId: 'inf', vm: null, text }]);
  const expireTurns = () =>
    server.with(database, (db) => db.collection('writer').updateMany({ kind: 'turn' }, { $set: { expires_at: 0 } }));

  it('knows whether a commit whose answer got lost was carried out', async () => {
    await openWith('inf');
    const store = await openThroughProxy({ lostTimeoutMs: 5_000 });
    await append(store, 'a');
    proxy!.cutAnswerTo('committed');
    await append(store, 'b');
    expect(proxy!.cuts).to.equal(1);
    await append(store, 'c');
    expect((await store.readLog('inf', null)).text).to.equal('abc');
  });

  for (const collection of ['journal', 'log_chunks', 'log_heads', 'infrastructures']) {
    it(`writes once and completely when the connection is cut at ${collection}`, async () => {
      await openWith('inf');
      const store = await openThroughProxy({ lostTimeoutMs: 5_000 });
      await append(store, 'a');
      const { version } = (await store.getHeader('inf'))!;
      proxy!.cutAnswerTo(collection);
      await append(store, 'b');
      expect(proxy!.cuts).to.equal(1);
      expect((await store.readLog('inf', null)).text).to.equal('ab');
      expect((await store.getHeader('inf'))!.version).to.equal(version + 1);
    });
  }

  it('finishes at the next start what a daemon that died had committed', async () => {
    const direct = await openWith('inf');
    const dying = await openThroughProxy();
    proxy!.cutAnswerTo('committed', { andListenNoMore: true });
    await rejection(
      dying.commit([
        { kind: 'insert-vm', vm: vm('inf', 0) },
        { kind: 'append-log', infrastructureId: 'inf', vm: null, text: 'x' },
      ]),
      'store-unavailable',
    );
    expect(await direct.getVm('inf', 0)).to.equal(undefined);
    await expireTurns();
    await (await open()).migrate();
    expect((await direct.getVm('inf', 0))?.number).to.equal(0);
    expect((await direct.readLog('inf', null)).text).to.equal('x');
    expect(lines.join('\n')).to.match(/A batch of \d+ writes that was interrupted is finished/);
  });

  it('forgets what a daemon that died had not committed', async () => {
    const direct = await openWith('inf');
    const dying = await openThroughProxy();
    proxy!.cutAnswerTo('journal', { andListenNoMore: true });
    await rejection(append(dying, 'lost'), 'store-unavailable');
    await expireTurns();
    await append(direct, 'next');
    expect((await direct.readLog('inf', null)).text).to.equal('next');
  });

  it('lets a daemon that lost its turn write nothing', async () => {
    await openWith('inf');
    await server.with(database, async (db) => {
      const finish = () => Promise.resolve();
      const stale = await takeTurn(db, 'stale', finish);
      await rejectionWith(takeTurn(db, 'next', finish), /another daemon writes/);
      await expireTurns();
      const next = await takeTurn(db, 'next', finish);
      expect(next.batch).to.equal(stale.batch + 1);
      await rejectionWith(commitTurn(db, 'stale', stale), /another daemon has taken over/);
      await commitTurn(db, 'next', next);
    });
  });

  it('shows the end of an operation only after what it did', async () => {
    await openWith('inf');
    const client = new MongoClient(server.url(database), { monitorCommands: true });
    try {
      const written: unknown[] = [];
      client.on('commandStarted', ({ commandName, command }) => {
        if (['insert', 'update', 'delete'].includes(commandName)) written.push(command[commandName]);
      });
      await applyWrites(
        client.db(),
        [
          { kind: 'update', collection: 'operations', id: 'op', set: { state: 'done' } },
          { kind: 'insert', collection: 'operations', id: 'next', fields: { infrastructure_id: 'inf' } },
          { kind: 'update', collection: 'infrastructures', id: 'inf', set: { is_destroying: 0 } },
          { kind: 'insert', collection: 'vms', id: 'inf/0', fields: { infrastructure_id: 'inf' } },
        ],
        { kind: 'journaled', batch: 1_000, isRepetition: false },
      );
      expect(written).to.deep.equal(['operations', 'vms', 'infrastructures', 'operations']);
    } finally {
      await client.close();
    }
  });

  it('leaves documents alone that a later batch has written', async () => {
    await openWith('inf');
    await server.with(database, async (db) => {
      const update = (batch: number, version: number) =>
        applyWrites(db, [{ kind: 'update', collection: 'infrastructures', id: 'inf', set: { version } }], {
          kind: 'journaled',
          batch,
          isRepetition: true,
        });
      await update(1_000, 77);
      await update(999, 66);
      await update(1_000, 77);
    });
    expect((await opened[0]!.getHeader('inf'))!.version).to.equal(77);
  });

  it('gives each of two busy daemons its turn', async () => {
    const first = await openWith('inf');
    const second = await open();
    let isDone = false;
    const busy = (async () => {
      while (!isDone) {
        await append(first, '.');
      }
    })();
    for (let index = 0; index < 10; index += 1) {
      await append(second, '2');
    }
    isDone = true;
    await busy;
    expect((await first.readLog('inf', null)).text.replaceAll('.', '')).to.equal('2'.repeat(10));
  });

  it('ends leases by the time of the server, whatever the clocks of the daemons say', async () => {
    const [early, late] = [await openWith('inf'), await open({ now: () => START + 3_600_000 })];
    const lease = (await early.acquireLease('inf', 'a', 30_000))!;
    expect(lease.expiresAt).to.equal(START + 30_000);
    expect(await late.acquireLease('inf', 'b', 30_000)).to.equal(undefined);
    await early.acquireLease('inf', 'a', 1);
    await until(async () => (await late.acquireLease('inf', 'b', 30_000)) !== undefined, 'the lease to end');
    await rejection(early.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }], lease), 'incorrect-state');
  });

  it('answers that the store is unavailable while the server is down, and works when it is back', async () => {
    const store = await openWith('inf');
    await server.kill();
    try {
      await rejection(append(store, 'x'), 'store-unavailable');
      await rejection(store.ping(), 'store-unavailable');
    } finally {
      await server.restart();
    }
    await untilItWorks(() => store.ping(), 'the store to be back');
    await append(store, 'back');
    expect((await store.readLog('inf', null)).text).to.equal('back');
  });

  it('does not wait for ever when the server dies at the moment in which a command is written', async () => {
    const store = await openWith('inf');
    await store.ping();
    try {
      // The end of the connection is read in one turn of the event loop and the command written in that same turn, before anybody hears
      // of the end: the driver then waits for a socket that is no more.
      const ping = new Promise<void>((resolve, reject) => {
        setImmediate(() => {
          process.kill(server.pid, 'SIGKILL');
          while (!isDead(server.pid));
          setImmediate(() => store.ping().then(resolve, reject));
        });
      });
      await rejection(ping, 'store-unavailable');
    } finally {
      await server.restart();
    }
    await untilItWorks(() => store.ping(), 'the store to be back');
    await append(store, 'back');
    expect((await store.readLog('inf', null)).text).to.equal('back');
  });

  it('says that nobody listens, without the password', async () => {
    const error = await rejection(open({ url: 'mongodb://im:s3cret@127.0.0.1:1/im' }), 'store-unavailable');
    expect(error.message).to.match(/The database im at 127.0.0.1:1 cannot be reached .*: start its server or correct/);
    expect(`${error.message} ${error.cause} ${lines.join()}`).not.to.include('s3cret');
  });

  it('says that options cannot be used, without the password', async () => {
    const url = 'mongodb://im:s3cret@127.0.0.1:1/im?maxPoolSize=many';
    const error = await rejection(open({ url }), 'store-unavailable');
    expect(error.message).to.match(/option 'maxPoolSize' of DATA_DB cannot be used/);
    expect(`${error.message} ${error.cause}`).not.to.include('s3cret');
  });

  it('keeps every character, and texts of any size that logs and documents have', async () => {
    const store = await openWith('inf');
    const name = 'ä😀\u{10FFFF} $ne . \\\'"` ';
    const long = 'Zeile\n'.repeat(800_000);
    await store.commit([
      { kind: 'insert-vm', vm: vm('inf', 0, { systemName: name, errorMessage: `a\0${name}` }) },
      { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: long },
      { kind: 'update-infrastructure', id: 'inf', set: { extra: { TOSCA: long } } },
    ]);
    const machine = (await store.getVm('inf', 0))!;
    expect(machine.systemName).to.equal(name);
    expect(machine.errorMessage.replace('\0', '\ufffd')).to.equal(`a\ufffd${name}`);
    expect((await store.readLog('inf', 0)).text === long).to.equal(true);
    expect((await store.getInfrastructure('inf'))!.extra.TOSCA === long).to.equal(true);
  });

  it('takes over the collection of grycap/im, whose data are objects or texts', async () => {
    const rows = rowsOf('2.0.0');
    await server.with(database, async (db) => {
      await db
        .collection('inf_list')
        .insertMany(
          rows.map(({ id, deleted, data, auth }, index) =>
            index % 2 === 0
              ? { id, deleted, date: 1_795_165_500.25, data: JSON.parse(data), auth: JSON.parse(auth ?? '[]') }
              : { id, deleted, date: new Date(1_795_165_500_000), data, auth },
          ),
        );
    });
    const store = await open();
    await store.migrate();
    expect(lines.join('\n')).to.match(/5 living with \d+ VMs, 1 deleted .* 0 were here already, 0 failed/);
    expect(await store.listInfrastructureIds({ ownedBy: [{ username: 'bob', password: 'pb' }] })).to.have.length(1);
    const statistics = await store.listStatistics({});
    expect(statistics).to.have.length(6);
    expect(statistics.map(({ updatedAt }) => Math.floor(updatedAt / 1000))).to.deep.equal(Array(6).fill(1_795_165_500));
    await store.close();
    await (await open()).migrate();
    expect(lines.filter((line) => line.startsWith('Took over'))).to.have.length(1);
  });
});

/** Without giving up the event loop, in which the process would be buried. */
function isDead(pid: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === true;
}

async function rejectionWith(promise: Promise<unknown>, text: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(String(error)).to.match(text);
}
