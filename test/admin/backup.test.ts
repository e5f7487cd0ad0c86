// SPDX-License-Identifier: Apache-2.0
// im-admin backup and restore: consistent while the daemon writes, checked, and nothing is overwritten.
import { randomUUID } from 'node:crypto';
import { access, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { openStore } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import { infrastructure, operation } from '../store/records.js';
import { AdminHouse } from './admin-house.js';

describe('im-admin backup and restore', () => {
  let house: AdminHouse;

  beforeEach(async () => {
    house = await AdminHouse.make();
  });

  afterEach(() => house.demolish());

  const idsIn = async (path: string): Promise<readonly string[]> => {
    const store = await openStore({
      url: `sqlite://${path}`,
      keyFile: house.keyFile,
      logger: silentLogger,
      now: () => house.now,
    });
    try {
      return await store.listInfrastructureIds({});
    } finally {
      await store.close();
    }
  };

  const insert = (id: string) => ({ kind: 'insert-infrastructure' as const, infrastructure: infrastructure(id) });

  it('copies one moment while a daemon goes on writing', async () => {
    const store = await house.open();
    const pairs = Array.from({ length: 40 }, () => [randomUUID(), randomUUID()] as const);
    const writing = (async () => {
      for (const [left, right] of pairs) await store.commit([insert(left), insert(right)]);
    })();
    const { status, text } = await house.run('backup', house.path('copy'));
    await writing;
    expect(status, text).to.equal(0);
    expect(text).to.contain(house.keyFile);
    const copied = new Set(await idsIn(house.path('copy')));
    // Each pair is one transaction: both or none.
    for (const [left, right] of pairs) expect(copied.has(left)).to.equal(copied.has(right));
    expect((await stat(house.path('copy'))).mode & 0o777).to.equal(0o600);
    expect((await readdir(house.directory)).filter((name) => name.startsWith('copy.'))).to.deep.equal([]);
  });

  it('overwrites nothing and leaves nothing half-made', async () => {
    await house.open();
    await writeFile(house.path('copy'), 'precious');
    expect(await house.run('backup', house.path('copy'))).to.include({ status: 1 });
    expect((await stat(house.path('copy'))).size).to.equal(8);
    expect((await house.run('backup', house.path('no/such/directory'))).text).to.contain('cannot be copied');
  });

  it('puts a copy back, setting aside what was there', async () => {
    const store = await house.open();
    const [before, after] = [randomUUID(), randomUUID()];
    await store.commit([insert(before), { kind: 'insert-operation', operation: operation('op', before) }]);
    await house.run('backup', house.path('copy'));
    await store.commit([insert(after)]);
    await house.closeStores();
    const { status, out, text } = await house.run('restore', house.path('copy'));
    expect(status, text).to.equal(0);
    expect(out[0]).to.contain('1 living infrastructure, 1 unfinished operation.');
    expect(await idsIn(house.database)).to.deep.equal([before]);
    const setAside = (await readdir(house.directory)).find((name) => name.includes('before-restore'));
    expect(await idsIn(house.path(setAside ?? ''))).to.have.members([before, after]);
    expect((await stat(house.database)).mode & 0o777).to.equal(0o600);
  });

  it('does not restore under a running daemon, nor in a dry run', async () => {
    const store = await house.open();
    await house.run('backup', house.path('copy'));
    const id = randomUUID();
    await store.commit([insert(id)]);
    expect((await house.run('restore', house.path('copy'))).text).to.contain('is in use: stop the daemon first');
    await house.closeStores();
    expect(await house.run('restore', '--dry-run', house.path('copy'))).to.include({ status: 0 });
    expect(await idsIn(house.database)).to.deep.equal([id]);
  });

  it('refuses damaged copies, other files, and copies of another key', async () => {
    const store = await house.open();
    await store.commit(Array.from({ length: 50 }, () => insert(randomUUID())));
    await house.run('backup', house.path('copy'));
    await house.closeStores();
    await writeFile(house.path('other'), 'no database at all, but quite long enough to be read as one');
    expect((await house.run('restore', house.path('other'))).text).to.contain('cannot be read');
    expect((await house.run('restore', house.path('missing'))).text).to.contain('There is no file');
    const reference = new URL('../fixtures/reference/im-2.0.0.sqlite', import.meta.url).pathname;
    expect((await house.run('restore', reference)).text).to.contain('im-admin import');
    const stranger = await AdminHouse.make();
    try {
      await stranger.open();
      expect((await stranger.run('restore', house.path('copy'))).text).to.contain('sealed with the key');
    } finally {
      await stranger.demolish();
    }
    await truncate(house.path('copy'), 40_960);
    expect(await house.run('restore', house.path('copy'))).to.include({ status: 1 });
    await access(house.database);
  });

  it('names the tool for other databases', async () => {
    for (const [url, tool] of [
      ['mysql://im:pw@db.example/im', 'mysqldump'],
      ['postgresql://im:pw@db.example/im', 'pg_dump'],
      ['mongodb://im:pw@db.example/im', 'mongodump'],
    ] as const) {
      await house.configure({ DATA_DB: url });
      const { status, text } = await house.run('backup', house.path('copy'));
      expect(status).to.equal(1);
      expect(text).to.contain(tool).and.not.to.contain('pw@');
    }
  });
});
