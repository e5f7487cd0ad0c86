// SPDX-License-Identifier: Apache-2.0
// Remove and destroy: order, failures, force, and a destroy that overtakes a launch.
import { expect } from 'chai';
import type { ConnectorType } from '../../src/connectors/index.js';
import { parseRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf, until } from '../support/waiting.js';

const DOCUMENT = `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'mem://1')
deploy node 3
contextualize ()
`;

describe('removing', () => {
  let cloud: MemoryCloud;
  let house: House;
  beforeEach(async () => {
    cloud = new MemoryCloud();
    house = await startHouse({ types: [cloud.connectorType()] });
  });
  afterEach(() => demolish(house));

  const create = async (isAsync = false): Promise<string> =>
    (await house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync })).infrastructureId;

  const destroy = (id: string, options: { isForced?: boolean; isAsync?: boolean } = {}) =>
    house.manager.destroyInfrastructure(callOf(), id, { isForced: false, isAsync: false, ...options });

  it('checks every id before it touches anything', async () => {
    const id = await create();
    const error = await failureOf(
      house.manager.removeResources(callOf(), id, ['0', '77'], { isContextualized: false }),
    );
    expect(error.message).to.equal('Invalid VM ID');
    expect(cloud.vms.size).to.equal(3);
  });

  it('removes VMs once, says so for those already gone, and keeps shared networks until the last', async () => {
    const id = await create();
    expect(await house.manager.removeResources(callOf(), id, [1, '1'], { isContextualized: false })).to.equal(1);
    const error = await failureOf(house.manager.removeResources(callOf(), id, ['1'], { isContextualized: false }));
    expect(error.message).to.equal('Deleted VM.');
    expect(cloud.networks.size).to.equal(1);
    expect(await house.manager.removeResources(callOf(), id, ['0', '2'], { isContextualized: false })).to.equal(2);
    expect(cloud.networks.size).to.equal(0);
    expect(cloud.vms.size).to.equal(0);
  });

  it('deletes snapshots through the cloud that knows them, and minds no other that refuses', async () => {
    const deleted: string[] = [];
    const withImages = (type: string, knows: string): ConnectorType => ({
      type,
      connect: (credential, environment) => {
        const base = cloud.connectorType(type).connect(credential, environment);
        return new Proxy(base, {
          get: (target, key) => {
            if (key !== 'deleteImage') {
              const member: unknown = Reflect.get(target, key);
              return typeof member === 'function' ? member.bind(target) : member;
            }
            return async (url: string) => {
              if (!url.startsWith(knows)) throw new Error(`${type} does not know ${url}`);
              deleted.push(url);
            };
          },
        });
      },
    });
    await demolish(house);
    house = await startHouse({ types: [withImages('Memory', 'mem://'), withImages('Other', 'oth://')] });
    const call = callOf('ana', [
      { id: 'mem', type: 'Memory' },
      { id: 'o', type: 'Other' },
    ]);
    const { infrastructureId: id } = await house.manager.createInfrastructure(call, parseRadl(DOCUMENT), {
      isAsync: false,
    });
    await house.store.commit([{ kind: 'update-infrastructure', id, set: { snapshots: ['oth://a', 'mem://b'] } }]);
    await house.manager.destroyInfrastructure(call, id, { isForced: false, isAsync: false });
    expect(deleted).to.deep.equal(['oth://a', 'mem://b']);
  });

  it('destroys everything and forgets the infrastructure', async () => {
    const id = await create();
    await destroy(id);
    expect(cloud.vms.size).to.equal(0);
    expect(cloud.networks.size).to.equal(0);
    expect((await failureOf(destroy(id))).message).to.equal('Invalid infrastructure ID or access not granted.');
    expect(
      await house.store.listResources(id, { states: ['intent', 'created', 'deleting', 'abandoned'] }),
    ).to.deep.equal([]);
  });

  it('reports what cannot be deleted, keeps it, and succeeds when asked again', async () => {
    const id = await create();
    cloud.destroyFailure = (vm) => (vm === 'mem-2' ? 'cannot delete X' : undefined);
    const error = await failureOf(destroy(id));
    expect(error.message).to.equal('Error destroying the infrastructure: \ncannot delete X\n');
    expect(await house.manager.listVms(callOf(), id)).to.deep.equal([1]);
    expect(await house.manager.infrastructureContMsg(callOf(), id, true)).to.contain('cannot delete X');
    cloud.destroyFailure = () => undefined;
    await destroy(id);
    expect(cloud.vms.size).to.equal(0);
  });

  it('with force forgets what cannot be deleted but keeps it in the ledger', async () => {
    const id = await create();
    cloud.destroyFailure = (vm) => (vm === 'mem-2' ? 'cannot delete X' : undefined);
    await destroy(id, { isForced: true });
    expect(await house.manager.listInfrastructures(callOf())).to.deep.equal([]);
    const abandoned = await house.store.listResources(id, { states: ['abandoned'] });
    expect(abandoned.map(({ providerId }) => providerId)).to.include('mem-2');
  });

  it('overtakes a running launch, which ends as cancelled, and leaves nothing', async () => {
    let openGate: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    let created = 0;
    cloud.gate = async (call) => {
      if (call === 'created') {
        created += 1;
        if (created === 2) await closed;
      }
    };
    const id = await create(true);
    await until(() => created === 2);
    const destroyed = destroy(id);
    await until(async () => (await house.manager.infrastructureState(callOf(), id)).state === 'deleting');
    openGate();
    await destroyed;
    expect(cloud.vms.size).to.equal(0);
    expect(cloud.networks.size).to.equal(0);
    const [launched] = await house.store.listOperations({ infrastructureId: id });
    expect(launched?.state).to.equal('cancelled');
  });

  it('joins a destroy that is already running', async () => {
    const id = await create();
    await Promise.all([destroy(id), destroy(id), destroy(id, { isAsync: true })]);
    const operations = await house.store.listOperations({ infrastructureId: id });
    expect(operations.filter(({ kind }) => kind === 'destroy')).to.have.length(1);
    expect(cloud.vms.size).to.equal(0);
  });

  it('refuses to add to an infrastructure that is being destroyed', async () => {
    const id = await create();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    cloud.gate = async (call) => (call === 'destroy' ? held : undefined);
    const destroyed = destroy(id);
    await until(async () => (await house.store.getHeader(id))?.isDestroying === true);
    const error = await failureOf(
      house.manager.addResources(callOf(), id, parseRadl('network priv\nsystem node\ndeploy node 1'), {
        isContextualized: false,
      }),
    );
    expect(error.message).to.equal('Infrastructure deleted. Do not add resources.');
    release();
    await destroyed;
  });

  it('exports many deploy lines without repeating all of them with every VM, and takes them back', async () => {
    const lines = 400;
    const { infrastructureId } = await house.manager.createInfrastructure(
      callOf(),
      parseRadl(
        `network pub (outbound = 'yes')\nsystem node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')\ncontextualize ()\n${'deploy node 1\n'.repeat(lines)}`,
      ),
      { isAsync: false },
    );
    const text = await house.manager.exportInfrastructure(callOf(), infrastructureId, { isDeleted: false });
    const record = JSON.parse(text);
    expect(record.vm_list).to.have.length(lines);
    expect(record.radl.match(/^deploy node 1$/gm)).to.have.length(lines);
    for (const { info, requested_radl: requested } of record.vm_list) {
      expect(info.match(/^deploy node/gm)).to.have.length(1);
      expect(requested.match(/^deploy node/gm)).to.have.length(1);
    }
    await demolish(house);
    house = await startHouse({ types: [cloud.connectorType()] });
    const imported = await house.manager.importInfrastructure(callOf(), text);
    expect(await house.manager.listVms(callOf(), imported.infrastructureId)).to.have.length(lines);
  });

  describe('what was imported without a ledger', () => {
    let id: string;
    beforeEach(async () => {
      const text = await house.manager.exportInfrastructure(callOf(), await create(), { isDeleted: false });
      // Another service takes it over; what its maker shared among the machines is in no ledger there.
      await demolish(house);
      house = await startHouse({ types: [cloud.connectorType()] });
      cloud.networks.clear();
      cloud.networks.add('theirs');
      cloud.inherited = ['theirs'];
      id = (await house.manager.importInfrastructure(callOf(), text)).infrastructureId;
    });
    const ledger = () => house.store.listResources(id, { states: ['intent', 'created', 'deleting', 'abandoned'] });

    it('keeps what its machines share until the last, and deletes it then', async () => {
      await house.manager.removeResources(callOf(), id, ['0'], { isContextualized: false });
      await house.manager.removeResources(callOf(), id, ['1'], { isContextualized: false });
      expect(await ledger()).to.have.length(1);
      expect((await ledger())[0]).to.deep.include({
        kind: 'network',
        providerId: 'theirs',
        vmNumber: null,
        state: 'created',
        data: { vms: [0], networks: ['priv'] },
      });
      expect([...cloud.networks]).to.deep.equal(['theirs']);
      await destroy(id);
      expect([...cloud.networks]).to.deep.equal([]);
      expect(await ledger()).to.deep.equal([]);
    });

    it('keeps it for machines that were launched here', async () => {
      await house.manager.addResources(callOf(), id, parseRadl('network priv\nsystem node\ndeploy node 1'), {
        isContextualized: false,
      });
      await house.manager.removeResources(callOf(), id, ['0', '1', '2'], { isContextualized: false });
      expect([...cloud.networks]).to.have.members(['theirs', `${id}-priv`]);
      await house.manager.removeResources(callOf(), id, ['3'], { isContextualized: false });
      expect([...cloud.networks]).to.deep.equal([]);
    });

    it('deletes it later when it could not be, although no machine tells of it any more', async () => {
      cloud.destroyResourceFailure = 'in use';
      expect((await failureOf(destroy(id))).message).to.contain('The network theirs could not be deleted: in use');
      expect(cloud.vms.size).to.equal(0);
      cloud.destroyResourceFailure = undefined;
      await destroy(id);
      expect([...cloud.networks]).to.deep.equal([]);
    });

    it('says only that the credential is missing', async () => {
      const destroyed = house.manager.destroyInfrastructure(callOf('ana', []), id, { isForced: false, isAsync: false });
      expect((await failureOf(destroyed)).message).to.contain('No auth data has been specified to Memory.');
      expect(await ledger()).to.deep.equal([]);
    });
  });

  it('keeps what is shared while a VM lives in the same account, whatever the credential was called', async () => {
    const id = await create();
    const renamed = callOf('ana', [{ id: 'renamed', type: 'Memory' }]);
    const more = `network pub (outbound = 'yes')
system solo (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
deploy solo 1`;
    await house.manager.addResources(renamed, id, parseRadl(more), { isContextualized: false });
    await house.manager.removeResources(renamed, id, ['0', '1', '2'], { isContextualized: false });
    expect(cloud.networks.size).to.equal(1);
    await house.manager.removeResources(renamed, id, ['3'], { isContextualized: false });
    expect(cloud.networks.size).to.equal(0);
  });

  it('needs the credential of the cloud', async () => {
    const id = await create();
    const error = await failureOf(
      house.manager.destroyInfrastructure(callOf('ana', []), id, { isForced: false, isAsync: false }),
    );
    expect(error.message).to.contain('No auth data has been specified to Memory.');
    expect(cloud.vms.size).to.equal(3);
  });
});
