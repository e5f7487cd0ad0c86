// SPDX-License-Identifier: Apache-2.0
// What a store on a SQL server must do beyond the contract: create its database, survive lost connections and servers, say what is wrong.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { type DataDb, parseDataDb } from '../../src/store/data-db.js';
import { type OpenStoreOptions, openStore, type Store } from '../../src/store/index.js';
import { openDatabase } from '../../src/store/sql/database.js';
import type { Dialect } from '../../src/store/sql/dialect.js';
import { mysqlDialect } from '../../src/store/sql/mysql-dialect.js';
import { postgresqlDialect } from '../../src/store/sql/postgresql-dialect.js';
import type { Logger } from '../../src/util/logger.js';
import { silentLogger } from '../../src/util/logger.js';
import { type CuttingProxy, startCuttingProxy } from '../support/databases/cutting-proxy.js';
import { makeCertificate } from '../support/databases/server-certificate.js';
import { until, untilItWorks } from '../support/waiting.js';
import { infrastructure, START, vm } from './records.js';
import { rejection } from './rejection.js';

/** A server that can be handled roughly. */
export interface RoughServer {
  readonly port: number;
  /** File of its self-signed certificate. */
  readonly certificate: string;
  url(database: string, options?: string): string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Runs statements in a database as administrator, each in its own transaction. */
  runIn(database: string, ...statements: readonly string[]): Promise<void>;
  /** Ends all connections to a database. */
  endConnections(database: string): Promise<void>;
  dropDatabase(database: string): Promise<void>;
  /** Keeps a row of the database locked until the returned function is called. */
  lockRow(database: string, select: string): Promise<() => Promise<void>>;
}

