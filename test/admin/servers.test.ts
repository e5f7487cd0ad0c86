// SPDX-License-Identifier: Apache-2.0
// im-admin on databases of real servers: a new key, a purge, and databases of grycap/im as the source of an import.
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { createSealer, openStore, type Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import { document, infrastructure, operation, textOf, vm } from '../store/records.js';
import { type FixtureRow, rowsOf } from '../store/reference/fixtures.js';
import { ODD_ROWS, type OddRow } from '../store/reference/odd-rows.js';
import { oddStatements } from '../store/reference/odd-rows-mysql.js';
import { expectReport } from '../store/reference/odd-rows-report.js';
import { ferretDbProblem, startFerretDb } from '../support/databases/ferretdb-server.js';
import { mariaDbProblem, startMariaDb } from '../support/databases/mariadb-server.js';
import type { MongoProtocolServer } from '../support/databases/mongo-protocol-server.js';
import { postgresqlProblem, startPostgresql } from '../support/databases/postgresql-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { AdminHouse } from './admin-house.js';

const ID = '11111111-0000-4000-8000-000000000001';

const mariaDb = sharedServer('MariaDB', mariaDbProblem, startMariaDb);
const postgresql = sharedServer('PostgreSQL', postgresqlProblem, startPostgresql);
const ferretDb = sharedServer('FerretDB', ferretDbProblem, startFerretDb);

for (const [name, server] of [
  ['MariaDB', mariaDb],
  ['PostgreSQL', postgresql],
  ['FerretDB', ferretDb],
] as const) {
  describe(`im-admin on ${name}`, () => {
    let house: AdminHouse;
    let url: string;
    let ferret: MongoProtocolServer | undefined;

    before(async function () {
      const started = await server.need(this);
      const { url: urlOf } = started;
      if ('with' in started) ferret = started;
      house = await AdminHouse.make();
      url = urlOf('im_admin');
      await house.configure({ DATA_DB: url, SECRETS_KEY_FILE: house.keyFile });
    });

    after(() => house?.demolish());

    const withStore = async (task: (store: Store) => Promise<void>): Promise<void> => {
      const store = await openStore({ url, keyFile: house.keyFile, logger: silentLogger, now: () => house.now });
      try {
        await task(store);
      } finally {
        await store.close();
      }
    };

    /** A rotation that was killed after the VMs: some values have the new key, the others the old one. */
    async function interruptRotation(): Promise<void> {
      const oldKey = await readFile(house.keyFile);
      house.now += 60_000;
      const again = await house.run('rotate-key', '--daemons-are-stopped');
      expect(again.status, again.text).to.equal(0);
      const newKey = await readFile(house.keyFile);
      const server = ferret!;
      await server.with('im_admin', async (db) => {
        const settings = db.collection<{ _id: string; content: string }>('store_settings');
        const context = 'store_settings/owner_hash_key';
        const read = (text: Buffer) => Buffer.from(text.toString('utf8').trim(), 'base64');
        const [from, to] = [createSealer([read(newKey)]), createSealer([read(oldKey)])];
        const sealed = (await settings.findOne({ _id: 'owner_hash_key' }))!.content;
        await settings.updateOne(
          { _id: 'owner_hash_key' },
          { $set: { content: to.seal(from.open(sealed, context), context) } },
        );
        await settings.insertOne({ _id: 'key_rotation', content: 'under way' });
      });
      await writeFile(`${house.keyFile}.new`, newKey, { mode: 0o600 });
      await writeFile(house.keyFile, oldKey, { mode: 0o600 });
      const refused = await house.run('operations', 'list');
      expect(refused.status, refused.text).to.equal(1);
      house.now += 60_000;
      expect(refused.text).to.contain('run im-admin rotate-key again');
      const finished = await house.run('rotate-key', '--daemons-are-stopped');
      expect(finished.status, finished.text).to.equal(0);
    }

    it('makes the tables, answers, changes the key, and purges', async () => {
      expect(await house.run('migrate')).to.include({ status: 0 });
      await withStore((store) =>
        store.commit([
          { kind: 'insert-infrastructure', infrastructure: infrastructure(ID, { nextVmNumber: 300 }) },
          // More than one batch, in numbers whose order as texts is another one.
          ...Array.from({ length: 300 }, (_, number) => ({ kind: 'insert-vm' as const, vm: vm(ID, number) })),
          { kind: 'insert-operation', operation: operation('op', ID, { state: 'failed' }) },
        ]),
      );
      const { out } = await house.run('doctor', '--json');
      const database: { status: string; message: string } = JSON.parse(out[0] ?? '').find(
        ({ subject }: { subject: string }) => subject === 'database',
      );
      expect(database).to.include({ status: 'ok' });
      expect(database.message).to.contain('answers');

      const rotation = await house.run('rotate-key', '--daemons-are-stopped');
      expect(rotation.status, rotation.text).to.equal(0);
      // A second time, after an interruption of which only the mark is left, or the half of the values.
      if (name === 'FerretDB') await interruptRotation();
      await withStore(async (store) => {
        for (const machine of await store.listVms(ID)) expect(textOf(machine.info)).to.equal(textOf(document()));
        expect((await store.getOperation('op'))?.request).to.deep.equal({ radl: 'request-secret' });
        await store.commit([{ kind: 'update-infrastructure', id: ID, set: { isDeleted: true } }]);
      });
      expect((await house.run('purge', '2099-01-01')).text).to.contain('Removed 1 destroyed infrastructure.');
    }).timeout(60_000);
  });
}

describe('im-admin import from a server', () => {
  let house: AdminHouse;
  const rows = rowsOf('2.0.0');

  beforeEach(async () => {
    house = await AdminHouse.make();
    await house.open();
  });

  afterEach(() => house.demolish());

  const expectImported = async (source: string): Promise<void> => {
    expect((await house.run('import', '--dry-run', source)).text)
      .to.contain('Would import')
      .and.to.contain('5 living');
    const { status, text } = await house.run('import', source);
    expect(status, text).to.equal(0);
    expect(text).to.contain('5 living').and.to.contain('1 deleted').and.to.contain('0 failed');
    expect((await house.run('import', source)).text).to.contain('6 here already');
  };

  it('reads a table of MariaDB', async function () {
    const server = await mariaDb.need(this);
    await server.run(
      'CREATE DATABASE theirs',
      'CREATE TABLE theirs.inf_list (id VARCHAR(255) PRIMARY KEY, deleted INTEGER, date TIMESTAMP, data LONGTEXT, auth TEXT)',
      ...rows.map(insertion),
    );
    await expectImported(server.url('theirs'));
  });

  it('reads a collection of MongoDB', async function () {
    const server = await ferretDb.need(this);
    await server.with('theirs', async (db) => {
      await db
        .collection('inf_list')
        .insertMany(
          rows.map(({ id, deleted, data, auth }) => ({ id, deleted, date: 1.5, data: JSON.parse(data), auth })),
        );
    });
    await expectImported(server.url('theirs'));
  });

  const reportOf = async (source: string) => {
    const { status, out } = await house.run('import', '--json', source);
    expect(status).to.equal(1);
    return JSON.parse(out[0] ?? '');
  };

  /** What a daemon that starts on the database itself, and doctor after it, say was not taken over. */
  const leftByStartOn = async (url: string): Promise<unknown> => {
    const opened = await openStore({ url, keyFile: house.keyFile, logger: silentLogger, now: () => house.now });
    try {
      expect(await opened.listNotTakenOver()).to.deep.equal([]);
      await opened.migrate();
      return await opened.listNotTakenOver();
    } finally {
      await opened.close();
    }
  };

  it('gives what it can of odd rows in MariaDB, names the others, and gives nothing twice', async function () {
    const server = await mariaDb.need(this);
    await server.run(...oddStatements('odd'));
    const first = await reportOf(server.url('odd'));
    expectReport(first);
    const again = await reportOf(server.url('odd'));
    expect(again).to.deep.include({ living: 0, deleted: 0, warnings: [], failed: first.failed });
    expect(again.present).to.equal(first.living + first.deleted);
    expect(await leftByStartOn(server.url('odd'))).to.deep.equal(first.failed);
  });

  it('gives what it can of odd documents in MongoDB, names the others, and gives nothing twice', async function () {
    const server = await ferretDb.need(this);
    await server.with('odd', async (db) => {
      await db.collection('inf_list').insertMany(ODD_ROWS.map(({ row }) => oddDocument(row)));
    });
    const first = await reportOf(server.url('odd'));
    expectReport(first);
    const again = await reportOf(server.url('odd'));
    expect(again).to.deep.include({ living: 0, deleted: 0, warnings: [], failed: first.failed });
    expect(again.present).to.equal(first.living + first.deleted);
    expect(await leftByStartOn(server.url('odd'))).to.deep.equal(first.failed);
  });

  it('says of a server without the table that it is none of grycap/im', async function () {
    const server = await mariaDb.need(this);
    expect((await house.run('import', server.url('empty'))).text).to.contain('it is none of grycap/im');
  });
});

function insertion({ id, deleted, date, data, auth = '' }: FixtureRow): string {
  const [quotedData, quotedAuth] = [data, auth].map((text) => text.replaceAll('\\', '\\\\').replaceAll("'", "''"));
  return `INSERT INTO theirs.inf_list VALUES ('${id}', ${deleted}, '${date}', '${quotedData}', '${quotedAuth}')`;
}

/** As the daemon wrote it where the record is one, and as the conversion script did where it is a text. */
function oddDocument({ id, deleted, date, data, auth }: OddRow['row']): Record<string, unknown> {
  const time = typeof date === 'string' ? Date.parse(date) / 1000 : date;
  let record: unknown = data;
  try {
    if (typeof data === 'string' && deleted === 0) record = JSON.parse(data);
  } catch {
    // It stays a text.
  }
  return { id, deleted, date: Number.isNaN(time) ? 0 : time, data: record, auth };
}
