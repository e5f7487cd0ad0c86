// SPDX-License-Identifier: Apache-2.0
// Infrastructures that grycap/im made and a user brought along: their ledger is empty, and all the same nothing is left of them, nor
// anything of others touched (openstack.md §3.1, §3.3, §6).
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { VmReference } from '../../src/connectors/index.js';
import type { Resource } from '../../src/domain/index.js';
import { parseRadl } from '../../src/radl/index.js';
import { never } from '../connectors/support.js';
import {
  connectLab,
  everything,
  type LabObject,
  labCall,
  labFile,
  needLab,
  TENANT,
} from '../support/openstack-lab/lab.js';
import { until } from '../support/waiting.js';

const DESCRIPTION = 'Security group created by the IM';

describe('OpenStack infrastructures of grycap/im', function () {
  this.timeout(600_000);
  before(function () {
    needLab(this);
  });

  const make = async (path: string, kind: string, body: object): Promise<string> =>
    (await labCall('neutron', 'POST', path, { [kind]: body }))[kind].id;
  const group = (name: string, description = DESCRIPTION): Promise<string> =>
    make('/security-groups', 'security_group', { name, description });
  const boot = async (name: string, network: string, groups: readonly string[]): Promise<string> => {
    const { flavors } = await labCall('nova', 'GET', '/flavors');
    const { server } = await labCall('nova', 'POST', '/servers', {
      server: {
        name,
        imageRef: labFile()['debian-12'],
        flavorRef: flavors.find((flavor: LabObject) => flavor.name === 'm1.tiny').id,
        networks: [{ uuid: network }],
        security_groups: groups.map((groupOfServer) => ({ name: groupOfServer })),
      },
    });
    await until(
      async () => (await labCall('nova', 'GET', `/servers/${server.id}`)).server.status === 'ACTIVE',
      'the server to run',
      120_000,
    );
    return server.id;
  };

  it('leave nothing after their last machine, and what belongs to others as it was', async () => {
    const connector = connectLab();
    const [id, other] = [randomUUID(), randomUUID()];
    const kept = [
      await group(`im-${other}-priv`),
      await group('shared-by-two'),
      await group('of-the-user', 'made by hand'),
      await group('of-ours', `${DESCRIPTION} (infrastructure ${other})`),
    ];
    const neighbour = await boot('neighbour', labFile().private, ['shared-by-two']);
    const before = await everything(TENANT);

    // As the reference makes it: no marks but names and descriptions.
    const network = await make('/networks', 'network', { name: `im-${id}-priv` });
    const subnet = await make('/subnets', 'subnet', { network_id: network, cidr: '10.99.1.0/24', ip_version: 4 });
    const gateway = { network_id: labFile().external };
    const router = await make('/routers', 'router', { name: `im-${id}`, external_gateway_info: gateway });
    await labCall('neutron', 'PUT', `/routers/${router}/add_router_interface`, { subnet_id: subnet });
    for (const name of [`im-${id}-priv`, 'chosen']) await group(name);
    const server = await boot('of-the-reference', network, [`im-${id}-priv`, 'chosen', 'shared-by-two']);

    const networks = `network priv ()
network pub (outbound = 'yes' and sg_name = 'chosen')
network two (sg_name = 'shared-by-two')
network three (sg_name = 'of-the-user')
network four (sg_name = 'of-ours')`;
    const radl = parseRadl(`${networks}\nsystem node (net_interface.0.connection = 'priv')`);
    const vm: VmReference = {
      infrastructureId: id,
      number: 0,
      providerId: server,
      cloudState: 'running',
      info: radl,
      requested: radl.clone(),
      extra: {},
    };
    const shared = connector.inherited!([vm], radl.networks);
    expect(shared).to.have.length(1);
    expect(connector.inherited!([vm], radl.networks)).to.deep.equal(shared);

    await connector.destroy(vm, never);
    const resource: Resource = {
      ...shared[0]!,
      id: randomUUID(),
      infrastructureId: id,
      vmNumber: null,
      cloud: connector.cloud,
      state: 'created',
      createdAt: Date.now(),
      operationId: '',
    };
    await connector.destroyResource!(resource, never);
    expect(await everything(TENANT)).to.deep.equal(before);
    // And once more, as after a crash.
    await connector.destroyResource!(resource, never);

    await labCall('nova', 'DELETE', `/servers/${neighbour}`);
    await until(
      async () => (await labCall('neutron', 'GET', `/ports?device_id=${neighbour}`)).ports.length === 0,
      'the neighbour to go',
      120_000,
    );
    for (const groupId of kept) await labCall('neutron', 'DELETE', `/security-groups/${groupId}`);
  });
});
