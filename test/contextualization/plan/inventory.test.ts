// SPDX-License-Identifier: Apache-2.0
// Tests the inventory: shape, groups and every variable (contextualization.md §9).
import { expect } from 'chai';
import type { PlanInput } from '../../../src/contextualization/contract.js';
import { makePlan } from '../../../src/contextualization/plan/index.js';
import { parseRadl, type Radl } from '../../../src/radl/index.js';
import { loadYaml } from '../../../src/yaml.js';
import { cluster, clusterVms, planInput, vm } from './builders.js';

type Variables = Record<string, unknown>;
interface Inventory {
  readonly all: {
    readonly vars: Variables;
    readonly children: Record<string, { readonly hosts: Record<string, Variables>; readonly vars?: Variables }>;
  };
}

function inventoryText(input: PlanInput): string {
  return makePlan(input).files.find(({ path }) => path === 'hosts')?.content ?? '';
}

function inventoryOf(input: PlanInput): Inventory {
  return loadYaml(inventoryText(input)) as Inventory;
}

function clusterInventory(radl: Radl, overrides: Partial<PlanInput> = {}): Inventory {
  return inventoryOf(planInput(radl, clusterVms(radl), overrides));
}

describe('inventory', () => {
  it('has the front of the documented example with all of its variables', () => {
    const radl = cluster();
    const routes = new Map([[0, { host: '10.214.1.250', port: 22 }]]);
    expect(clusterInventory(radl, { routes }).all.children.front?.hosts).to.deep.equal({
      '10.214.0.11_0': {
        IM_NODE_NET_0_IP: '10.214.0.11',
        IM_NODE_NET_0_HOSTNAME: 'front',
        IM_NODE_NET_0_DOMAIN: 'example.org',
        IM_NODE_NET_0_FQDN: 'front.example.org',
        IM_NODE_NET_1_IP: '10.214.1.250',
        ansible_host: '10.214.1.250',
        ansible_ssh_host: '10.214.1.250',
        ansible_port: 22,
        ansible_ssh_port: 22,
        ansible_user: 'imuser',
        ansible_ssh_user: 'imuser',
        ansible_connection: 'local',
        IM_NODE_PUBLIC_IP: '10.214.0.11',
        IM_NODE_PRIVATE_IP: '10.214.1.250',
        IM_NODE_HOSTNAME: 'front',
        IM_NODE_FQDN: 'front.example.org',
        IM_NODE_DOMAIN: 'example.org',
        IM_NODE_NUM: '0',
        IM_NODE_VMID: 'tb-0',
        IM_NODE_CLOUD_TYPE: 'Dummy',
        IM_HOST: '10.214.0.11_0',
      },
    });
  });

  it('gives a worker without name the default one, and no variables of names for its interface', () => {
    const worker = clusterInventory(cluster()).all.children.wn?.hosts['10.214.1.11_1'];
    expect(worker).to.include({ IM_NODE_HOSTNAME: 'vnode-1', IM_NODE_FQDN: 'vnode-1.localdomain' });
    expect(worker).to.not.have.any.keys('IM_NODE_NET_0_HOSTNAME', 'IM_NODE_PUBLIC_IP', 'ansible_connection');
    expect(worker).to.include({ ansible_host: '10.214.1.11', ansible_port: 22 });
  });

  it('lists every Linux VM once more in allnowindows, in the order of the VMs', () => {
    const { children } = clusterInventory(cluster()).all;
    expect(Object.keys(children)).to.deep.equal(['front', 'wn', 'allnowindows']);
    expect(children.allnowindows?.hosts).to.deep.equal({
      '10.214.0.11_0': {},
      '10.214.1.11_1': {},
      '10.214.1.12_2': {},
    });
  });

  it('puts Windows VMs into their own group with their kind of connection', () => {
    const radl = parseRadl(`network p (outbound = 'yes')
      system win (net_interface.0.connection = 'p' and disk.0.os.name = 'windows')`);
    const vms = [vm(radl, 0, 'win', { ips: { 0: '8.0.0.1' } })];
    const { children } = inventoryOf(planInput(radl, vms, { masterVm: null })).all;
    expect(Object.keys(children)).to.deep.equal(['win', 'windows']);
    expect(children.win?.vars).to.deep.equal({
      ansible_connection: 'winrm',
      ansible_winrm_server_cert_validation: 'ignore',
    });
    expect(children.win?.hosts['8.0.0.1_0']).to.include({ ansible_port: 5986 });
  });

  it('counts living VMs as texts, also those left out, and keeps the empty group of a system', () => {
    const radl = cluster();
    const vms = [
      ...clusterVms(radl, 0),
      vm(radl, 1, 'wn', { cloudState: 'off', ips: { 0: '10.0.0.1' } }),
      vm(radl, 2, 'wn'),
      vm(radl, 3, 'wn', { isDeleting: true }),
    ];
    const { vars, children } = inventoryOf(planInput(radl, vms)).all;
    expect(vars).to.include({ IM_FRONT_NUM_VMS: '1', IM_WN_NUM_VMS: '2' });
    expect(children.wn).to.deep.equal({ hosts: {} });
  });

  it('tells the master, the infrastructure and its token', () => {
    expect(clusterInventory(cluster()).all.vars).to.include({
      IM_MASTER_HOSTNAME: 'front',
      IM_MASTER_FQDN: 'front.example.org',
      IM_MASTER_DOMAIN: 'example.org',
      IM_INFRASTRUCTURE_ID: '9f450b9a-e4c5-11f1-ad55-02fc00000001',
      IM_INFRASTRUCTURE_AUTH: 'token-of-the-infrastructure',
    });
  });

  it('names an external Ansible host as master, with the trailing dot of the reference', () => {
    const radl = cluster(
      "ansible a (host = '192.0.2.7' and credentials.username = 'u' and credentials.password = 'p')",
    );
    expect(clusterInventory(radl, { masterVm: null }).all.vars).to.include({
      IM_MASTER_HOSTNAME: '192.0.2.7',
      IM_MASTER_FQDN: '192.0.2.7.',
      IM_MASTER_DOMAIN: '',
    });
  });

  it('quotes texts that look like numbers, dates or booleans', () => {
    const radl = cluster();
    const vms = [vm(radl, 0, 'front', { ips: { 0: '8.0.0.1' }, providerId: '007', cloudServer: 'yes' })];
    const text = inventoryText(planInput(radl, vms));
    expect(text).to.match(/IM_NODE_NUM: ['"]0['"]/);
    expect(text).to.match(/IM_NODE_VMID: ['"]007['"]/);
    expect(text).to.match(/IM_NODE_CLOUD_SERVER: ['"]yes['"]/);
  });

  it('has the document without its secrets, dots as underscores and sizes in bytes', () => {
    const radl = cluster(`deploy front 1
      network bastion (outbound = 'no' and proxy_host = 'u:hush@host' and proxy_key = 'hush')
      system db (
        memory.size >= 512M and
        disk.0.os.credentials.username = 'u' and
        disk.0.os.credentials.password = 'hush' and
        disk.0.os.credentials.new.password = 'hush' and
        disk.0.os.credentials.private_key = 'hush' and
        vault.password = 'hush' and
        disk.0.applications contains (name = 'app' and token = 'hush')
      )`);
    const input = planInput(radl, clusterVms(radl));
    expect(inventoryText(input)).to.not.contain('hush');
    const document = inventoryOf(input).all.vars.IM_INFRASTRUCTURE_RADL as Variables[];
    expect(document.find(({ id }) => id === 'db')).to.include({
      class: 'system',
      memory_size_min: 512_000_000,
      disk_0_os_credentials_username: 'u',
    });
    expect(document.at(-1)).to.deep.equal({ class: 'deploy', system: 'front', vm_number: 1 });
  });

  it('tells path and version of applications of the live document', () => {
    const radl = cluster();
    const [front] = clusterVms(radl, 0);
    const application = parseRadl(
      "system x (disk.0.applications contains (name = 'hadoop' and version = '3.1' and path = '/opt/h'))",
    ).systems[0]?.features.contained('disk.0.applications')[0];
    front?.info.systems[0]?.features.addContained('disk.0.applications', application!);
    const hosts = inventoryOf(planInput(radl, [front!])).all.children.front?.hosts;
    expect(hosts?.['10.214.0.11_0']).to.include({ IM_APP_HADOOP_PATH: '/opt/h', IM_APP_HADOOP_VERSION: '3.1' });
  });

  it('hands over certificates by DNS name', () => {
    const radl = cluster();
    const [front] = clusterVms(radl, 0);
    const features = front?.info.systems[0]?.features;
    features?.setText('net_interface.0.dns.0.name', 'www.example.org');
    features?.setText('net_interface.0.dns.0.tls.certificate', 'CERT');
    features?.setText('net_interface.0.dns.0.tls.private_key', 'KEY');
    const hosts = inventoryOf(planInput(radl, [front!])).all.children.front?.hosts;
    expect(hosts?.['10.214.0.11_0']?.IM_NODE_TLS_CERTIFICATES).to.deep.equal({
      'www.example.org': { cert: 'CERT', key: 'KEY' },
    });
  });

  it('uses the SSH port of the outports when no route is known', () => {
    const radl = parseRadl(`network p (outbound = 'yes' and outports = '1022-22')
      system s (net_interface.0.connection = 'p')`);
    const { children } = inventoryOf(planInput(radl, [vm(radl, 0, 's', { ips: { 0: '8.0.0.1' } })])).all;
    expect(children.s?.hosts['8.0.0.1_0']).to.include({ ansible_port: 1022, ansible_ssh_port: 1022 });
  });

  it('leaves out VMs with the literal warnings, and those whose address is no address', () => {
    const radl = cluster('configure front ()');
    const vms = [
      ...clusterVms(radl, 0),
      vm(radl, 1, 'wn', { ips: { 0: '10.0.0.1' }, cloudState: 'off' }),
      vm(radl, 2, 'wn'),
      vm(radl, 3, 'wn', { ips: { 0: '10.0.0.1 ansible_connection=local' } }),
    ];
    const plan = makePlan(planInput(radl, vms));
    const tail = 'do not include in the contextualization agent.';
    expect(plan.warnings).to.deep.equal([
      `WARNING: The VM ID: tb-1 is not running, ${tail}`,
      `WARNING: The VM ID: tb-2 does not have an IP, ${tail}`,
      `WARNING: The VM ID: tb-3 does not have an IP, ${tail}`,
    ]);
    expect([...plan.leftOut.keys()]).to.deep.equal([0, 1, 2, 3]);
    expect(plan.leftOut.get(0)).to.equal('Contextualization disabled');
    expect(plan.steps).to.deep.equal([]);
  });
});
