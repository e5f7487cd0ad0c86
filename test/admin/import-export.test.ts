// SPDX-License-Identifier: Apache-2.0
// im-admin export and import: documents there and back, and whole databases of grycap/im.
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Sqlite } from '../../src/store/sql/sqlite-driver.js';
import { infrastructure, vm } from '../store/records.js';
import { RELEASES, readExport, rowsOf } from '../store/reference/fixtures.js';
import { AdminHouse } from './admin-house.js';

const ID = '11111111-2222-4333-8444-555555555555';
const fixture = (name: string): string => new URL(`../fixtures/reference/${name}`, import.meta.url).pathname;

describe('im-admin export and import', () => {
  let house: AdminHouse;
  let other: AdminHouse;

  beforeEach(async () => {
    house = await AdminHouse.make();
    other = await AdminHouse.make();
  });

  afterEach(async () => {
    await house.demolish();
    await other.demolish();
  });

  const fill = async (): Promise<void> => {
    const store = await house.open();
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure: infrastructure(ID, { nextVmNumber: 2 }) },
      { kind: 'insert-vm', vm: vm(ID, 0) },
      { kind: 'insert-vm', vm: vm(ID, 1, { isDestroyed: true }) },
      { kind: 'append-log', infrastructureId: ID, vm: 0, text: 'a line\n' },
    ]);
  };

  it('moves an infrastructure with owners, VMs and logs', async () => {
    await fill();
    expect(await house.run('export', ID, house.path('out.json'))).to.include({ status: 0 });
    expect((await stat(house.path('out.json'))).mode & 0o777).to.equal(0o600);
    const target = await other.open();
    const { status, text } = await other.run('import', house.path('out.json'));
    expect(status, text).to.equal(0);
    expect(text).to.contain(`Imported infrastructure ${ID} with 1 VM.`);
    expect((await target.getHeader(ID))?.owners).to.deep.equal([{ username: 'alice', password: 'alice-password' }]);
    expect((await target.getVm(ID, 0))?.providerId).to.equal('provider-0');
    expect((await target.readLog(ID, 0)).text).to.equal('a line\n');
  });

  it('writes to standard output without a file, all into a directory, and overwrites nothing', async () => {
    await fill();
    const { out } = await house.run('export', ID);
    expect(JSON.parse(out[0] ?? '')).to.include({ id: ID });
    await mkdir(house.path('all'));
    expect(await house.run('export', 'all', house.path('all'))).to.include({ status: 0 });
    expect(await readdir(house.path('all'))).to.deep.equal([`${ID}.json`]);
    expect((await house.run('export', 'all', house.path('all'))).text).to.contain('cannot be made');
    expect(await house.run('export', 'nobody')).to.include({ status: 1 });
  });

  it('never replaces what lives; what was deleted comes back', async () => {
    await fill();
    await house.run('export', ID, house.path('out.json'));
    expect((await house.run('import', house.path('out.json'))).text).to.contain('lives here already');
    const copy = JSON.parse((await house.run('import', '--new-id', '--json', house.path('out.json'))).out[0] ?? '');
    const store = await house.open();
    expect(await store.listInfrastructureIds({})).to.have.members([ID, copy.id]);
    await store.commit([{ kind: 'update-infrastructure', id: ID, set: { isDeleted: true } }]);
    expect(await house.run('import', house.path('out.json'))).to.include({ status: 0 });
    expect((await store.getHeader(ID))?.isDeleted).to.equal(false);
  });

  it('takes documents of older releases and refuses others without quoting them', async () => {
    await other.open();
    await writeFile(other.path('old.json'), await readExport('infra-1.18.0'));
    expect(await other.run('import', other.path('old.json'))).to.include({ status: 0 });
    await writeFile(other.path('bad.json'), '{"id": "x", "auth": "top-secret"');
    const { status, text } = await other.run('import', other.path('bad.json'));
    expect(status).to.equal(1);
    expect(text).to.contain('no document of an infrastructure').and.not.to.contain('top-secret');
    expect((await other.run('import', other.path('missing'))).text).to.contain('cannot be read');
  });

  it('takes what it can of a document of old, and says what it left out', async () => {
    const store = await other.open();
    const old = JSON.parse(await readExport('infra-2.0.0-radl'));
    await writeFile(other.path('old.json'), JSON.stringify({ ...old, radl: 'system ( x = top-secret' }));
    const { status, notes, text } = await other.run('import', other.path('old.json'));
    expect(status, text).to.equal(0);
    expect(notes.join('\n')).to.match(/^warning: its document is no RADL .* send the whole document anew$/m);
    expect(text).not.to.contain('top-secret');
    expect(await store.listVms(old.id, { includeDestroyed: true })).to.have.length(old.vm_list.length);
  });

  for (const release of RELEASES) {
    it(`imports a database of ${release}, again without effect, and leaves it as it is`, async () => {
      const store = await house.open();
      await copyFile(fixture(`im-${release}.sqlite`), house.path('theirs'));
      const before = await readFile(house.path('theirs'));
      const rows = rowsOf(release);
      const livingIds = rows.filter(({ deleted }) => deleted === 0).map(({ id }) => id);
      const first = JSON.parse((await house.run('import', '--json', house.path('theirs'))).out[0] ?? '');
      expect(first).to.deep.include({ living: livingIds.length, present: 0, failed: [], isDryRun: false });
      expect(await store.listInfrastructureIds({})).to.have.members(livingIds);
      const again = JSON.parse((await house.run('import', '--json', `sqlite://${house.path('theirs')}`)).out[0] ?? '');
      expect(again).to.deep.include({ living: 0, deleted: 0, present: rows.length, failed: [] });
      expect((await readFile(house.path('theirs'))).equals(before)).to.equal(true);
    });
  }

  it('keeps the time of the last save, by which the purge goes; without one it is that of the import', async () => {
    const store = await house.open();
    await copyFile(fixture('im-2.0.0.sqlite'), house.path('theirs'));
    const theirs = new Sqlite(house.path('theirs'));
    const [undated, ...dated] = rowsOf('2.0.0');
    theirs.prepare('UPDATE inf_list SET date = NULL WHERE id = ?').run(undated?.id);
    theirs.close();
    expect(await house.run('import', house.path('theirs'))).to.include({ status: 0 });
    const times = new Map((await store.listStatistics({})).map(({ id, updatedAt }) => [id, updatedAt]));
    expect(dated.map(({ id }) => times.get(id))).to.deep.equal(dated.map(({ date }) => Date.parse(date)));
    expect(times.get(undated?.id ?? '')).to.equal(house.now);
    const deleted = dated.filter((row) => row.deleted === 1).map(({ id }) => id);
    expect(deleted).to.not.deep.equal([]);
    await house.run('purge', new Date(Date.parse(dated[0]?.date ?? '') + 86_400_000).toISOString().slice(0, 10));
    for (const id of deleted) expect(await store.getHeader(id)).to.equal(undefined);
  });

  it('makes nothing in a dry run, also of the very database that DATA_DB names', async () => {
    await copyFile(fixture('im-2.0.0.sqlite'), house.database);
    const files = await readdir(house.directory);
    const { status, text } = await house.run('import', '--dry-run', house.database);
    expect(status).to.equal(0);
    expect(text).to.contain('Would import').and.to.contain('0 here already');
    expect(await readdir(house.directory)).to.deep.equal(files);
    await fillOther();
    const present = await other.run('import', '--dry-run', house.database);
    expect(present.text).to.contain('6 here already');
  });

  const fillOther = async (): Promise<void> => {
    await other.open();
    await other.run('import', house.database);
  };

  it('says of a database of another kind that it is none of grycap/im', async () => {
    await fill();
    await house.closeStores();
    expect((await house.run('import', house.database)).text).to.contain('it is none of grycap/im');
  });
});
