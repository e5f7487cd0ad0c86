// SPDX-License-Identifier: Apache-2.0
// im-admin on databases of real servers: a new key, a purge, and databases of grycap/im as the source of an import.
import { expect } from 'chai';
import { openStore, type Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import { document, infrastructure, operation, textOf, vm } from '../store/records.js';
import { type FixtureRow, rowsOf } from '../store/reference/fixtures.js';
import { ferretDbProblem, startFerretDb } from '../support/databases/ferretdb-server.js';
import { mariaDbProblem, startMariaDb } from '../support/databases/mariadb-server.js';
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
] as const) {
  describe(`im-admin on ${name}`, () => {
    let house: AdminHouse;
    let url: string;

    before(async function () {
      const { url: urlOf } = await server.need(this);
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

  it('says of a server without the table that it is none of grycap/im', async function () {
    const server = await mariaDb.need(this);
    expect((await house.run('import', server.url('empty'))).text).to.contain('it is none of grycap/im');
  });
});

function insertion({ id, deleted, date, data, auth = '' }: FixtureRow): string {
  const [quotedData, quotedAuth] = [data, auth].map((text) => text.replaceAll('\\', '\\\\').replaceAll("'", "''"));
  return `INSERT INTO theirs.inf_list VALUES ('${id}', ${deleted}, '${date}', '${quotedData}', '${quotedAuth}')`;
}
