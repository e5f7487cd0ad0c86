// SPDX-License-Identifier: Apache-2.0
// Starting on a database of grycap/im: everything is there, once, and its own table stays as it is (persistence.md §15).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore, type Store } from '../../../src/store/index.js';
import { Sqlite } from '../../../src/store/sql/sqlite-driver.js';
import { type Logger, silentLogger } from '../../../src/util/logger.js';
import { START } from '../records.js';
import { copyDatabase, type FixtureRow, RELEASES, rowsOf } from './fixtures.js';

const ALICE = { username: 'alice', password: 'secret1' };

describe('An SQLite database of grycap/im', () => {
  let directory: string;
  let path: string;
  let stores: Store[];
  let lines: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-take-over-'));
    path = join(directory, 'inf.dat');
    stores = [];
    lines = [];
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await rm(directory, { recursive: true });
  });

  const write = (line: string): void => void lines.push(line);
  const logger: Logger = { ...silentLogger, info: write, warn: write, error: write };

  async function start(): Promise<Store> {
    const store = await openStore({ url: `sqlite://${path}`, logger, now: () => START });
    stores.push(store);
    await store.migrate();
    return store;
  }

  function change(statement: string, ...values: readonly unknown[]): void {
    const database = new Sqlite(path);
    database.prepare(statement).run(...values);
    database.close();
  }

  const rowsInFile = (): readonly FixtureRow[] => {
    const database = new Sqlite(path, { readonly: true });
    try {
      return database.prepare<[], FixtureRow>('SELECT * FROM inf_list ORDER BY id').all();
    } finally {
      database.close();
    }
  };

  for (const release of RELEASES) {
    it(`of ${release} is taken over completely`, async () => {
      await copyDatabase(release, path);
      const store = await start();
      for (const row of rowsOf(release).filter(({ deleted }) => deleted === 0)) {
        const record = JSON.parse(row.data);
        const owners = typeof record.auth === 'string' ? JSON.parse(record.auth) : record.auth;
        for (const { username, password, token } of owners) {
          const owner = { username, password, ...(token && { token }) };
          expect(await store.listInfrastructureIds({ ownedBy: [owner] })).to.include(row.id);
        }
        expect((await store.readLog(row.id, null)).text).to.equal(record.cont_out);
        const vms = await store.listVms(row.id, { includeDestroyed: true });
        expect(vms).to.have.length(record.vm_list.length);
        expect(vms.every(({ info }) => info.systems.length === 1)).to.equal(true);
        const stored = (await store.getInfrastructure(row.id))!;
        expect(stored.radl.systems.length).to.be.greaterThan(0);
        expect(stored.extra.TOSCA).to.equal(record.extra_info?.TOSCA);
      }
      expect(rowsInFile()).to.deep.equal(rowsOf(release));
      expect(lines.join('\n')).to.match(/Took over the infrastructures of grycap\/im .* 0 failed/);
    });
  }

  it('shows each owner of 2.0.0 what is his, and counts the deleted one', async () => {
    await copyDatabase('2.0.0', path);
    const store = await start();
    const shared = '4aaa4536-e4c1-11f1-a79d-02fc00000001';
    const deleted = '4a8edbc0-e4c1-11f1-a79d-02fc00000001';
    expect(await store.listInfrastructureIds({ ownedBy: [{ username: 'bob', password: 'pb' }] })).to.deep.equal([
      shared,
    ]);
    const zoe = { username: 'zoe', password: 'https://issuer.example.org/oidc/usub', token: 'today' };
    expect(await store.listInfrastructureIds({ ownedBy: [zoe] })).to.deep.equal([
      '4a823816-e4c1-11f1-a79d-02fc00000001',
    ]);
    expect(await store.listInfrastructureIds({ ownedBy: [ALICE] }))
      .to.have.length(4)
      .and.not.include(deleted);
    const statistics = await store.listStatistics({ ownedBy: [ALICE] });
    expect(statistics.find(({ id }) => id === deleted)).to.deep.include({
      isDeleted: true,
      vmCount: 3,
      cloudType: 'Dummy',
    });
    expect(statistics.find(({ templateName }) => templateName === 'one-vm')).to.deep.include({
      id: '480b28b8-e4c1-11f1-a79d-02fc00000001',
      updatedAt: Date.UTC(2026, 10, 20),
    });
    expect((await store.getInfrastructure(deleted))!.owners).to.deep.equal([{ username: 'alice' }]);
    expect((await store.getVm(deleted, 0))!.info.systems).to.deep.equal([]);
  });

  it('is taken over once: what is destroyed here does not come back', async () => {
    await copyDatabase('2.0.0', path);
    const first = await start();
    const [id] = await first.listInfrastructureIds({ ownedBy: [ALICE] });
    await first.commit([{ kind: 'update-infrastructure', id: id!, set: { isDeleted: true } }]);
    await first.commit([{ kind: 'purge-infrastructure', id: id! }]);
    await first.close();
    const again = await start();
    expect(await again.getHeader(id!)).to.equal(undefined);
    expect(lines.filter((line) => line.startsWith('Took over'))).to.have.length(1);
  });

  it('is taken over once by several starters', async () => {
    await copyDatabase('2.0.0', path);
    await Promise.all([start(), start(), start()]);
    expect(lines.filter((line) => line.startsWith('Took over'))).to.have.length(1);
    expect(await stores[2]!.listInfrastructureIds({})).to.have.length(5);
  });

  it('gives what it can when some rows are damaged, and names the others without their secrets', async () => {
    await copyDatabase('2.0.0', path);
    const [first, second] = rowsOf('2.0.0');
    change('UPDATE inf_list SET data = ? WHERE id = ?', '{"damaged-secret', first!.id);
    const record = JSON.parse(second!.data);
    change(
      'UPDATE inf_list SET data = ? WHERE id = ?',
      JSON.stringify({ ...record, vm_list: { damaged: 'damaged-secret' } }),
      second!.id,
    );
    const store = await start();
    expect(await store.listInfrastructureIds({})).to.have.length(3);
    expect(await store.listVms(second!.id)).to.deep.equal([]);
    const text = lines.join('\n');
    expect(text).to.include(
      `Infrastructure ${first!.id} of grycap/im could not be taken over: its record is cut off after 16 bytes: put`,
    );
    expect(text).to.match(new RegExp(`Infrastructure ${second!.id} .*'vm_list' is missing or has another form`));
    expect(text).not.to.match(/damaged-secret|secret1/);
  });
});
