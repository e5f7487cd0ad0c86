// SPDX-License-Identifier: Apache-2.0
// im-admin rotate-key: everything opens with the new key, nothing with the old one, and an interrupted rotation is finished.
import { copyFile, readdir, readFile, rename } from 'node:fs/promises';
import { expect } from 'chai';
import type { Store } from '../../src/store/index.js';
import { document, infrastructure, operation, textOf, vm } from '../store/records.js';
import { AdminHouse } from './admin-house.js';

const id = (index: number): string => `11111111-0000-4000-8000-${String(index).padStart(12, '0')}`;
// More than one batch of every table.
const COUNT = 250;

describe('im-admin rotate-key', () => {
  let house: AdminHouse;

  beforeEach(async () => {
    house = await AdminHouse.make();
    const store = await house.open();
    await store.commit([
      ...Array.from({ length: COUNT }, (_, index) => ({
        kind: 'insert-infrastructure' as const,
        infrastructure: infrastructure(id(index), { extra: { TOSCA: 'secret template' } }),
      })),
      ...Array.from({ length: COUNT }, (_, number) => ({
        kind: 'insert-vm' as const,
        vm: vm(id(0), number, { extra: { hostKey: `key ${number}` } }),
      })),
      ...Array.from({ length: COUNT }, (_, index) => ({
        kind: 'insert-operation' as const,
        operation: operation(`op-${index}`, id(index), { progress: { step: index }, result: { number: index } }),
      })),
      {
        kind: 'insert-revision',
        revision: { infrastructureId: id(1), kind: 'radl', operationId: 'op-1', text: 'secret document', createdAt: 0 },
      },
    ]);
    await store.commit([{ kind: 'update-infrastructure', id: id(2), set: { isDeleted: true } }]);
    await house.closeStores();
  });

  afterEach(() => house.demolish());

  const expectReadable = async (store: Store): Promise<void> => {
    for (const index of [0, 199, 200, COUNT - 1]) {
      const found = await store.getInfrastructure(id(index));
      expect(textOf(found?.radl)).to.equal(textOf(document()));
      expect(found?.extra.TOSCA).to.equal('secret template');
      expect(found?.owners[0]?.password).to.equal('alice-password');
      const machine = await store.getVm(id(0), index);
      expect(textOf(machine?.info)).to.equal(textOf(document()));
      expect(textOf(machine?.requested)).to.equal(textOf(document()));
      expect(machine?.extra.hostKey).to.equal(`key ${index}`);
      const journal = await store.getOperation(`op-${index}`);
      expect(journal?.request).to.deep.equal({ radl: 'request-secret' });
      expect(journal?.credentials[0]?.password).to.equal('cloud-password');
      expect(journal?.progress).to.deep.equal({ step: index });
      expect(journal?.result).to.deep.equal({ number: index });
    }
    expect((await store.listRevisions(id(1)))[0]?.text).to.equal('secret document');
    expect((await store.getInfrastructure(id(2)))?.isDeleted).to.equal(true);
    const mine = { ownedBy: [{ username: 'alice', password: 'alice-password' }] };
    expect(await store.listInfrastructureIds(mine)).to.have.length(COUNT - 1);
  };

  /** The mark of a key in every value that it sealed. */
  const keyMark = async (): Promise<string> => {
    const [mark = ''] = /s1\.[0-9a-f]{8}\./.exec((await readFile(house.database)).toString('latin1')) ?? [];
    expect(mark).not.to.equal('');
    return mark;
  };

  it('seals everything anew and keeps the old key for the old backups', async () => {
    const oldKey = await readFile(house.keyFile);
    const oldMark = await keyMark();
    const { status, text } = await house.run('rotate-key');
    expect(status, text).to.equal(0);
    const bytes = (await readFile(house.database)).toString('latin1');
    expect(bytes.includes(oldMark)).to.equal(false);
    expect((await readFile(house.keyFile)).equals(oldKey)).to.equal(false);
    const kept = (await readdir(house.directory)).filter((name) => name.includes('.key.'));
    expect(kept).to.have.length(1);
    expect((await readFile(house.path(kept[0] ?? ''))).equals(oldKey)).to.equal(true);
    await expectReadable(await house.open());
  });

  it('finishes a rotation that ended before the new key was in its place', async () => {
    await copyFile(house.keyFile, house.path('old'));
    await house.run('rotate-key');
    await rename(house.keyFile, `${house.keyFile}.new`);
    await copyFile(house.path('old'), house.keyFile);
    house.now += 1000;
    const { status, text } = await house.run('rotate-key');
    expect(status, text).to.equal(0);
    expect(text).to.contain('that was interrupted is finished');
    await expectReadable(await house.open());
  });

  it('finishes a rotation that ended before anything was sealed anew', async () => {
    const other = await AdminHouse.make();
    await other.open();
    await copyFile(other.keyFile, `${house.keyFile}.new`);
    await other.demolish();
    expect(await house.run('rotate-key')).to.include({ status: 0 });
    await expectReadable(await house.open());
  });

  it('changes nothing while a daemon uses the database, or with a wrong key', async () => {
    const store = await house.open();
    expect((await house.run('rotate-key')).text).to.contain('is in use: stop the daemon first');
    await expectReadable(store);
    await house.closeStores();
    const other = await AdminHouse.make();
    await other.open();
    await copyFile(house.keyFile, house.path('right'));
    await copyFile(other.keyFile, house.keyFile);
    await other.demolish();
    expect((await house.run('rotate-key')).text).to.contain('was sealed with the key');
    await copyFile(house.path('right'), house.keyFile);
    await expectReadable(await house.open());
  });

  it('asks for a promise where it cannot see the daemons', async () => {
    await house.configure({ DATA_DB: 'mysql://im:pw@db.example/im' });
    expect((await house.run('rotate-key')).text).to.contain('--daemons-are-stopped');
    await house.configure({ DATA_DB: 'mongodb://im:pw@db.example/im' });
    expect((await house.run('rotate-key')).text).to.contain('--daemons-are-stopped');
  });
});
