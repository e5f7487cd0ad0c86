// SPDX-License-Identifier: Apache-2.0
// Create and add from the use case down to a cloud in memory.
import { expect } from 'chai';
import { parseRadl, printRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf, until } from '../support/waiting.js';

const FRONT = `network pub (outbound = 'yes')
network priv ()
system front (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and disk.0.image.url = 'mem://1')
system wn (net_interface.0.connection = 'priv' and disk.0.image.url = 'mem://1')
deploy front 1
deploy wn 2
`;
const SINGLE = `network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
deploy node 3
`;

describe('launching', () => {
  let cloud: MemoryCloud;
  let house: House;
  beforeEach(async () => {
    cloud = new MemoryCloud();
    house = await startHouse({ types: [cloud.connectorType()] });
  });
  afterEach(() => demolish(house));

  const create = (radl: string, call = callOf()) =>
    house.manager.createInfrastructure(call, parseRadl(radl), { isAsync: false });

  it('launches every VM of the document and configures it', async () => {
    const { infrastructureId } = await create(FRONT);
    expect(await house.manager.listVms(callOf(), infrastructureId)).to.deep.equal([0, 1, 2]);
    await until(
      async () => (await house.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
    );
    expect(cloud.vms.size).to.equal(3);
    expect([...cloud.networks]).to.deep.equal([`${infrastructureId}-priv`]);
  });

  it('calls the connector once per VM without private network and once per deploy with one', async () => {
    await create(SINGLE);
    expect(cloud.launchCalls).to.deep.equal([1, 1, 1]);
    cloud.launchCalls.length = 0;
    await create(FRONT);
    expect([...cloud.launchCalls].sort()).to.deep.equal([1, 2]);
  });

  it('fills host names, and passwords only where there is one', async () => {
    const { infrastructureId } = await create(SINGLE);
    const text = printRadl(await house.manager.vmInfo(callOf(), infrastructureId, '2'));
    expect(text).to.contain("net_interface.0.dns_name = 'vnode-2'");
    expect(text).to.not.contain('new.password');
    expect(text).to.contain('state = ');
  });

  it('tries MAX_VM_FAILS times with a new token each, then reports every attempt and leaves nothing', async () => {
    const tokens: string[] = [];
    cloud.launchFailure = (_system, token) => {
      tokens.push(token);
      return 'e1';
    };
    const error = await failureOf(create(SINGLE.replace('deploy node 3', 'deploy node 1')));
    expect(error.message).to.equal(
      'Error adding VMs: Error launching the VMs of type node to cloud ID mem of type Memory. Attempt 1: e1\nAttempt 2: e1\nAttempt 3: e1\n\n',
    );
    expect(new Set(tokens).size).to.equal(3);
    expect(await house.manager.listInfrastructures(callOf())).to.deep.equal([]);
  });

  it('keeps failed VMs beside launched ones and shows the infrastructure as failed', async () => {
    cloud.launchFailure = (system) => (system === 'wn' ? 'no room' : undefined);
    const { infrastructureId } = await create(FRONT);
    const { state, vmStates } = await house.manager.infrastructureState(callOf(), infrastructureId);
    expect(state).to.equal('failed');
    expect(vmStates.get(1)).to.equal('failed');
    expect(await house.manager.vmContMsg(callOf(), infrastructureId, 1)).to.contain('Attempt 1: no room');
  });

  it('recovers within the attempts', async () => {
    let failures = 2;
    cloud.launchFailure = () => (failures-- > 0 ? 'busy' : undefined);
    const { infrastructureId } = await create(SINGLE.replace('deploy node 3', 'deploy node 1'));
    expect(await house.manager.listVms(callOf(), infrastructureId)).to.have.length(1);
    expect(cloud.vms.size).to.equal(1);
  });

  it('takes over a VM whose launch had no answer instead of launching another one', async () => {
    cloud.isAnswerLost = () => true;
    const { infrastructureId } = await create(SINGLE.replace('deploy node 3', 'deploy node 1'));
    expect([...cloud.vms.values()].map(({ token }) => token)).to.deep.equal([`${infrastructureId}-0-1`]);
    expect(await house.manager.vmContMsg(callOf(), infrastructureId, 0)).to.not.contain('no answer');
  });

  it('keeps a VM that may exist until a destroy could ask for it', async () => {
    cloud.isAnswerLost = () => true;
    let isSilent = true;
    cloud.gate = async (call) => {
      if (call === 'find' && isSilent) throw new Error('the provider is silent');
    };
    const error = await failureOf(create(SINGLE.replace('deploy node 3', 'deploy node 1')));
    expect(error.message).to.contain('Attempt 1: no answer').and.contain('Attempt 2: Error: the provider is silent');
    const [id] = await house.manager.listInfrastructures(callOf());
    expect(cloud.vms.size).to.equal(1);
    expect(
      (await failureOf(house.manager.destroyInfrastructure(callOf(), id!, { isForced: false, isAsync: false })))
        .message,
    ).to.contain('is silent');
    isSilent = false;
    await house.manager.destroyInfrastructure(callOf(), id!, { isForced: false, isAsync: false });
    expect(cloud.vms.size).to.equal(0);
    expect(await house.manager.listInfrastructures(callOf())).to.deep.equal([]);
  });

  it('adds VMs with new numbers and never uses one again', async () => {
    const { infrastructureId } = await create(FRONT);
    const added = await house.manager.addResources(
      callOf(),
      infrastructureId,
      parseRadl('network priv\nsystem wn\ndeploy wn 1'),
      {
        isContextualized: true,
      },
    );
    expect(added.vmNumbers).to.deep.equal([3]);
    await house.manager.removeResources(callOf(), infrastructureId, ['1'], { isContextualized: true });
    const again = await house.manager.addResources(
      callOf(),
      infrastructureId,
      parseRadl('network priv\nsystem wn\ndeploy wn 1'),
      {
        isContextualized: true,
      },
    );
    expect(again.vmNumbers).to.deep.equal([4]);
    expect(await house.manager.listVms(callOf(), infrastructureId)).to.deep.equal([0, 2, 3, 4]);
  });

  it('leaves a configured infrastructure alone when the added document is wrong', async () => {
    const { infrastructureId } = await create(FRONT);
    await until(
      async () => (await house.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
    );
    const error = await failureOf(
      house.manager.addResources(callOf(), infrastructureId, parseRadl('system nosuch\ndeploy nosuch 1'), {
        isContextualized: true,
      }),
    );
    expect(error.message).to.contain("Unknown reference in RADL to system 'nosuch'");
    expect((await house.manager.infrastructureState(callOf(), infrastructureId)).state).to.equal('configured');
  });

  it('rolls back only what a failed add created', async () => {
    const { infrastructureId } = await create(SINGLE);
    cloud.launchFailure = () => 'full';
    const error = await failureOf(
      house.manager.addResources(
        callOf(),
        infrastructureId,
        parseRadl(
          "network other ()\nsystem x (net_interface.0.connection = 'other' and disk.0.image.url = 'mem://1')\ndeploy x 1",
        ),
        { isContextualized: true },
      ),
    );
    expect(error.message).to.match(/^Error adding VMs: /);
    expect(cloud.vms.size).to.equal(3);
    expect(cloud.networks.size).to.equal(0);
    expect(await house.manager.listVms(callOf(), infrastructureId)).to.deep.equal([0, 1, 2]);
  });

  it('says which cloud is missing, synchronously and in the log of an asynchronous create', async () => {
    const radl = SINGLE.replace('deploy node 3', 'deploy node 1 nope');
    expect((await failureOf(create(radl))).message).to.equal('No auth data for cloud with ID: nope');
    const { infrastructureId } = await house.manager.createInfrastructure(callOf(), parseRadl(radl), { isAsync: true });
    await until(async () => (await house.manager.infrastructureState(callOf(), infrastructureId)).state === 'failed');
    expect(await house.manager.infrastructureContMsg(callOf(), infrastructureId, true)).to.contain(
      'No auth data for cloud with ID: nope',
    );
  });

  it('refuses to work without any cloud', async () => {
    expect((await failureOf(create(SINGLE, callOf('ana', [])))).message).to.equal('No cloud provider available');
  });

  it('records an infrastructure without deploys', async () => {
    const { infrastructureId } = await create('');
    expect((await house.manager.infrastructureState(callOf(), infrastructureId)).state).to.equal('failed');
    expect(await house.manager.infrastructureContMsg(callOf(), infrastructureId, false)).to.match(
      /: Infrastructure without any deploy\. Exiting\.\n$/,
    );
  });

  it('keeps other users out', async () => {
    const { infrastructureId } = await create(SINGLE);
    const stranger = callOf('eve');
    expect((await failureOf(house.manager.vmInfo(stranger, infrastructureId, 0))).message).to.equal(
      'Access to this infrastructure not granted.',
    );
    expect(await house.manager.listInfrastructures(stranger)).to.deep.equal([]);
  });
});
