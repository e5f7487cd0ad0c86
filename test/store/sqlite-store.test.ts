// SPDX-License-Identifier: Apache-2.0
// The store on SQLite: the contract, and what only a file has (modes, locks, damage, a full disk, sealing at rest).
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '../../src/store/index.js';
import { Sqlite } from '../../src/store/sql/sqlite-driver.js';
import { silentLogger } from '../../src/util/logger.js';
import { document, infrastructure, operation, START, vm } from './records.js';
import { rejection } from './rejection.js';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.js';
import { describeStoreContract, type TestClock } from './store-contract.js';

describeStoreContract('SQLite', createSqliteFixture);

describe('Store on an SQLite file', () => {
  const clock: TestClock = { now: START };
  let fixture: SqliteFixture;

  beforeEach(async () => {
    fixture = await createSqliteFixture(clock);
  });

  afterEach(() => fixture.destroy());

  const open = (url: string, lockTimeoutMs = 50) =>
    openStore({ url, logger: silentLogger, now: () => clock.now, lockTimeoutMs });

  it('keeps file, log files and key for its user alone', async () => {
    const store = await fixture.open();
    await store.migrate();
    const files = await readdir(dirname(fixture.path));
    expect(files).to.include.members(['inf.dat', 'inf.dat-wal', 'inf.dat-shm', 'inf.dat.key']);
    for (const file of files) {
      expect((await stat(join(dirname(fixture.path), file))).mode & 0o777, file).to.equal(0o600);
    }
  });

  it('writes every commit to the disk and checks references', async () => {
    const store = await fixture.open();
    await store.migrate();
    const database = new Sqlite(fixture.path, { readonly: true });
    expect(database.pragma('journal_mode', { simple: true })).to.equal('wal');
    database.close();
    await rejection(store.commit([{ kind: 'insert-operation', operation: operation('op', 'unknown') }]), 'internal');
  });

  it('holds no secret in plain text, neither in the file nor in its log', async () => {
    const secrets = ['canary-owner', 'canary-token', 'canary-radl', 'canary-info', 'canary-extra', 'canary-auth'];
    const [owner, token, radl, info, extra, auth] = secrets;
    const store = await fixture.open();
    await store.migrate();
    await store.commit([
      {
        kind: 'insert-infrastructure',
        infrastructure: infrastructure('inf', {
          owners: [{ username: 'alice', password: owner!, token: token! }],
          radl: document({ password: radl! }),
          extra: { TOSCA: extra! },
        }),
      },
      {
        kind: 'insert-vm',
        vm: vm('inf', 0, {
          info: document({ password: info! }),
          requested: document({ password: radl! }),
          extra: { key: extra! },
        }),
      },
      {
        kind: 'insert-operation',
        operation: operation('op', 'inf', {
          request: { radl: radl! },
          credentials: [{ type: 'Docker', password: auth! }],
          progress: { password: auth! },
          result: { password: auth! },
        }),
      },
      {
        kind: 'insert-revision',
        revision: { infrastructureId: 'inf', kind: 'radl', operationId: 'op', text: radl!, createdAt: START },
      },
    ]);
    const directory = dirname(fixture.path);
    for (const file of await readdir(directory)) {
      const bytes = await readFile(join(directory, file));
      for (const secret of secrets) {
        expect(bytes.includes(secret), `${secret} in ${file}`).to.equal(false);
      }
    }
  });

  it('leaves nothing of logs in its files when the infrastructure goes', async () => {
    const canary = 'CANARY-in-a-log';
    const store = await fixture.open();
    await store.migrate();
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure: infrastructure('inf') },
      { kind: 'insert-vm', vm: vm('inf', 0) },
      { kind: 'append-log', infrastructureId: 'inf', vm: null, text: `${canary}\n`.repeat(2_000) },
      { kind: 'append-log', infrastructureId: 'inf', vm: 0, text: `${canary}\n`.repeat(2_000) },
    ]);
    const isThere = async (): Promise<boolean> => {
      const files = (await readdir(dirname(fixture.path))).filter((name) => name.startsWith('inf.dat'));
      const contents = await Promise.all(files.map((name) => readFile(join(dirname(fixture.path), name))));
      return contents.some((content) => content.includes(canary));
    };
    expect(await isThere()).to.equal(true);
    await store.commit([{ kind: 'update-infrastructure', id: 'inf', set: { isDeleted: true } }]);
    expect(await isThere()).to.equal(false);
  });

  it('keeps the size columns for statistics when the documents go', async () => {
    const store = await fixture.open();
    await store.migrate();
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure: infrastructure('inf') },
      { kind: 'insert-vm', vm: vm('inf', 0, { info: document({ cpus: 1, memory: 1 }) }) },
      {
        kind: 'update-vm',
        infrastructureId: 'inf',
        number: 0,
        set: { info: document({ cpus: 4, memory: 512 }) },
      },
      { kind: 'update-infrastructure', id: 'inf', set: { isDeleted: true } },
    ]);
    const database = new Sqlite(fixture.path, { readonly: true });
    expect(database.prepare('SELECT cpu_count, memory_bytes FROM vms').get()).to.deep.equal({
      cpu_count: 4,
      memory_bytes: 512_000_000,
    });
    expect(database.prepare('SELECT user_name FROM owners').pluck().all()).to.deep.equal(['alice']);
    database.close();
  });

  it('finds the infrastructures of an owner through an index', async () => {
    const store = await fixture.open();
    await store.migrate();
    const database = new Sqlite(fixture.path, { readonly: true });
    const plan = database
      .prepare(
        `EXPLAIN QUERY PLAN SELECT id FROM infrastructures WHERE is_deleted = 0
          AND id IN (SELECT infrastructure_id FROM owners WHERE identity_hash IN ('x')) ORDER BY created_at DESC`,
      )
      .all();
    database.close();
    expect(JSON.stringify(plan))
      .to.match(/SEARCH owners USING COVERING INDEX/)
      .and.not.match(/SCAN owners/);
  });

  it('notices sealed values that were moved to another row or damaged', async () => {
    const store = await fixture.open();
    await store.migrate();
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure: infrastructure('inf') },
      { kind: 'insert-vm', vm: vm('inf', 0) },
      { kind: 'insert-vm', vm: vm('inf', 1) },
      { kind: 'insert-vm', vm: vm('inf', 2) },
    ]);
    const database = new Sqlite(fixture.path);
    database.exec(
      `UPDATE vm_documents SET info = (SELECT info FROM vm_documents WHERE vm_number = 0) WHERE vm_number = 1`,
    );
    database.exec(`UPDATE vm_documents SET info = 'plain' WHERE vm_number = 2`);
    database.close();
    const [good, moved, plain] = await store.listVms('inf');
    expect(good!.info.systems).to.have.length(1);
    expect(() => moved!.info).to.throw(/vm_documents\/info\/inf\/1 is damaged or was moved/);
    expect(() => plain!.info).to.throw(/vm_documents\/info\/inf\/2 is not a sealed text/);
  });

  it('refuses to start without the key that sealed it, or with another one', async () => {
    const store = await fixture.open();
    await store.migrate();
    await store.close();
    await rename(`${fixture.path}.key`, `${fixture.path}.saved`);
    const missing = await rejection(open(fixture.url), 'store-unavailable');
    expect(missing.message).to.include(`${fixture.path}.key is missing`);
    await writeFile(`${fixture.path}.key`, Buffer.alloc(32, 1), { mode: 0o600 });
    const other = await open(fixture.url);
    expect((await rejection(other.migrate(), 'store-unavailable')).message).to.match(
      /sealed with the key .* put the right key/,
    );
    await other.close();
    await rename(`${fixture.path}.saved`, `${fixture.path}.key`);
    await (await fixture.open()).migrate();
  });

  it('leaves the table of the previous IM in the same file alone', async () => {
    const database = new Sqlite(fixture.path);
    database.exec('CREATE TABLE inf_list (id VARCHAR(255) PRIMARY KEY, deleted INTEGER, date TIMESTAMP, data TEXT)');
    database.exec(`INSERT INTO inf_list VALUES ('old', 0, '2026-01-01', '{}')`);
    database.close();
    const store = await fixture.open();
    await store.migrate();
    const again = new Sqlite(fixture.path, { readonly: true });
    expect(again.prepare('SELECT id FROM inf_list').pluck().all()).to.deep.equal(['old']);
    again.close();
  });

  it('refuses tables of a newer release', async () => {
    const store = await fixture.open();
    await store.migrate();
    const database = new Sqlite(fixture.path);
    database.exec('INSERT INTO schema_version VALUES (999, 0)');
    database.close();
    expect((await rejection(store.migrate(), 'store-unavailable')).message).to.include('version 999');
  });

  describe('errors name the path and the remedy', () => {
    it('missing directory', async () => {
      const path = `${fixture.path}.d/inf.dat`;
      const error = await rejection(open(`sqlite://${path}`), 'store-unavailable');
      expect(error.message).to.equal(
        `The directory ${fixture.path}.d of DATA_DB cannot be used (it does not exist): create it or change DATA_DB.`,
      );
    });

    it('a directory instead of a file', async () => {
      await mkdir(`${fixture.path}.d`);
      const error = await rejection(open(`sqlite://${fixture.path}.d`), 'store-unavailable');
      expect(error.message).to.include(`${fixture.path}.d cannot be used (it is a directory)`);
    });

    it('a file that is no database', async () => {
      await writeFile(fixture.path, 'this is a text file and no database at all\n'.repeat(100));
      const error = await rejection(open(fixture.url), 'store-unavailable');
      expect(error.message).to.equal(
        `The database ${fixture.path} is not an SQLite database: change DATA_DB or move the file away.`,
      );
    });

    it('a place that nobody may write to, not even root', async () => {
      const error = await rejection(open('sqlite:///sys/inf.dat'), 'store-unavailable');
      expect(error.message).to.match(
        /^The .*\/sys.* cannot be used \((no permission to write|the file system is read-only)\): .* change DATA_DB\.$/,
      );
    });

    it('locked by another process', async () => {
      const store = await open(fixture.url);
      await store.migrate();
      const other = new Sqlite(fixture.path);
      other.exec('BEGIN IMMEDIATE');
      const change = { kind: 'insert-infrastructure', infrastructure: infrastructure('inf') } as const;
      const error = await rejection(store.commit([change]), 'store-unavailable');
      expect(error.message).to.match(/is locked by another process: stop that process/);
      other.exec('ROLLBACK');
      other.close();
      await store.commit([change]);
      await store.close();
    });

    it('a lock that goes away in time is waited for', async () => {
      const store = await open(fixture.url, 20_000);
      await store.migrate();
      const other = new Sqlite(fixture.path);
      other.exec('BEGIN IMMEDIATE');
      const committed = store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure('inf') }]);
      // The store goes on answering reads while the commit waits.
      for (let reads = 0; reads < 5; reads += 1) {
        expect(await store.listInfrastructureIds({})).to.deep.equal([]);
      }
      other.exec('ROLLBACK');
      other.close();
      await committed;
      expect(await store.listInfrastructureIds({})).to.deep.equal(['inf']);
      await store.close();
    });
  });
});
