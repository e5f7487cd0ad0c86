// SPDX-License-Identifier: Apache-2.0
// The store on MariaDB and MySQL: the contract, and what only a server has.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseDataDb } from '../../src/store/data-db.js';
import { openStore } from '../../src/store/index.js';
import { openDatabase, type SqlDatabase } from '../../src/store/sql/database.js';
import { migrateTables } from '../../src/store/sql/migrate.js';
import type { Migration } from '../../src/store/sql/migrations/index.js';
import { mysqlDialect } from '../../src/store/sql/mysql-dialect.js';
import { silentLogger } from '../../src/util/logger.js';
import type { MysqlServer } from '../support/databases/mysql-administrator.js';
import type { SharedServer } from '../support/databases/shared-server.js';
import { START } from './records.js';
import { rowsOf } from './reference/fixtures.js';
import { oddStatements } from './reference/odd-rows-mysql.js';
import { expectReport, reportOfLog } from './reference/odd-rows-report.js';
import { rejection } from './rejection.js';
import { createServerFixtures, STORE_TABLES } from './server-fixture.js';
import { describeSqlServerStore } from './sql-server-contract.js';
import { describeStoreContract } from './store-contract.js';

/** Runs the tests on a server of one kind. @param label goes into names of databases */
export function describeMysqlStore(name: string, label: string, shared: SharedServer<MysqlServer>): void {
  let server: MysqlServer;

  const createFixture = createServerFixtures(() => ({
    url: server.url,
    empty: (database) => server.run(...STORE_TABLES.map((table) => `DELETE FROM ${database}.${table}`)),
  }));

  describeStoreContract(name, createFixture, async (context) => {
    server = await shared.need(context);
  });

  describeSqlServerStore(name, (context) => shared.need(context));

  describe(`Migrations on ${name}, where a rollback takes no tables back`, () => {
    const database = `im_migrate_${label}_${process.pid}`;
    let databases: SqlDatabase[];

    before(async function () {
      server = await shared.need(this);
    });

    beforeEach(() => {
      databases = [];
    });

    afterEach(async () => {
      await Promise.all(databases.map((each) => each.close()));
      await server.dropDatabase(database);
    });

    async function open(): Promise<SqlDatabase> {
      const location = parseDataDb(server.url(database));
      if (location.kind !== 'mysql') {
        throw new TypeError('no MySQL');
      }
      const opened = await openDatabase(await mysqlDialect(location, silentLogger), {
        lockTimeoutMs: 5_000,
        logger: silentLogger,
      });
      databases.push(opened);
      return opened;
    }

    const step = (version: number, ran: number[], fails = false): Migration => ({
      version,
      title: `step ${version}`,
      tables: [`step_${version}`],
      async up(session) {
        await session.run(`CREATE TABLE step_${version} (id INTEGER)`);
        ran.push(version);
        if (fails) {
          throw new Error('killed');
        }
      },
    });
    const migrate = (each: SqlDatabase, steps: readonly Migration[]) =>
      migrateTables(each, steps, () => 0, silentLogger);

    it('run once when several start together', async () => {
      const ran: number[] = [];
      const steps = [step(1, ran), step(2, ran)];
      const starters = await Promise.all([open(), open(), open()]);
      await Promise.all(starters.map((each) => migrate(each, steps)));
      expect(ran).to.deep.equal([1, 2]);
    });

    it('begin again with a step that was interrupted', async () => {
      const ran: number[] = [];
      const each = await open();
      await rejection(migrate(each, [step(1, ran), step(2, ran, true)]), 'internal');
      expect(await each.read((session) => session.hasTable('step_2'))).to.equal(true);
      await migrate(each, [step(1, ran), step(2, ran)]);
      expect(ran).to.deep.equal([1, 2, 2]);
    });

    it('drop no table of the same name that somebody else made', async () => {
      const each = await open();
      await server.run(
        `CREATE TABLE ${database}.step_1 (precious INTEGER)`,
        `INSERT INTO ${database}.step_1 VALUES (1)`,
      );
      for (let tries = 0; tries < 2; tries += 1) {
        const error = await rejection(migrate(each, [step(1, [])]), 'store-unavailable');
        expect(error.message).to.match(/has a table 'step_1' that is not the daemon's/);
      }
      expect(await each.read((session) => session.all('SELECT precious FROM step_1'))).to.deep.equal([{ precious: 1 }]);
    });
  });

  describe(`A database of grycap/im on ${name}`, () => {
    const database = `im_reference_${label}_${process.pid}`;
    let directory: string;

    before(async function () {
      server = await shared.need(this);
    });

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'im-store-'));
    });

    afterEach(async () => {
      await server.dropDatabase(database);
      await rm(directory, { recursive: true });
    });

    // persistence.md §2: the columns of the releases.
    for (const [release, columns] of [
      [
        '1.10.0',
        'rowid INTEGER NOT NULL AUTO_INCREMENT UNIQUE, id VARCHAR(255) PRIMARY KEY, deleted INTEGER, date TIMESTAMP, data LONGBLOB',
      ],
      [
        '1.16.0',
        'rowid INTEGER NOT NULL AUTO_INCREMENT UNIQUE, id VARCHAR(255) PRIMARY KEY, deleted INTEGER, date TIMESTAMP, data LONGBLOB, auth LONGBLOB',
      ],
      [
        '2.0.0',
        'rowid INTEGER NOT NULL AUTO_INCREMENT UNIQUE, id VARCHAR(255) PRIMARY KEY, deleted INTEGER, date TIMESTAMP, data LONGTEXT, auth TEXT, FULLTEXT(auth), INDEX(deleted)',
      ],
    ] as const) {
      it(`of ${release} is taken over, and its table stays as it is`, async () => {
        await server.run(`CREATE DATABASE ${database}`, `CREATE TABLE ${database}.inf_list (${columns})`);
        const rows = rowsOf(release);
        for (const { id, deleted, date, data, auth } of rows) {
          const value = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
          await server.run(
            `INSERT INTO ${database}.inf_list (id, deleted, date, data${auth === undefined ? '' : ', auth'})
            VALUES (${value(id)}, ${deleted}, '${date}', ${value(data)}${auth === undefined ? '' : `, ${value(auth)}`})`,
          );
        }
        const before = await server.query(`SELECT * FROM ${database}.inf_list`);
        const store = await openStore({
          url: server.url(database),
          keyFile: join(directory, 'key'),
          logger: silentLogger,
          now: () => START,
        });
        await store.migrate();
        const living = rows.filter(({ deleted }) => deleted === 0);
        expect(await store.listInfrastructureIds({})).to.have.members(living.map(({ id }) => id));
        for (const { id, data } of living) {
          const record = JSON.parse(data);
          expect((await store.readLog(id, null)).text).to.equal(record.cont_out);
          expect(await store.listVms(id, { includeDestroyed: true })).to.have.length(record.vm_list.length);
        }
        expect(await store.listStatistics({})).to.have.length(rows.length);
        await store.close();
        expect(await server.query(`SELECT * FROM ${database}.inf_list`)).to.deep.equal(before);
      });
    }

    it('gives what it can of odd rows, names the others, and does no work of a start twice', async () => {
      await server.run(...oddStatements(database));
      const before = await server.query(`SELECT * FROM ${database}.inf_list`);
      const start = async () => {
        const lines: string[] = [];
        const write = (line: string): void => void lines.push(line);
        const store = await openStore({
          url: server.url(database),
          keyFile: join(directory, 'key'),
          logger: { ...silentLogger, info: write, warn: write, error: write },
          now: () => START,
        });
        await store.migrate();
        const ids = await store.listInfrastructureIds({});
        await store.close();
        return { ids, report: reportOfLog(lines) };
      };
      const first = await start();
      expectReport(first.report);
      expect(await start()).to.deep.equal({ ids: first.ids, report: { ...first.report, warnings: [] } });
      expect(await server.query(`SELECT * FROM ${database}.inf_list`)).to.deep.equal(before);
    });
  });
}
