// SPDX-License-Identifier: Apache-2.0
// Networks, addresses and open ports of machines in the lab (openstack.md §12; the numbers are those of its list).
import { expect } from 'chai';
import { alterWith, never } from '../connectors/support.js';
import {
  connectLab,
  inventoryOf,
  type LabObject,
  labCall,
  labFile,
  labImage,
  leftoversOf,
  needLab,
  OTHER,
} from '../support/openstack-lab/lab.js';
import { LabHouse } from './lab-house.js';

describe('OpenStack networks', function () {
  this.timeout(600_000);
  let house: LabHouse;
  before(function () {
    needLab(this);
  });
  beforeEach(() => {
    house = new LabHouse();
  });
  afterEach(() => house.demolish());

  const system = (connections: readonly string[], more = ''): string => `system node (
    ${connections.map((id, index) => `net_interface.${index}.connection = '${id}' and`).join(' ')} ${more}
    disk.0.image.url = '${labImage()}' and memory.size >= 512M
  )`;

  const listed = async (path: string, key: string): Promise<readonly LabObject[]> =>
    (await labCall('neutron', 'GET', path))[key];
  const portsOf = async (serverId: string): Promise<readonly LabObject[]> =>
    listed(`/ports?device_id=${serverId}`, 'ports');

  it('makes networks in free ranges, connects them with the router, and writes it on the document (10)', async () => {
    const made = await labCall('neutron', 'POST', '/networks', { network: { name: 'taken' } });
    const network_id = made.network.id;
    await labCall('neutron', 'POST', '/subnets', { subnet: { network_id, cidr: '10.0.1.128/25', ip_version: 4 } });
    try {
      await house.launch(`network a (create = 'yes' and cidr = '10.0.*.0/24')
network b (create = 'yes' and cidr = '10.0.*.0/24' and dnsserver = '192.0.2.53')
${system(['a', 'b'])}`);
      const [a, b] = ['a', 'b'].map((id) => house.info().getNetwork(id)!.features);
      expect([a!.getText('cidr'), b!.getText('cidr')]).to.deep.equal(['10.0.2.0/24', '10.0.3.0/24']);
      expect(a!.getText('provider_id')).to.equal(`im-${house.id}-a`);
      const [subnet] = await listed(`/subnets?name=im-${house.id}-subb`, 'subnets');
      expect(subnet).to.include({ cidr: '10.0.3.0/24', ip_version: 4 });
      expect(subnet.dns_nameservers).to.deep.equal(['192.0.2.53']);
      const routers = await listed(
        `/ports?network_id=${subnet.network_id}&device_owner=network:router_interface`,
        'ports',
      );
      // Both routers lead out; this one to the external network that is marked as default.
      expect(routers.map(({ device_id }) => device_id)).to.deep.equal([labFile().router2]);
      expect(house.feature('net_interface.0.ip')).to.match(/^10\.0\.2\./);
      expect(house.feature('net_interface.1.ip')).to.match(/^10\.0\.3\./);
      // A second machine uses the same networks.
      await house.launch(`network a (create = 'yes')\nnetwork b (create = 'yes')\n${system(['a', 'b'])}`);
      expect(house.info(1).getNetwork('a')!.features.getText('cidr')).to.equal('10.0.2.0/24');
      expect((await inventoryOf(house.id)).others.filter((text) => text.startsWith('network'))).to.have.length(2);
    } finally {
      await labCall('neutron', 'DELETE', `/networks/${network_id}`);
    }
  });

  describe('in a project without networks and routers', () => {
    beforeEach(() => {
      house = new LabHouse(connectLab({ tenant: OTHER.project }), OTHER);
    });

    it('makes a router, which goes with the infrastructure (11), and networks that nobody asked to be made', async () => {
      await house.launch(`network pub (outbound = 'yes')\nnetwork priv ()\n${system(['pub', 'priv'])}`);
      const { others } = await inventoryOf(house.id, OTHER);
      expect(others).to.include.members([`router im-${house.id}`, `network im-${house.id}-priv`]);
      await house.untilRunning();
      expect(house.feature('net_interface.0.ip')).to.match(/^198\.51\.100\./);
      expect(house.feature('net_interface.1.ip')).to.match(/^10\.0\.1\./);
      await house.demolish();
      expect((await labCall('neutron', 'GET', '/routers', undefined, OTHER)).routers).to.deep.equal([]);
    });
  });

  it('gives two interfaces one card and a floating IP, each address on its interface (12)', async () => {
    const [vm] = await house.launch(
      `network pub (outbound = 'yes')\nnetwork priv (provider_id = 'private')\n${system(['pub', 'priv'])}`,
    );
    await house.untilRunning();
    expect(house.feature('net_interface.0.ip')).to.match(/^203\.0\.113\./);
    expect(house.feature('net_interface.1.ip')).to.match(/^192\.168\.77\./);
    expect(await portsOf(vm!.providerId)).to.have.length(1);
    expect(house.info().getNetwork('pub')!.features.getText('provider_id')).to.equal('public');
  });

  it('runs a machine with only a public network in a private one with a floating IP (13), from the named external network', async () => {
    await house.launch(`network pub (outbound = 'yes' and provider_id = 'public2')\n${system(['pub'])}`);
    await house.untilRunning();
    expect(house.feature('net_interface.0.ip')).to.match(/^198\.51\.100\./);
    const privateIp = house.feature('net_interface.1.ip');
    expect(privateIp, 'from the network that leads there').to.match(/^192\.168\.78\./);
  });

  it('gives two public interfaces an address each, of two external networks', async () => {
    await house.launch(`network one (outbound = 'yes' and provider_id = 'public')
network two (outbound = 'yes' and provider_id = 'public2')
network a (provider_id = 'private')
network b (provider_id = 'private2')
${system(['one', 'two', 'a', 'b'])}`);
    await house.untilRunning();
    expect(house.feature('net_interface.0.ip')).to.match(/^203\.0\.113\./);
    expect(house.feature('net_interface.1.ip')).to.match(/^198\.51\.100\./);
  });

  it('takes a free floating IP, which survives, and no one that belongs to another port (14)', async () => {
    const create = async (body: object) =>
      (
        await labCall('neutron', 'POST', '/floatingips', {
          floatingip: { floating_network_id: labFile().external, ...body },
        })
      ).floatingip;
    const other = (
      await labCall('neutron', 'POST', '/ports', { port: { network_id: labFile().private, name: 'balancer' } })
    ).port;
    const bound = await create({ port_id: other.id });
    const free = await create({});
    try {
      await house.launch(
        `network pub (outbound = 'yes')\nnetwork priv (provider_id = 'private')\n${system(['pub', 'priv'])}`,
        2,
      );
      await house.untilRunning();
      const addresses = [0, 1].map((number) => house.feature('net_interface.0.ip', number));
      expect(addresses).to.include(free.floating_ip_address).and.not.include(bound.floating_ip_address);
      expect(new Set(addresses).size).to.equal(2);
      await house.demolish();
      const left = await listed('/floatingips', 'floatingips');
      const ofTest = left.filter(({ id }) => id === bound.id || id === free.id);
      expect(ofTest.map(({ id, port_id }) => [id, port_id])).to.have.deep.members([
        [bound.id, other.id],
        [free.id, null],
      ]);
      expect(left.filter(({ description }) => description.includes(house.id))).to.deep.equal([]);
    } finally {
      for (const { id } of [bound, free]) await labCall('neutron', 'DELETE', `/floatingips/${id}`);
      await labCall('neutron', 'DELETE', `/ports/${other.id}`);
    }
  });

  it('attaches a fixed address of the user, and says of an unknown one so, five times at most (15)', async () => {
    const { floatingip: fixed } = await labCall('neutron', 'POST', '/floatingips', {
      floatingip: { floating_network_id: labFile().external },
    });
    const radl = (ip: string): string =>
      `network pub (outbound = 'yes')\nnetwork priv (provider_id = 'private')\n${system(['pub', 'priv'], `net_interface.0.ip = '${ip}' and`)}`;
    try {
      await house.launch(radl(fixed.floating_ip_address));
      await house.launch(radl('203.0.113.250'));
      await house.untilRunning();
      expect(house.feature('net_interface.0.ip')).to.equal(fixed.floating_ip_address);
      const reasons: string[] = [];
      for (let look = 0; look < 8; look += 1) {
        const seen = (await house.observe()).find(({ number }) => number === 1)!;
        reasons.push(seen.ok ? (seen.reason ?? '') : seen.message);
      }
      expect(reasons.at(-1)).to.equal(
        'Error adding a floating IP: Fixed IP 203.0.113.250 not found. (5/5) Max number of retries reached.',
      );
      // A machine that is given its address later is complete.
      expect(house.feature('net_interface.0.ip', 1)).to.equal(undefined);
      await house.demolish();
      expect((await listed(`/floatingips?id=${fixed.id}`, 'floatingips'))[0]).to.include({ port_id: null });
    } finally {
      await labCall('neutron', 'DELETE', `/floatingips/${fixed.id}`);
    }
  });

  const rulesOf = async (group: string): Promise<readonly string[]> => {
    const [found] = await listed(`/security-groups?name=${group}`, 'security_groups');
    return found.security_group_rules
      .filter(({ direction }: LabObject) => direction === 'ingress')
      .map((rule: LabObject) => {
        const source = rule.remote_group_id === found.id ? 'members' : (rule.remote_ip_prefix ?? 'all');
        return `${rule.protocol} ${rule.port_range_min}-${rule.port_range_max} ${source}`;
      })
      .sort();
  };

  it('opens the outports, once, and changes them with an alter (16)', async () => {
    const radl = `network pub (outbound = 'yes' and
      outports = '8080,9000:9100/udp,10.0.0.0/8-5000/tcp-5001/tcp,2222-22,1/icmp')
network priv (provider_id = 'private')
${system(['pub', 'priv'])}`;
    const group = `im-${house.id}-pub`;
    const expected = [
      'icmp null-null 0.0.0.0/0',
      'tcp 2222-2222 0.0.0.0/0',
      'tcp 22-22 0.0.0.0/0',
      'tcp 5000-5000 10.0.0.0/8',
      'tcp 5001-5001 10.0.0.0/8',
      'tcp 8080-8080 0.0.0.0/0',
      'tcp null-null members',
      'udp 9000-9100 0.0.0.0/0',
      'udp null-null members',
    ];
    const [vm] = await house.launch(radl);
    expect(await rulesOf(group)).to.have.members(expected);
    expect(await rulesOf(`im-${house.id}-priv`)).to.have.members(['tcp null-null members', 'udp null-null members']);
    await house.launch(radl);
    expect(await rulesOf(group)).to.have.members(expected);
    await house.untilRunning();
    const [port] = await portsOf(vm!.providerId);
    const names = await Promise.all(
      port.security_groups.map(
        async (id: string) => (await listed(`/security-groups?id=${id}`, 'security_groups'))[0].name,
      ),
    );
    expect(names).to.have.members([group, `im-${house.id}-priv`]);

    await alterWith(
      house.connector,
      vm!,
      `network pub (outbound = 'yes' and outports = '443')\nsystem node ()`,
      house.ledger,
    );
    expect(await rulesOf(group)).to.have.members([
      'tcp 22-22 0.0.0.0/0',
      'tcp 443-443 0.0.0.0/0',
      'tcp null-null members',
      'udp null-null members',
    ]);
  });

  it('uses a group of the user and leaves it (17)', async () => {
    const { security_group: own } = await labCall('neutron', 'POST', '/security-groups', {
      security_group: { name: 'users-own', description: 'mine' },
    });
    try {
      await house.launch(
        `network priv (provider_id = 'private' and sg_name = 'users-own' and outports = '8081')\n${system(['priv'])}`,
      );
      expect(await rulesOf('users-own')).to.include('tcp 8081-8081 0.0.0.0/0');
      expect(house.ledger.resources.map(({ kind }) => kind)).to.not.include('security-group');
      await house.demolish();
      expect(await listed('/security-groups?name=users-own', 'security_groups')).to.have.length(1);
    } finally {
      await labCall('neutron', 'DELETE', `/security-groups/${own.id}`);
    }
  });

  it('sends the traffic of a network through a machine (28)', async () => {
    const networks = `network inner (create = 'yes' and router = '192.0.2.0/24,gate')`;
    await house.launch(`${networks}\n${system(['inner']).replace('system node', 'system gate')}`);
    await house.launch(`${networks}\n${system(['inner'])}`);
    await house.untilRunning();
    await house.observe();
    const nexthop = house.feature('net_interface.0.ip');
    const [subnet] = await listed(`/subnets?name=im-${house.id}-subinner`, 'subnets');
    expect(subnet.host_routes).to.deep.equal([{ destination: '192.0.2.0/24', nexthop }]);
    const [port] = await portsOf(house.vms.get(1)!.providerId);
    expect(port).to.include({ port_security_enabled: false });
    expect(port.security_groups).to.deep.equal([]);
    expect(house.info(1).getNetwork('inner')!.features.has('router')).to.equal(false);
  });

  it('allows an additional address on the last card', async () => {
    const [vm] = await house.launch(
      `network priv (provider_id = 'private')\n${system(['priv'], "net_interface.0.additional_ip = '192.168.77.200' and")}`,
    );
    await house.untilRunning();
    const [port] = await portsOf(vm!.providerId);
    expect(port.allowed_address_pairs.map(({ ip_address }: LabObject) => ip_address)).to.deep.equal(['192.168.77.200']);
    expect(house.feature('net_interface.0.additional_ip')).to.equal(undefined);
  });

  it('says which networks there are when the named one is not', async () => {
    const [outcome] = await house.tryLaunch(`network priv (provider_id = 'nowhere')\n${system(['priv'])}`);
    expect(outcome).to.include({ ok: false });
    expect(outcome!.ok ? '' : outcome!.message).to.match(
      /^Network with provider_id nowhere not found\. The project has .*private/,
    );
    const [twice] = await house.tryLaunch(
      `network a (provider_id = 'private')\nnetwork b (provider_id = 'private')\n${system(['a', 'b'])}`,
    );
    expect(twice!.ok ? '' : twice!.message).to.match(/^Two different networks assigned to the same provider_id/);
  });

  it('keeps what machines share until the last one goes (29)', async () => {
    await house.launch(`network pub (outbound = 'yes')\nnetwork priv (create = 'yes')\n${system(['pub', 'priv'])}`, 2);
    await house.untilRunning();
    await house.remove(0);
    const { servers, others } = await inventoryOf(house.id);
    expect(servers).to.have.length(1);
    expect(others).to.include.members([`network im-${house.id}-priv`, `security group im-${house.id}-pub`]);
    await house.observe();
    expect(house.feature('net_interface.1.ip', 1)).to.match(/^10\.0\.1\./);
    await house.demolish();
    expect(await leftoversOf(house.id)).to.deep.equal([]);
    expect(await house.connector.findByToken([], house.id, never)).to.deep.equal([]);
  });
});
