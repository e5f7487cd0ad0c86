// SPDX-License-Identifier: Apache-2.0
// im-admin forget-host-key: what is remembered, and that it is gone afterwards.
import { expect } from 'chai';
import type { Store } from '../../src/store/index.js';
import { infrastructure, vm } from '../store/records.js';
import { AdminHouse } from './admin-house.js';

const ID = '11111111-0000-4000-8000-000000000001';

describe('im-admin forget-host-key', () => {
  let house: AdminHouse;
  let store: Store;

  beforeEach(async () => {
    house = await AdminHouse.make();
    store = await house.open();
    await store.commit([
      {
        kind: 'insert-infrastructure',
        infrastructure: infrastructure(ID, {
          extra: { kept: 1, hostKeys: { '192.0.2.1:22': 'SHA256:b', 'h:22': 'SHA256:c' } },
        }),
      },
      { kind: 'insert-vm', vm: vm(ID, 0, { extra: { hostKey: 'SHA256:a', kept: 2 } }) },
      { kind: 'insert-vm', vm: vm(ID, 1) },
    ]);
  });
  afterEach(() => house.demolish());

  it('shows what is remembered', async () => {
    expect((await house.run('forget-host-key', ID)).out).to.deep.equal([
      '0  SHA256:a',
      '192.0.2.1:22  SHA256:b',
      'h:22  SHA256:c',
    ]);
  });

  it('forgets the key of a VM, and of a bastion, and nothing else', async () => {
    expect((await house.run('forget-host-key', ID, '0')).status).to.equal(0);
    expect((await house.run('forget-host-key', ID, '192.0.2.1:22')).status).to.equal(0);
    expect((await store.getVm(ID, 0))?.extra).to.deep.equal({ kept: 2 });
    expect((await store.getInfrastructure(ID))?.extra).to.deep.equal({ kept: 1, hostKeys: { 'h:22': 'SHA256:c' } });
  });

  it('says that there is none', async () => {
    const { status, text } = await house.run('forget-host-key', ID, '1');
    expect(status).to.equal(1);
    expect(text).to.contain('No key of 1 is remembered');
    expect((await house.run('forget-host-key', 'nothing')).status).to.equal(1);
  });
});
