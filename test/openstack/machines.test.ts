// SPDX-License-Identifier: Apache-2.0
// Machines of the lab: sizes, disks, states, power, alter, images, quota failures (openstack.md §12; the numbers are those of its list).
import { expect } from 'chai';
import { parseRadl } from '../../src/radl/index.js';
import { alterWith, failure, never } from '../connectors/support.js';
import {
  ADMIN,
  connectLab,
  everything,
  inventoryOf,
  type LabObject,
  labCall,
  labFile,
  labImage,
  needLab,
  OTHER,
} from '../support/openstack-lab/lab.js';
import { until } from '../support/waiting.js';
import { LabHouse } from './lab-house.js';

describe('OpenStack machines', function () {
  this.timeout(600_000);
  let house: LabHouse;
  before(function () {
    needLab(this);
  });
  beforeEach(() => {
    house = new LabHouse();
  });
  afterEach(() => house.demolish());

  const node = (features = ''): string => `network priv (provider_id = 'private')
system node (net_interface.0.connection = 'priv' and ${features === '' ? '' : `${features} and`} disk.0.image.url = '${labImage()}')`;
  const volumes = async (): Promise<readonly LabObject[]> =>
    (await labCall('cinder', 'GET', '/volumes/detail')).volumes;

  it('offers the smallest flavor, a bigger disk with none asked for, GPUs only to who asks, and nothing where none fits (8)', async () => {
    const flavorOf = async (features: string): Promise<string | undefined> => {
      const [system] = parseRadl(node(features)).systems;
      const { candidates, refusals } = await house.connector.candidates(system!, never);
      return candidates[0]?.system.features.getText('instance_type') ?? refusals[0];
    };
    expect(await flavorOf('cpu.count >= 1 and memory.size >= 512M')).to.equal('m1.small');
    expect(await flavorOf('cpu.count >= 1 and memory.size >= 512M and disk.0.size = 10G')).to.equal('m1.tiny');
    expect(await flavorOf("instance_type = 'm1.*' and cpu.count >= 2")).to.equal('m1.medium');
    expect(await flavorOf("gpu.count >= 1 and gpu.vendor = 'nvidia' and cpu.count >= 4")).to.equal('gpu.1');
    expect(await flavorOf('cpu.count >= 64')).to.equal(
      'No flavor found for the specified VM requirements. (cpu.count >= 64)',
    );
  });

  it('takes no image of another cloud (9)', async () => {
    const [system] = parseRadl(node().replace('ost://127.0.0.1', 'ost://elsewhere.org')).systems;
    expect(await house.connector.candidates(system!, never)).to.deep.equal({
      candidates: [],
      refusals: [
        `image ost://elsewhere.org/${labFile()['debian-12']}: it is an image of elsewhere.org, and ost is 127.0.0.1`,
      ],
    });
  });

  it('gives the server its name, tags, login and token in the create call', async () => {
    const [vm] = await house.launch(
      node(`instance_name = 'My_Front' and instance_tags = 'k1=v1,odd/key=${'x'.repeat(300)},broken'`),
    );
    const { server } = await labCall('nova', 'GET', `/servers/${vm!.providerId}`, undefined, ADMIN);
    expect(server.name).to.equal(`my-front-${house.id}-0-0`);
    expect(server.metadata).to.include({
      k1: 'v1',
      IM_USER: 'ana',
      IM_INFRA_ID: house.id,
      im_launch: `${house.id}-0-0`,
    });
    expect(server.metadata.odd_key).to.have.length(255);
    expect(house.feature('instance_name')).to.equal(server.name);
    expect(house.feature('disk.0.os.credentials.username')).to.equal('cloudadm');
    expect(house.feature('disk.0.os.credentials.private_key')).to.contain('BEGIN RSA PRIVATE KEY');
  });

  it('makes and attaches the disks of a new machine, describes them, and deletes only its own (18)', async () => {
    const { volume: own } = await labCall('cinder', 'POST', '/volumes', { volume: { name: 'users-own', size: 3 } });
    try {
      const isReady = async () => (await labCall('cinder', 'GET', `/volumes/${own.id}`)).volume.status === 'available';
      await until(isReady, 'the volume', 300_000);
      const [vm] = await house.launch(
        node(
          `disk.0.size = 6G and disk.1.size = 2G and disk.1.type = '__DEFAULT__' and disk.2.image.url = 'ost://127.0.0.1/volume/${own.id}'`,
        ),
      );
      await house.untilRunning();
      const attached = (await volumes()).filter(({ attachments }) =>
        attachments.some((attachment: LabObject) => attachment.server_id === vm!.providerId),
      );
      expect(attached.map(({ size }) => size).sort()).to.deep.equal([2, 3, 6]);
      const { features } = house.info().systems[0]!;
      const made = attached.find(({ size }) => size === 2);
      expect(features.getText('disk.1.image.url')).to.equal(`ost://127.0.0.1/${made.id}`);
      expect(features.getText('disk.1.device')).to.match(/^[sv]d[b-z]$/);
      expect(features.getText('disk.1.type')).to.equal('__DEFAULT__');
      expect(features.getNumber('disk.2.size', 'G')).to.equal(3);
      await house.demolish();
      await until(
        async () => (await volumes()).every(({ id }) => id === own.id || !attached.some((volume) => volume.id === id)),
        'the volumes of the machine to go',
        300_000,
      );
      expect((await volumes()).map(({ id }) => id)).to.include(own.id);
    } finally {
      await until(
        async () => (await labCall('cinder', 'GET', `/volumes/${own.id}`)).volume.status === 'available',
        'the volume to be free',
        300_000,
      );
      await labCall('cinder', 'DELETE', `/volumes/${own.id}`);
    }
  });

  it('boots from a volume, and says when image or volume do not exist', async () => {
    const message = async (url: string): Promise<string> => {
      const [outcome] = await house.tryLaunch(node().replace(labImage(), url));
      return outcome!.ok ? '' : outcome!.message;
    };
    const nobody = '00000000-0000-0000-0000-000000000000';
    expect(await message(`ost://127.0.0.1/${nobody}`)).to.equal(`404 Not Found: there is no image ${nobody} in ost.`);
    expect(await message(`ost://127.0.0.1/volume/${nobody}`)).to.contain(`Volume ${nobody} not found`);
    const { volume } = await labCall('cinder', 'POST', '/volumes', {
      volume: { name: 'boot', size: 3, imageRef: labFile()['debian-12'] },
    });
    const status = async () => (await labCall('cinder', 'GET', `/volumes/${volume.id}`)).volume.status;
    await until(async () => (await status()) === 'available', 'the volume', 300_000);
    try {
      await house.launch(node().replace(labImage(), `ost://127.0.0.1/volume/${volume.id}`));
      await house.untilRunning();
      expect(await status()).to.equal('in-use');
      await house.demolish();
      await until(async () => (await status()) === 'available', 'the volume to be free', 300_000);
    } finally {
      await labCall('cinder', 'DELETE', `/volumes/${volume.id}`);
    }
  });

  it('launches as many as the quota allows, tells why not the others, and touches nothing that lived before (19)', async () => {
    house = new LabHouse(connectLab({ tenant: OTHER.project }), OTHER);
    const radl = `network pub (outbound = 'yes')
network priv (create = 'yes')
system node (net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and disk.0.image.url = '${labImage()}')`;
    const quota = (instances: number) =>
      labCall(
        'nova',
        'PUT',
        `/os-quota-sets/${labFile().projects.other}`,
        { quota_set: { instances, force: true } },
        ADMIN,
      );
    await quota(1);
    try {
      const outcomes = await house.tryLaunch(radl, 2);
      expect(outcomes.filter(({ ok }) => ok)).to.have.length(1);
      const failed = outcomes.find(({ ok }) => !ok)!;
      expect(failed.ok ? '' : failed.message).to.match(
        /^403 Forbidden Quota exceeded for instances: Requested 1, but already used 1 of 1 instances \(request id req-.* of the compute service\)$/,
      );
      await house.untilRunning();
      const before = await everything(OTHER);
      const tokens = house.ledger.resources.map(({ token }) => token);
      const [again] = await house.tryLaunch(radl);
      expect(again).to.include({ ok: false });
      await house.rollBack(tokens);
      expect(await everything(OTHER)).to.deep.equal(before);
      await house.observe();
      const [number] = house.vms.keys();
      expect(house.feature('net_interface.0.ip', number)).to.match(/^198\.51\.100\./);
    } finally {
      await quota(100);
    }
  });

  it('reports a server that was deleted behind our back as off, and cleans the rest (21)', async () => {
    const [vm] = await house.launch(
      `network pub (outbound = 'yes')\n${node().replace("'priv' and", "'priv' and net_interface.1.connection = 'pub' and")}`,
    );
    await house.untilRunning();
    await labCall('nova', 'DELETE', `/servers/${vm!.providerId}`);
    await until(
      async () => {
        const [seen] = await house.observe();
        return seen?.ok === true && seen.cloudState === 'off';
      },
      'the server to be off',
      300_000,
    );
    const [seen] = await house.observe();
    expect(seen).to.include({ reason: `The server ${vm!.providerId} is not found in ost.` });
    await house.demolish();
  });

  it('hands on the words of the provider when a state does not allow an operation (22)', async () => {
    const [vm] = await house.launch(node());
    await house.untilRunning();
    expect(await house.connector.stop!(vm!, never)).to.equal('stopped');
    const error = await failure(house.connector.stop!(vm!, never));
    expect(error.message).to.match(/^409 Conflict Cannot 'stop' instance .* while it is in vm_state stopped/);
    const gone = { ...vm!, providerId: '00000000-0000-0000-0000-000000000000' };
    expect((await failure(house.connector.start!(gone, never))).message).to.equal(
      `VM not found with id: ${gone.providerId}`,
    );
  });

  it('resizes to the next flavor with at least the memory, and confirms it (23)', async () => {
    const [vm] = await house.launch(node('memory.size >= 512M'));
    await house.untilRunning();
    const { info } = await alterWith(house.connector, vm!, 'system node (cpu.count >= 2)', house.ledger);
    expect(info.systems[0]!.features.getText('instance_type')).to.equal('m1.medium');
    const { server } = await labCall('nova', 'GET', `/servers/${vm!.providerId}`);
    expect(server).to.include({ status: 'ACTIVE' });
    expect((await labCall('nova', 'GET', `/flavors/${server.flavor.id}`)).flavor.name).to.equal('m1.medium');
    const error = await failure(alterWith(house.connector, vm!, 'system node (cpu.count >= 99)', house.ledger));
    expect(error.message).to.match(/^Error resizing VM: No instance type found\./);
  });

  it('adds disks to a running machine and deletes them with it; what cannot be made leaves nothing (24)', async () => {
    const [vm] = await house.launch(node());
    await house.untilRunning();
    const altered = await alterWith(
      house.connector,
      vm!,
      'system node (disk.1.size = 2G and disk.2.size = 1G)',
      house.ledger,
    );
    const { features } = altered.info.systems[0]!;
    expect([1, 2].map((disk) => features.getNumber(`disk.${disk}.size`, 'G'))).to.deep.equal([2, 1]);
    expect(features.getText('disk.1.device')).to.match(/^[sv]d[b-z]$/);
    expect(altered.extra!.volumes).to.have.length(2);
    const bad = { ...vm!, info: altered.info, extra: altered.extra! };
    house.vms.set(0, bad);
    const ours = async () => (await volumes()).filter(({ metadata }) => metadata.im_inf === house.id);
    expect(await ours()).to.have.length(2);
    const error = await failure(
      alterWith(house.connector, bad, "system node (disk.3.size = 1G and disk.3.type = 'gold-plated')", house.ledger),
    );
    expect(error.message).to.match(/^Error creating or attaching the Volume: 404 Not Found/);
    expect(await ours()).to.have.length(2);
    await house.observe();
    expect(house.info().systems[0]!.features.getNumber('disk.2.size', 'G')).to.equal(1);
    // The crash between the volume and the record: the volume is found by its metadata.
    house.vms.set(0, vm!);
    await house.demolish();
    expect(await ours()).to.deep.equal([]);
  });

  it('gives and takes the public address when the request names interfaces, and only then (25)', async () => {
    const [vm] = await house.launch(node());
    await house.untilRunning();
    const alter = async (radl: string): Promise<void> => {
      const present = house.vms.get(0)!;
      const { info, extra } = await alterWith(house.connector, present, radl, house.ledger);
      house.vms.set(0, { ...present, info, extra: extra ?? present.extra });
      await house.observe();
    };
    await alter(`network pub (outbound = 'yes')
network priv ()
system node (net_interface.0.connection = 'priv' and net_interface.1.connection = 'pub')`);
    expect(house.feature('net_interface.0.ip')).to.match(/^192\.168\.77\./);
    expect(house.feature('net_interface.1.ip')).to.match(/^203\.0\.113\./);
    await alter('system node (disk.1.size = 1G)');
    expect(house.feature('net_interface.1.ip')).to.match(/^203\.0\.113\./);
    await alter("network priv ()\nsystem node (net_interface.0.connection = 'priv')");
    expect(house.feature('net_interface.1.ip')).to.equal(undefined);
    expect(house.feature('net_interface.0.ip')).to.match(/^192\.168\.77\./);
    const { others } = await inventoryOf(house.id);
    expect(others.filter((text) => text.startsWith('floating'))).to.deep.equal([]);
    expect(vm!.providerId).to.equal(house.vms.get(0)!.providerId);
  });

  it('makes an image of a machine and deletes it again (26)', async () => {
    const [vm] = await house.launch(node());
    await house.untilRunning();
    const url = await house.connector.snapshot!(vm!, 0, 'im-test-image', true, never);
    expect(url).to.match(/^ost:\/\/127\.0\.0\.1\/[0-9a-f-]{36}$/);
    await house.connector.deleteImage!(url, never);
    await house.connector.deleteImage!(url, never);
    const { images } = await labCall('glance', 'GET', '/images');
    expect(images.map(({ name }: LabObject) => name)).to.not.include('im-test-image');
    const foreign = await failure(house.connector.deleteImage!('ost://elsewhere.org/x', never));
    expect(foreign.message).to.contain('it is an image of elsewhere.org');
  });

  it('lists images by distribution and version (26)', async () => {
    const names = async (filters: Readonly<Record<string, string>>): Promise<readonly string[]> =>
      (await house.connector.listImages!(filters, never)).map(({ name }) => name);
    expect(await names({})).to.include.members(['debian-12', 'ubuntu-22.04-x86']);
    expect(await names({ distribution: 'Ubuntu', version: '22' })).to.deep.equal(['ubuntu-22.04-x86']);
    expect(await names({ distribution: 'ubuntu', version: '20' })).to.deep.equal([]);
    expect(await names({ distribution: 'debian', version: '12' })).to.deep.equal(['debian-12']);
    const [image] = await house.connector.listImages!({ distribution: 'debian' }, never);
    expect(image!.uri).to.equal(labImage());
  });
});
