// SPDX-License-Identifier: Apache-2.0
// The search for orphans and taking machines over, through the use cases and a cloud in memory.
import { expect } from 'chai';
import { sweepProviders } from '../../../src/operations/maintenance/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../../support/operations-house.js';
import { failureOf, until } from '../../support/waiting.js';

const DOCUMENT = `network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
deploy node 2
`;
const admin = {
  ...callOf(),
  items: [
    { type: 'InfrastructureManager', username: 'root', password: 'root' },
    { id: 'mem', type: 'Memory' },
  ],
};

describe('the search for orphans', () => {
  let cloud: MemoryCloud;
  let house: House;
  let id: string;

  beforeEach(async () => {
    cloud = new MemoryCloud();
    house = await startHouse({ types: [cloud.connectorType()] });
    id = (await house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync: false })).infrastructureId;
  });
  afterEach(() => demolish(house));

  const sweep = (...deleted: string[]) =>
    sweepProviders({
      store: house.store,
      connectors: [cloud.connectorType().connect({ ...CLOUD, item: { type: 'Memory' } }, undefined as never)],
      signal: new AbortController().signal,
      deleted: new Set(deleted),
      betweenLooksMs: 0,
    });
  const CLOUD = { id: 'mem', type: 'Memory', protocol: '', server: '', port: -1, path: '', extra: {} };
  const destroy = (isForced = false) => house.manager.destroyInfrastructure(callOf(), id, { isForced, isAsync: false });

  it('finds nothing while all is well', async () => {
    expect(await sweep()).to.deep.equal({ orphans: [], marked: 2, problems: [] });
  });

  it('tells what was given up, forgotten, doubled and never known apart, and deletes only what is named', async () => {
    const double = cloud.create(`${id}-0-2`);
    const foreign = cloud.create('another-service-3-1');
    expect((await sweep()).orphans.map(({ providerId, reason }) => [providerId, reason])).to.deep.equal([
      [double.id, 'not-recorded'],
      [foreign.id, 'unknown-infrastructure'],
    ]);
    cloud.destroyFailure = (vm) => (vm === 'mem-1' ? 'the provider is moody' : undefined);
    await destroy(true);
    cloud.create(`${id}-1-1`);
    const { orphans } = await sweep('mem-1', double.id);
    expect(orphans.map(({ providerId, reason }) => [providerId, reason])).to.deep.equal([
      ['mem-1', 'abandoned'],
      [double.id, 'destroyed'],
      [foreign.id, 'unknown-infrastructure'],
      ['mem-5', 'destroyed'],
    ]);
    expect(orphans[0]?.outcome).to.deep.equal({ failure: 'the provider is moody' });
    expect(orphans[1]?.outcome).to.equal('deleted');
    expect([...cloud.vms.keys()]).to.deep.equal(['mem-1', foreign.id, 'mem-5']);
    cloud.destroyFailure = () => undefined;
    expect((await sweep('mem-1')).orphans[0]?.outcome).to.equal('deleted');
    expect((await house.store.listResources(id, { states: ['abandoned'] })).length).to.equal(0);
  });

  it('believes only what two looks agree on', async () => {
    const late = cloud.create(`${id}-0-2`);
    let looks = 0;
    cloud.gate = async (call) => {
      if (call === 'list' && ++looks === 2) cloud.vms.delete(late.id);
    };
    expect((await sweep(late.id)).orphans).to.deep.equal([]);
  });

  it('leaves alone what an operation is at work on', async () => {
    let isOpen = false;
    cloud.gate = async (call) => {
      if (call === 'created') await until(() => isOpen, 'the gate', 60_000);
    };
    const adding = house.manager.addResources(callOf(), id, parseRadl(DOCUMENT), { isContextualized: false });
    await until(() => cloud.vms.size >= 3, 'the launch to be under way');
    expect((await sweep()).orphans).to.deep.equal([]);
    isOpen = true;
    await adding;
  });

  it('is for administrators, and says which clouds cannot be asked', async () => {
    expect(await failureOf(house.manager.leftovers(callOf()))).to.have.property('code', 'unauthorized');
    expect(await failureOf(house.manager.sweepLeftovers(callOf(), []))).to.have.property('code', 'unauthorized');
    expect(await house.manager.leftovers(admin)).to.deep.equal([]);
    const call = { ...admin, items: [...admin.items, { id: 'none', type: 'Nothing' }] };
    const { problems, marked } = await house.manager.sweepLeftovers(call, []);
    expect([marked, problems.map(({ cloud: { id: cloudId } }) => cloudId)]).to.deep.equal([2, ['none']]);
  });

  it('takes an orphan into an infrastructure, where it is used, configured and destroyed like the others', async () => {
    const orphan = cloud.create('another-service-3-1');
    const machine = { cloudId: 'mem', providerId: orphan.id, systemName: 'node' };
    expect(await house.manager.adoptVm(callOf(), id, machine)).to.equal(2);
    expect((await sweep()).orphans).to.deep.equal([]);
    await house.manager.reconfigure(callOf(), id, parseRadl(''));
    await until(
      async () => (await house.manager.infrastructureState(callOf(), id)).vmStates.get(2) === 'configured',
      'the configuration',
    );
    expect(await failureOf(house.manager.adoptVm(callOf(), id, machine))).to.have.property('code', 'incorrect-state');
    const gone = { ...machine, providerId: 'mem-99' };
    expect(await failureOf(house.manager.adoptVm(callOf(), id, gone))).to.have.property('code', 'not-found');
    expect(await failureOf(house.manager.adoptVm(callOf('eva'), id, gone))).to.have.property('code', 'unauthorized');
    await destroy();
    expect(cloud.vms.size).to.equal(0);
  });
});
