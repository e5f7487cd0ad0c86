// SPDX-License-Identifier: Apache-2.0
// im-admin leftovers and abandon: nothing that may exist at a provider is forgotten.
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Store } from '../../src/store/index.js';
import { infrastructure, operation, resource, vm } from '../store/records.js';
import { AdminHouse } from './admin-house.js';

const LIVING = '11111111-0000-4000-8000-000000000001';
const DELETED = '11111111-0000-4000-8000-000000000002';

describe('im-admin leftovers and abandon', () => {
  let house: AdminHouse;
  let store: Store;

  beforeEach(async () => {
    house = await AdminHouse.make();
    store = await house.open();
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure: infrastructure(LIVING, { nextVmNumber: 1 }) },
      { kind: 'insert-vm', vm: vm(LIVING, 0) },
      { kind: 'insert-resource', resource: resource('used', LIVING, { state: 'created', providerId: 'i-used' }) },
      {
        kind: 'insert-resource',
        resource: resource('open', LIVING, { kind: 'network', vmNumber: null, token: 'net-token' }),
      },
      { kind: 'insert-infrastructure', infrastructure: infrastructure(DELETED) },
      { kind: 'insert-resource', resource: resource('kept', DELETED, { state: 'created', providerId: 'i-kept' }) },
      { kind: 'insert-resource', resource: resource('lost', DELETED, { state: 'abandoned', providerId: 'i-lost' }) },
      { kind: 'insert-resource', resource: resource('gone', DELETED, { state: 'deleted', providerId: 'i-gone' }) },
    ]);
    await store.commit([{ kind: 'update-infrastructure', id: DELETED, set: { isDeleted: true } }]);
  });

  afterEach(() => house.demolish());

  const leftovers = async (...args: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>> => {
    const found: { infrastructureId: string; resources: { id: string }[] }[] = JSON.parse(
      (await house.run('leftovers', '--json', ...args)).out[0] ?? '',
    );
    return Object.fromEntries(
      found.map(({ infrastructureId, resources }) => [infrastructureId, resources.map(({ id }) => id)]),
    );
  };

  it('lists open intents of living ones, and all that is not gone of deleted ones', async () => {
    expect(await leftovers()).to.deep.equal({ [LIVING]: ['open'], [DELETED]: ['kept', 'lost'] });
    expect(await leftovers(DELETED)).to.deep.equal({ [DELETED]: ['kept', 'lost'] });
    const { text } = await house.run('leftovers');
    expect(text).to.contain('net-token').and.to.contain('i-lost').and.to.contain('3 leftovers of 2 infrastructures.');
    expect(text).not.to.contain('i-used');
    expect(await house.run('leftovers', 'unknown')).to.include({ status: 1 });
  });

  it('does not count what an unfinished operation is at work on', async () => {
    await store.commit([{ kind: 'insert-operation', operation: operation('op', LIVING, { state: 'running' }) }]);
    expect(await leftovers()).to.deep.equal({ [DELETED]: ['kept', 'lost'] });
  });

  it('shows hostile names without their control characters', async () => {
    const token = 'evil\u001b[2Jtoken';
    await store.commit([{ kind: 'insert-resource', resource: resource('evil', LIVING, { token }) }]);
    expect((await house.run('leftovers', LIVING)).text).to.contain('evil?[2Jtoken');
  });

  it('abandons only when told twice, and then lists what is left', async () => {
    expect((await house.run('abandon', LIVING)).text)
      .to.contain('Would forget')
      .and.to.contain('1 VM');
    expect((await store.getHeader(LIVING))?.isDeleted).to.equal(false);
    const { status, text } = await house.run('abandon', LIVING, '--yes');
    expect(status, text).to.equal(0);
    expect((await store.getHeader(LIVING))?.isDeleted).to.equal(true);
    expect(await leftovers(LIVING)).to.deep.equal({ [LIVING]: ['used', 'open'] });
    expect(await house.run('abandon', LIVING, '--yes')).to.include({ status: 1 });
  });

  it('does not abandon what a daemon works on', async () => {
    const lease = await store.acquireLease(LIVING, 'a daemon', 30_000);
    expect((await house.run('abandon', LIVING, '--yes')).text).to.contain('works on infrastructure');
    if (lease !== undefined) await store.releaseLease(lease);
    await store.commit([{ kind: 'insert-operation', operation: operation('op', LIVING) }]);
    expect((await house.run('abandon', LIVING, '--yes')).text).to.contain('--cancel-operations');
    expect(await house.run('abandon', LIVING, '--yes', '--cancel-operations')).to.include({ status: 0 });
    expect((await store.getOperation('op'))?.state).to.equal('cancelled');
  });

  it('adopts a machine that was given up on, but none that is in use', async () => {
    const [system = ''] = (await store.getInfrastructure(LIVING))?.radl.systems.map(({ name }) => name) ?? [];
    const refused = await house.run('adopt', LIVING, 'i-used', '--system', system);
    expect([refused.status, refused.text]).to.satisfy(
      ([status, text]: [number, string]) => status === 1 && text.includes('it can belong to one only'),
    );
    const { status, text } = await house.run('adopt', LIVING, 'i-lost', '--system', system);
    expect(status, text).to.equal(0);
    expect(text).to.contain('is VM 1').and.to.contain('/reconfigure');
    const adopted = (await store.getVm(LIVING, 1))!;
    expect(adopted).to.include({ providerId: 'i-lost', configured: false, isCreating: false, systemName: system });
    expect(adopted.cloud).to.deep.equal((await store.getVm(LIVING, 0))?.cloud);
    expect((await store.getInfrastructure(LIVING))?.nextVmNumber).to.equal(2);
    expect(await leftovers()).to.deep.equal({ [LIVING]: ['open'], [DELETED]: ['kept'] });
    expect((await house.run('adopt', LIVING, 'i-lost', '--system', system)).text).to.contain('VM 1 of infrastructure');
    expect((await house.run('adopt', LIVING, 'x', '--system', 'none')).text).to.contain("no system 'none'");
    expect((await house.run('adopt', LIVING, 'x', '--system', system, '--cloud', 'other')).text).to.contain('--cloud');
    expect(await house.run('adopt', DELETED, 'x')).to.include({ status: 1 });
  });

  it('asks for the clouds before it deletes anything there', async () => {
    expect((await house.run('leftovers', '--delete', 'i-lost')).text).to.contain('--auth FILE');
    await writeFile(house.path('auth.dat'), 'type = InfrastructureManager; username = a; password = b\n');
    expect((await house.run('leftovers', '--auth', house.path('auth.dat'))).text).to.contain('names no cloud');
    await writeFile(house.path('auth.dat'), 'id = d; type = Dummy\n');
    const { status, text } = await house.run('leftovers', '--auth', house.path('auth.dat'));
    expect([status, text]).to.satisfy(() => status === 1 && text.includes('cannot be searched'));
  });

  it('gives the ledger back to an abandoned infrastructure that returns', async () => {
    await house.run('export', LIVING, house.path('out.json'));
    await house.run('abandon', LIVING, '--yes');
    expect(await house.run('import', house.path('out.json'))).to.include({ status: 0 });
    const states = (await store.listResources(LIVING)).map(({ kind, state, token }) => [kind, state, token]);
    expect(states).to.deep.equal([
      ['vm', 'created', `${LIVING}-0-0`],
      ['network', 'intent', 'net-token'],
    ]);
  });
});