/** Runs the tests on a server. */
export function describeSqlServerStore(name: string, start: (context: Context) => Promise<RoughServer>): void {
  describe(`Store on a ${name} server`, () => {
    const database = `im_rough_${process.pid}`;
    let server: RoughServer;
    let directory: string;
    let opened: Store[];
    let proxy: CuttingProxy | undefined;

    before(async function () {
      server = await start(this);
    });

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'im-store-'));
      opened = [];
    });

    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
      await proxy?.close();
      proxy = undefined;
      await server.dropDatabase(database);
      await rm(directory, { recursive: true });
    });

    async function open(options: Partial<OpenStoreOptions> = {}): Promise<Store> {
      const store = await openStore({
        url: server.url(database),
        keyFile: join(directory, 'key'),
        logger: silentLogger,
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

    const append = (store: Store, text = 'x') =>
      store.commit([{ kind: 'append-log', infrastructureId: 'inf', vm: null, text }]);
    const throughProxy = async () => {
      proxy = await startCuttingProxy(server.port);
      return server.url(database).replace(`:${server.port}/`, `:${proxy.port}/`);
    };

    it('creates the database when it is missing', async () => {
      const lines: string[] = [];
      const logger: Logger = { ...silentLogger, info: (line) => void lines.push(line) };
      await (await open({ logger })).migrate();
      expect(lines.join('\n')).to.include(`The database ${database} at 127.0.0.1:${server.port} was created.`);
    });

    it('says what an administrator must do when it may not create it', async () => {
      const url = server.url('im_forbidden').replace(/\/\/.*@/, '//guest:guest@');
      const error = await rejection(open({ url }), 'store-unavailable');
      expect(error.message).to.match(/im_forbidden at .* does not exist .*: let an administrator run CREATE DATABASE/);
    });

    it('refuses a wrong password at once, without showing it', async () => {
      const url = server.url(database).replace(/\/\/.*@/, '//guest:s3cret@');
      const error = await rejection(open({ url, startTimeoutMs: 60_000 }), 'store-unavailable');
      expect(error.message).to.include('refuses the user or the password: correct DATA_DB');
      expect(`${error.message} ${error.cause}`).not.to.include('s3cret');
    });

    it('says that nobody listens, after it has waited for a server that starts', async () => {
      const warnings: string[] = [];
      const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
      const url = server.url(database).replace(`:${server.port}/`, ':1/');
      const error = await rejection(open({ url, logger }), 'store-unavailable');
      expect(error.message).to.equal(
        `The database ${database} at 127.0.0.1:1 cannot be reached (nobody listens there): start its server or correct DATA_DB.`,
      );
      expect(warnings.join('\n')).to.match(/tried again for 1 s/);
    });

    it('warns of options that it does not know', async () => {
      const warnings: string[] = [];
      const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
      await open({ url: server.url(database, '?flavour=sweet'), logger });
      expect(warnings.join('\n')).to.include(`The option 'flavour' of DATA_DB`);
    });

    it('needs no more connections than its pool may have', async () => {
      const store = await openWith('inf');
      const small = await open({ url: server.url(database, '?poolSize=2') });
      await Promise.all(Array.from({ length: 50 }, () => small.getHeader('inf')));
      expect(await store.listInfrastructureIds({})).to.deep.equal(['inf']);
    });

    it('goes on after its connections were ended', async () => {
      const store = await openWith('inf');
      await server.endConnections(database);
      await append(store);
      await server.endConnections(database);
      expect((await store.readLog('inf', null)).text).to.equal('x');
    });

    it('loses and doubles nothing while its connections are ended again and again', async () => {
      await openWith('inf');
      const store = await open({ lostTimeoutMs: 20_000 });
      await store.migrate();
      const lines = Array.from({ length: 120 }, (_, index) => `${index}\n`);
      let isDone = false;
      const written = Promise.all(lines.map((line) => append(store, line))).finally(() => {
        isDone = true;
      });
      const ended = (async () => {
        for (let round = 0; round < 25 && !isDone; round += 1) {
          await server.endConnections(database);
          // Some transactions must come through between two cuts.
          await pause(2 * round);
        }
      })();
      await Promise.all([written, ended]);
      expect((await store.readLog('inf', null)).text).to.equal(lines.join(''));
    });

    it('knows whether a commit whose answer got lost was carried out', async () => {
      await openWith('inf');
      const store = await open({ url: await throughProxy() });
      await store.migrate();
      await append(store, 'a');
      proxy!.cutAnswerTo('COMMIT');
      await append(store, 'b');
      expect(proxy!.cuts).to.equal(1);
      await store.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }]);
      expect((await store.readLog('inf', null)).text).to.equal('ab');
    });

    it('repeats a transaction that got lost in the middle', async () => {
      await openWith('inf');
      const store = await open({ url: await throughProxy() });
      await store.migrate();
      proxy!.cutAnswerTo('log_chunks');
      await append(store, 'a');
      expect(proxy!.cuts).to.equal(1);
      expect((await store.readLog('inf', null)).text).to.equal('a');
    });

    it('gives a connection up that swallows everything, and goes on with another one', async () => {
      await openWith('inf');
      const store = await open({ url: await throughProxy(), statementTimeoutMs: 300 });
      await store.migrate();
      proxy!.silence();
      await append(store, 'x');
      proxy!.silence();
      expect((await store.readLog('inf', null)).text).to.equal('x');
    });

    it('answers that the store is unavailable while the server is down, and works when it is back', async () => {
      const store = await openWith('inf');
      await server.kill();
      try {
        await rejection(append(store), 'store-unavailable');
        await rejection(store.ping(), 'store-unavailable');
        await rejection(store.getHeader('inf'), 'store-unavailable');
      } finally {
        await server.restart();
      }
      await untilItWorks(() => store.ping(), 'the store to be back');
      await append(store, 'back');
      expect((await store.readLog('inf', null)).text).to.equal('back');
    });

    it('waits for a server that comes back in time', async () => {
      const store = await open({ lostTimeoutMs: 30_000 });
      await store.migrate();
      await store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure('inf') }]);
      await server.kill();
      const written = append(store);
      const read = store.getHeader('inf');
      await server.restart();
      await written;
      expect((await read)?.id).to.equal('inf');
    });

    it('ends leases by the time of the server, whatever the clocks of the daemons say', async () => {
      const [early, late] = [await openWith('inf'), await open({ now: () => START + 3_600_000 })];
      const lease = (await early.acquireLease('inf', 'a', 30_000))!;
      expect(lease.expiresAt).to.equal(START + 30_000);
      expect(await late.acquireLease('inf', 'b', 30_000)).to.equal(undefined);
      expect((await early.acquireLease('inf', 'a', 1))!.fencing).to.equal(lease.fencing);
      await until(async () => (await late.acquireLease('inf', 'b', 30_000)) !== undefined, 'the lease to end');
      await rejection(early.commit([{ kind: 'insert-vm', vm: vm('inf', 0) }], lease), 'incorrect-state');
    });

    it('is not held up by a daemon that was stopped in the middle of a write under its lease', async () => {
      const store = await openWith('inf', 'other');
      await store.acquireLease('inf', 'stopped', 30_000);
      const unlock = await server.lockRow(database, `SELECT * FROM leases WHERE infrastructure_id = 'inf' FOR UPDATE`);
      const asked = store.acquireLease('inf', 'next', 30_000);
      const written = store.commit([{ kind: 'insert-vm', vm: vm('other', 0) }]);
      expect(await asked).to.equal(undefined);
      await written;
      await unlock();
    });

    it('waits for rows that another session keeps for a while', async () => {
      const store = await openWith('inf');
      const unlock = await server.lockRow(database, `SELECT * FROM infrastructures WHERE id = 'inf' FOR UPDATE`);
      let isWritten = false;
      const written = append(store).then(() => {
        isWritten = true;
      });
      for (let reads = 0; reads < 20; reads += 1) {
        expect((await store.readLog('inf', null)).text).to.equal('');
      }
      expect(isWritten).to.equal(false);
      await unlock();
      await written;
    });

    it('says that a row stayed locked for too long', async () => {
      await openWith('inf');
      const store = await open({ lockTimeoutMs: 0 });
      const unlock = await server.lockRow(database, `SELECT * FROM infrastructures WHERE id = 'inf' FOR UPDATE`);
      const error = await rejection(append(store), 'store-unavailable');
      expect(error.message).to.match(/is locked by another session/);
      await unlock();
    });

    it('tells a constraint without the values of the statement', async () => {
      const store = await openWith('inf');
      const error = await rejection(
        store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure('inf') }]),
        'internal',
      );
      expect(error.message).to.match(/refused a change \(.*infrastructures_id_unique\): nothing of it was written/);
      expect(`${error.message} ${error.cause}`).not.to.match(/'inf'|\(inf\)/);
    });

    it('keeps every character, and texts of any size that logs and documents have', async () => {
      const store = await openWith('inf');
      const name = 'ä😀\u{10FFFF} %_\\\'"` ';
      const long = 'Zeile\n'.repeat(200_000);
      await store.commit([
        { kind: 'insert-vm', vm: vm('inf', 0, { systemName: name, errorMessage: `a\0${name}` }) },
        { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: long },
        { kind: 'update-infrastructure', id: 'inf', set: { extra: { TOSCA: long } } },
      ]);
      const machine = (await store.getVm('inf', 0))!;
      expect(machine.systemName).to.equal(name);
      expect(machine.errorMessage).to.equal(`a\ufffd${name}`);
      expect((await store.readLog('inf', 0)).text === long).to.equal(true);
      expect((await store.getInfrastructure('inf'))!.extra.TOSCA === long).to.equal(true);
    });

    it('tells ids apart by every letter', async () => {
      const store = await openWith('inf', 'INF', 'ínf');
      expect(await store.listInfrastructureIds({})).to.have.members(['inf', 'INF', 'ínf']);
      expect((await store.getHeader('INF'))?.id).to.equal('INF');
    });

    it('finds nothing for an id that no database could keep', async () => {
      const store = await openWith('inf');
      expect(await store.getHeader('in\0f')).to.equal(undefined);
      expect(await store.getHeader(`' OR '1' = '1`)).to.equal(undefined);
      expect(await store.getHeader('\\')).to.equal(undefined);
    });

    it('speaks TLS when it is asked to, and checks the certificate as it is told', async () => {
      const openWithOptions = (options: string) =>
        open({ url: server.url(database, options).replace('@127.0.0.1:', '@localhost:'), startTimeoutMs: 60_000 });
      for (const options of [
        '?sslmode=require',
        `?sslmode=verify-ca&sslrootcert=${server.certificate}`,
        `?ssl=true&ssl-ca=${server.certificate}`,
      ]) {
        await (await openWithOptions(options)).migrate();
      }
      const unknown = await rejection(openWithOptions('?ssl=true'), 'store-unavailable');
      expect(unknown.message).to.match(/cannot be reached over TLS \(.*\): correct the TLS options of DATA_DB/);
      const other = makeCertificate(directory, {}, 'other', 'DNS:elsewhere.example').certificate;
      await rejection(openWithOptions(`?sslmode=verify-ca&sslrootcert=${other}`), 'store-unavailable');
      const missing = await rejection(openWithOptions(`?ssl=true&ssl-ca=${directory}/none.pem`), 'store-unavailable');
      expect(missing.message).to.include(`The TLS file ${directory}/none.pem of DATA_DB cannot be read`);
    });

    it('ends the transaction of a daemon that was stopped in the middle of it', async () => {
      const store = await openWith('inf');
      const location = parseDataDb(server.url(database));
      const stopped = await openDatabase(await dialectOf(location), { lockTimeoutMs: 0, logger: silentLogger });
      let isLocked = (): void => {};
      const locked = new Promise<void>((resolve) => {
        isLocked = resolve;
      });
      let resume = (): void => {};
      const pausing = new Promise<void>((resolve) => {
        resume = resolve;
      });
      let tries = 0;
      const outcome = stopped
        .write(async (session) => {
          tries += 1;
          await session.run(`UPDATE infrastructures SET version = 1000 WHERE id = 'inf'`);
          if (tries === 1) {
            isLocked();
            await pausing;
          }
          await session.run(`UPDATE infrastructures SET version = version + 1 WHERE id = 'inf'`);
        })
        .catch(() => undefined);
      await locked;
      await append(store, 'x');
      expect((await store.getHeader('inf'))!.version).to.be.lessThan(1000);
      resume();
      await outcome;
      expect(tries).to.equal(2);
      await stopped.close();
    });

    it('refuses to start with another key than the one that sealed the database', async () => {
      await openWith('inf');
      const error = await rejection(open({ keyFile: join(directory, 'other') }), 'store-unavailable');
      expect(error.message).to.match(/other is missing, but the database .* was sealed with it/);
    });
  });
}

async function dialectOf(location: DataDb): Promise<Dialect> {
  switch (location.kind) {
    case 'mysql':
      return await mysqlDialect(location, silentLogger);
    case 'postgresql':
      return await postgresqlDialect(location, silentLogger);
    default:
      throw new TypeError('no SQL server');
  }
}
