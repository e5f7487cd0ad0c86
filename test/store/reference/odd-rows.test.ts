// SPDX-License-Identifier: Apache-2.0
// Odd rows of grycap/im: nothing of them stops a start, what can be used is used, and everything else is named with the remedy.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { expect } from 'chai';
import { INFRASTRUCTURE_ID_PATTERN } from '../../../src/domain/index.js';
import { openStore, type Store } from '../../../src/store/index.js';
import { ownId } from '../../../src/store/reference/own-id.js';
import { type ReadRow, readReferenceRow } from '../../../src/store/reference/row.js';
import { Sqlite } from '../../../src/store/sql/sqlite-driver.js';
import { type Logger, silentLogger } from '../../../src/util/logger.js';
import { START } from '../records.js';
import { ODD_ROWS, ODD_SECRET, type OddRow } from './odd-rows.js';
import { expectReport, reportOfLog, reportOfRow } from './odd-rows-report.js';

const bind = (value: unknown): string | number | Buffer | null =>
  typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value) ? value : null;

const odd = (title: string): OddRow => {
  const found = ODD_ROWS.find((row) => row.title === title);
  if (found === undefined) throw new Error(`no odd row '${title}'`);
  return found;
};

const read = (title: string): Extract<ReadRow, { ok: true }> => {
  const { row } = odd(title);
  const result = readReferenceRow(row, ownId(String(row.id)));
  if (!result.ok) throw new Error(result.reason);
  return result;
};

const infrastructureOf = (title: string) => read(title).record.infrastructure;
const vmsOf = (title: string) => read(title).record.vms;

describe('Odd rows of grycap/im', () => {
  describe('one by one', () => {
    // What concerns several rows, or the id, is decided by the take-over.
    for (const { title, row, outcome, says } of ODD_ROWS.filter(({ title }) => !/\bid\b/.test(title))) {
      it(`${title}: ${outcome}`, () => {
        const result = readReferenceRow(row, String(row.id));
        const told = result.ok ? result.warnings : [result.reason];
        expect(result.ok ? (result.record.infrastructure.isDeleted ? 'deleted' : 'living') : 'left').to.equal(outcome);
        reportOfRow(told, says);
      });
    }
  });

  describe('give what they have', () => {
    it('texts of every kind', () => {
      expect(read('bytes in Latin 1').record.log).to.equal('café');
      expect(read('mojibake and characters of four bytes').record.log).to.equal('cafÃ© 🚀 日');
      expect(vmsOf('NUL and half a surrogate pair')[0]?.errorMessage).to.equal('a\uFFFDb\uFFFD');
    });

    it('times, where they can be', () => {
      const row = Date.UTC(2024, 4, 6);
      expect(infrastructureOf('dates as texts').createdAt).to.equal(1_500_000_000_000);
      expect(vmsOf('dates as texts')[0]).to.deep.include({ createdAt: 1000, lastUpdate: 0 });
      expect(infrastructureOf('dates that cannot be').createdAt).to.equal(row);
      expect(vmsOf('dates that cannot be')[0]).to.deep.include({ createdAt: 0, lastUpdate: 0 });
      expect(infrastructureOf('no creation date').createdAt).to.equal(row);
      expect(read('a date of year 0').savedAt).to.equal(undefined);
    });

    it('owners: those of the column, and of the token', () => {
      const alice = [{ username: 'alice', password: ODD_SECRET }];
      expect(infrastructureOf('owners that are cut, but not in the column').owners).to.deep.equal(alice);
      expect(infrastructureOf('owners without an item of ours').owners).to.deep.equal([]);
      const [zoe] = infrastructureOf('an owner with a token alone').owners;
      expect(zoe).to.include({ username: '__OPENID__zoe', password: 'https://i.example/zoe' });
    });

    it('documents: of a VM at least one of the two', () => {
      for (const title of ['a VM as requested only', 'a VM whose document nobody reads']) {
        expect(vmsOf(title)[0]?.systemName, title).to.equal('front');
        expect(vmsOf(title)[0]?.info.systems, title).to.have.length(1);
      }
      expect(infrastructureOf('TOSCA that is no YAML').extra).to.deep.equal({ TOSCA: 'a: [' });
      expect(infrastructureOf('TOSCA as an object').extra.TOSCA).to.equal('{"metadata":{"template_name":"one"}}');
    });

    it('numbers: those that they have, and free ones', () => {
      const numbers = (title: string) => vmsOf(title).map(({ number }) => number);
      expect(numbers('holes in the numbers')).to.deep.equal([7, 3, 2]);
      expect(infrastructureOf('holes in the numbers').nextVmNumber).to.equal(8);
      expect(numbers('numbers as text')).to.deep.equal([5, 0]);
      expect(infrastructureOf('numbers as text').masterVm).to.equal(5);
      expect(numbers('numbers that are none')).to.deep.equal([0, 1]);
      expect(numbers('one machine twice')).to.deep.equal([0]);
      expect(numbers('two machines with one number')).to.deep.equal([0, 1]);
      expect(numbers('an entry that is none')).to.deep.equal([0]);
    });

    it('states and masters that are true', () => {
      expect(vmsOf('states of other times').map(({ cloudState }) => cloudState)).to.deep.equal([
        'unknown',
        'unknown',
        'unknown',
      ]);
      expect(infrastructureOf('a master that is not there').masterVm).to.equal(null);
      expect(infrastructureOf('a master that is destroyed').masterVm).to.equal(null);
      expect(vmsOf('a launch that had its machine')[0]?.isDestroyed).to.equal(false);
      expect(vmsOf('a port as text')[0]?.cloud.port).to.equal(80);
    });
  });

  describe('all in one SQLite database', () => {
    let directory: string;
    let path: string;
    let lines: string[];
    const stores: Store[] = [];
    const write = (line: string): void => void lines.push(line);
    const logger: Logger = { ...silentLogger, info: write, warn: write, error: write };

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'im-odd-rows-'));
      path = join(directory, 'inf.dat');
    });

    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
      await rm(directory, { recursive: true });
    });

    function change(work: (database: Database.Database) => void): void {
      const database = new Sqlite(path);
      work(database);
      database.close();
    }

    const start = async (): Promise<Store> => {
      lines = [];
      const store = await openStore({ url: `sqlite://${path}`, logger, now: () => START });
      stores.push(store);
      await store.migrate();
      return store;
    };

    const rows = (): unknown => {
      const database = new Sqlite(path, { readonly: true });
      const all = database.prepare('SELECT * FROM inf_list').all();
      database.close();
      return all;
    };

    const report = () => reportOfLog(lines);

    it('each is taken over or named; nothing is quoted; the old table stays; mended rows come with the next start', async () => {
      change((database) => {
        // As tables look that were copied by hand: no key, and a column of somebody else.
        database.exec(
          'CREATE TABLE inf_list (id VARCHAR(255), deleted INTEGER, date TIMESTAMP, data TEXT, auth TEXT, note)',
        );
        const insert = database.prepare('INSERT INTO inf_list (id, deleted, date, data, auth) VALUES (?, ?, ?, ?, ?)');
        for (const { row } of ODD_ROWS) {
          insert.run(...[row.id, row.deleted, row.date, row.data, row.auth].map(bind));
        }
      });
      const before = rows();
      const store = await start();
      expectReport(report());
      expect(lines.join('\n')).not.to.include(ODD_SECRET);
      expect(rows()).to.deep.equal(before);

      const living = await store.listInfrastructureIds({});
      const expected = ODD_ROWS.filter(({ outcome }) => outcome === 'living').map(({ row }) => ownId(String(row.id)));
      expect([...living].sort()).to.deep.equal([...new Set(expected)].sort());
      for (const id of living) {
        expect(id).to.match(INFRASTRUCTURE_ID_PATTERN);
        // Nothing that was written is unreadable.
        const infrastructure = (await store.getInfrastructure(id))!;
        expect(new Date(infrastructure.createdAt).getTime()).to.equal(infrastructure.createdAt);
        expect(infrastructure.radl.systems.length).to.be.lessThan(2);
        for (const vm of await store.listVms(id, { includeDestroyed: true })) {
          expect([vm.info, vm.requested, vm.extra]).to.have.length(3);
          await store.readLog(id, vm.number);
        }
      }
      await store.listStatistics({});

      // What was destroyed here stays so; what could not be read is tried again, and nothing else.
      const [gone = ''] = living;
      await store.commit([{ kind: 'update-infrastructure', id: gone, set: { isDeleted: true } }]);
      await store.commit([{ kind: 'purge-infrastructure', id: gone }]);
      await store.close();
      const cut = odd('a record that a TEXT column cut at 64 KiB');
      change((database) => {
        database.prepare('UPDATE inf_list SET data = ? WHERE id = ?').run(odd('bytes').row.data, cut.row.id);
      });
      const again = await start();
      expect(await again.listInfrastructureIds({})).to.have.members([...living.slice(1), String(cut.row.id)]);
      expect(lines.join('\n')).to.match(/1 living with 1 VMs, 0 deleted/);
      expect(report().failed).to.have.length(ODD_ROWS.filter(({ outcome }) => outcome === 'left').length - 1);
    }).timeout(30_000);

    it('a table of an old layout has all it needs', async () => {
      change((database) => {
        database.exec('CREATE TABLE inf_list (id VARCHAR(255) PRIMARY KEY, data LONGBLOB)');
        database.prepare('INSERT INTO inf_list VALUES (?, ?)').run(odd('bytes').row.id, odd('bytes').row.data);
      });
      expect(await (await start()).listInfrastructureIds({})).to.deep.equal([odd('bytes').row.id]);
    });

    it('a table of that name without records is named, and stops nothing', async () => {
      change((database) => {
        database.exec(
          `CREATE TABLE inf_list (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO inf_list VALUES (1, 'x')`,
        );
      });
      await start();
      expect(report().failed).to.deep.include.members([{ id: '1', text: report().failed[0]?.text }]);
      expect(report().failed[0]?.text).to.match(/^its record is empty/);
    });
  });
});
