// SPDX-License-Identifier: Apache-2.0
// Infrastructures that grycap/im made and a user brought along: their ledger is empty, and all the same nothing is left of them, nor
// anything of others touched (ec2.md §3.2, §3.3, §6).
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CloudConnector, VmReference } from '../../../src/connectors/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import {
  documentOf,
  type Launched,
  launchAll,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  recordingLogger,
  vmReference,
} from '../support.js';
import { IMAGE, IMAGE_URL, REGION, useLab } from './lab.js';

const DESCRIPTION = 'Security group created by the IM';
const RADL = `network pub (outbound = 'yes' and sg_name = 'mine-web')
network priv (create = 'yes' and cidr = '10.77.1.0/24')
system node (
  cpu.count >= 2 and net_interface.0.connection = 'priv' and net_interface.1.connection = 'pub' and disk.0.image.url = '${IMAGE_URL}'
)`;

describe('EC2 infrastructures of grycap/im', function () {
  this.timeout(120_000);
  const lab = useLab();
  let infrastructureId: string;
  let ledger: MemoryLedger;
  let connector: CloudConnector;
  let log: readonly string[];
  let made: Reference;

  /** What the reference made for an infrastructure. */
  interface Reference {
    readonly vpc: string;
    readonly subnet: string;
    /** By name. */
    readonly groups: ReadonlyMap<string, string>;
  }

  const idIn = (xml: string, element: string): string => new RegExp(`<${element}>([^<]+)`).exec(xml)?.[1] ?? '';
  const numbered = (prefix: string, values: readonly string[]): Record<string, string> =>
    Object.fromEntries(values.map((value, index) => [`${prefix}.${index + 1}`, value]));
  const tag = (id: string, key: string, value: string): Promise<string> =>
    lab.ask('CreateTags', { 'ResourceId.1': id, 'Tag.1.Key': key, 'Tag.1.Value': value });
  const group = async (name: string, vpc: string, description = DESCRIPTION): Promise<string> => {
    const parameters = { GroupName: name, GroupDescription: description, VpcId: vpc };
    const id = idIn(await lab.ask('CreateSecurityGroup', parameters), 'groupId');
    await lab.ask('AuthorizeSecurityGroupIngress', {
      GroupId: id,
      'IpPermissions.1.IpProtocol': 'tcp',
      'IpPermissions.1.FromPort': '0',
      'IpPermissions.1.ToPort': '65535',
      'IpPermissions.1.UserIdGroupPairs.1.GroupId': id,
    });
    return id;
  };
  const network = async (infrastructure: string, range: string): Promise<Omit<Reference, 'groups'>> => {
    const vpc = idIn(await lab.ask('CreateVpc', { CidrBlock: `${range}.0.0/16` }), 'vpcId');
    const gateway = idIn(await lab.ask('CreateInternetGateway'), 'internetGatewayId');
    await lab.ask('AttachInternetGateway', { InternetGatewayId: gateway, VpcId: vpc });
    const subnet = idIn(await lab.ask('CreateSubnet', { VpcId: vpc, CidrBlock: `${range}.1.0/24` }), 'subnetId');
    for (const id of [vpc, gateway, subnet]) await tag(id, 'IM-INFRA-ID', infrastructure);
    await tag(subnet, 'IM-SUBNET-ID', 'priv');
    return { vpc, subnet };
  };
  const makeReference = async (): Promise<Reference> => {
    const { vpc, subnet } = await network(infrastructureId, '10.77');
    const groups = new Map<string, string>();
    for (const name of [`im-${infrastructureId}`, `im-${infrastructureId}-priv`, 'mine-web']) {
      groups.set(name, await group(name, vpc));
    }
    return { vpc, subnet, groups };
  };
  const runIn = async (subnet: string, groups: readonly string[]): Promise<string> =>
    idIn(
      await lab.ask('RunInstances', {
        ImageId: IMAGE,
        MinCount: '1',
        MaxCount: '1',
        InstanceType: 't3.nano',
        'NetworkInterface.1.DeviceIndex': '0',
        'NetworkInterface.1.SubnetId': subnet,
        ...numbered('NetworkInterface.1.SecurityGroupId', groups),
        'TagSpecification.1.ResourceType': 'instance',
        'TagSpecification.1.Tag.1.Key': 'IM-USER',
        'TagSpecification.1.Tag.1.Value': 'ana',
      }),
      'instanceId',
    );
  /** A VM as an imported record tells it. */
  const imported = (number: number, id: string, features = '', extra = {}): VmReference => {
    const radl = parseRadl(RADL.replace('cpu.count >= 2', `cpu.count >= 2${features}`));
    const document = documentOf(radl, radl.systems[0]!);
    return {
      infrastructureId,
      number,
      providerId: `${REGION};${id}`,
      info: document,
      requested: document,
      extra,
      cloudState: 'running',
    };
  };
  const referenceVm = async (number: number): Promise<VmReference> =>
    imported(number, await runIn(made.subnet, [...made.groups.values()]));

  /** As the daemon: what they share is in the ledger before they go. */
  const destroy = async (...vms: readonly VmReference[]): Promise<void> => {
    const strangers = vms.filter(({ extra }) => extra.token === undefined);
    for (const entry of connector.inherited!(strangers, parseRadl("network all (sg_name = 'mine*')").networks)) {
      if (ledger.resources.some(({ token }) => token === entry.token)) continue;
      const { id, cloud, operationId } = { id: entry.token, cloud: connector.cloud, operationId: 'removal' };
      const rest = { infrastructureId, vmNumber: null, state: 'created' as const, createdAt: 0 };
      ledger.resources.push({ ...entry, ...rest, id, cloud, operationId });
    }
    for (const vm of vms) await connector.destroy(vm, never);
  };
  const removeShared = async (): Promise<void> => {
    for (const resource of ledger.resources.splice(0).reverse()) await connector.destroyResource!(resource, never);
  };
  const sent = (action: string) => lab.front.calls.filter((call) => call.action === action);

  beforeEach(async () => {
    infrastructureId = randomUUID();
    const { logger, lines } = recordingLogger();
    log = lines;
    connector = lab.connect({ logger });
    ledger = memoryLedger(infrastructureId, connector.cloud);
    made = await makeReference();
    lab.front.reset();
  });

  it('are gone with their last machine, also while it is still shutting down', async () => {
    const vms = [await referenceVm(0), await referenceVm(1)];
    expect(connector.inherited!(vms, parseRadl('network other ()').networks)).to.have.length(1);
    await destroy(...vms);
    lab.front.lingeringLooks = 2;
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('have groups by the names of all networks, those of the document and those of the machine, in each region', () => {
    const here = imported(0, 'i-1');
    const there = { ...imported(1, 'i-2'), providerId: 'eu-west-1;i-2' };
    const broken = { ...imported(2, 'i-3'), providerId: 'nonsense' };
    const names = [`im-${infrastructureId}`, `im-${infrastructureId}-other`, `im-${infrastructureId}-priv`, 'mine-web'];
    const entries = connector.inherited!([here, there, broken], parseRadl('network other ()').networks);
    expect(entries.map(({ data }) => data)).to.deep.equal([
      { region: REGION, groups: names },
      { region: 'eu-west-1', groups: names },
    ]);
    expect(entries.map(({ providerId }) => providerId)).to.deep.equal([
      `${REGION};im-${infrastructureId}`,
      `eu-west-1;im-${infrastructureId}`,
    ]);
  });

  it('leave what is not theirs: other descriptions, marks of others, groups that others use, networks without mark', async () => {
    const [defaultVpc = ''] = await lab.ids('DescribeVpcs', 'vpcId', {
      'Filter.1.Name': 'is-default',
      'Filter.1.Value.1': 'true',
    });
    const [defaultSubnet = ''] = await lab.ids('DescribeSubnets', 'subnetId', {
      'Filter.1.Name': 'vpc-id',
      'Filter.1.Value.1': defaultVpc,
    });
    // In another VPC there may be groups of the same names.
    const users = await group(`im-${infrastructureId}-priv`, defaultVpc, 'of the user');
    const marked = await group(`im-${infrastructureId}`, defaultVpc);
    await tag(marked, 'IM-INFRA-ID', randomUUID());
    const shared = await group('mine-web', defaultVpc);
    const neighbour = await runIn(defaultSubnet, [shared]);
    // A name of the user with a star means no other group.
    const like = await group('mine-website', defaultVpc);
    const plainVpc = idIn(await lab.ask('CreateVpc', { CidrBlock: '10.99.0.0/16' }), 'vpcId');
    const other = await network(randomUUID(), '10.88');
    const theirs = async () =>
      (
        await Promise.all([
          lab.ids('DescribeSecurityGroups', 'groupId', numbered('GroupId', [users, marked, shared, like])),
          lab.ids('DescribeVpcs', 'vpcId', numbered('VpcId', [plainVpc, other.vpc])),
          lab.ids('DescribeSubnets', 'subnetId', numbered('SubnetId', [other.subnet])),
          lab.ids('DescribeInternetGateways', 'internetGatewayId'),
          lab.instances(),
        ])
      ).map((ids) => ids.length);

    await destroy(await referenceVm(0));
    await removeShared();
    expect(await theirs()).to.deep.equal([4, 2, 1, 1, 1]);
    expect(await lab.instances()).to.deep.equal([neighbour]);
    expect(await lab.ids('DescribeVpcs', 'vpcId')).to.not.include(made.vpc);
    expect(log.join('\n')).to.contain('Security group mine-web is used by other machines and stays.');
  });

  const launchOwn = async (number: number, radl = RADL) => {
    const request = await launchRequest({
      connector,
      radl,
      infrastructureId,
      resources: ledger,
      numbers: [number],
    });
    return { request, launched: () => launchOk(connector, request) };
  };

  it('take machines of ours into their networks and groups, which go with the last of either', async () => {
    const old = await referenceVm(0);
    const { request, launched } = await launchOwn(1);
    const [own] = (await launched()).map((vm: Launched) => vmReference(request, vm));
    expect(lab.front.actions()).to.not.include.members(['CreateVpc', 'CreateSubnet', 'CreateInternetGateway']);
    expect(sent('CreateSecurityGroup')).to.deep.equal([]);
    expect(sent('RunInstances')[0]!.parameters.get('NetworkInterface.1.SubnetId')).to.equal(made.subnet);
    await destroy(old);
    expect(await lab.instances()).to.have.length(1);
    await destroy(own!);
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('keep what was there when a launch of ours fails', async () => {
    const old = await referenceVm(0);
    lab.front.decide = ({ action }) =>
      action === 'RunInstances' ? { status: 400, code: 'InstanceLimitExceeded', message: 'too many' } : 'pass';
    const radl = `${RADL.replace("net_interface.1.connection = 'pub'", "net_interface.1.connection = 'new'")}\nnetwork new (create = 'yes')`;
    const { request } = await launchOwn(1, radl);
    const [outcome] = await launchAll(connector, request);
    expect(outcome).to.include({ ok: false });
    const isNew = ({ data }: { readonly data: Readonly<Record<string, unknown>> }): boolean => data.existed !== true;
    expect(ledger.resources.filter(isNew).map(({ kind }) => kind)).to.have.members(['subnet', 'security-group']);
    expect(ledger.resources.filter((resource) => !isNew(resource)).map(({ kind }) => kind)).to.have.members([
      'network',
      'router',
      'subnet',
      'security-group',
      'security-group',
    ]);
    lab.front.decide = () => 'pass';
    await destroy(old);
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('say everything that cannot be deleted, keep gateway and VPC then, and are gone when it is tried again', async () => {
    const vm = await referenceVm(0);
    await destroy(vm);
    const refused = { status: 403, code: 'UnauthorizedOperation', message: 'You are not authorized.' };
    lab.front.decide = ({ action }) => (/^Delete(SecurityGroup|Subnet)$/.test(action) ? refused : 'pass');
    const [entry] = ledger.resources;
    const text = await connector.destroyResource!(entry!, never).then(
      () => 'done',
      (error: Error) => error.message,
    );
    expect(text.match(/Error deleting security group: /g)).to.have.length(3);
    expect(text).to.contain('Error deleting networks: You are not authorized.');
    expect(lab.front.actions()).to.not.include.members(['DetachInternetGateway', 'DeleteVpc']);
    lab.front.decide = () => 'pass';
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });

  const allocate = async (): Promise<{ readonly ip: string; readonly allocation: string }> => {
    const xml = await lab.ask('AllocateAddress', { Domain: 'vpc' });
    return { ip: idIn(xml, 'publicIp'), allocation: idIn(xml, 'allocationId') };
  };

  it('lose the address that was allocated for a machine, also when EC2 took it off before, and no free one of the user', async () => {
    const free = await allocate();
    const given = await allocate();
    const vm = await referenceVm(0);
    await lab.ask('AssociateAddress', { AllocationId: given.allocation, InstanceId: vm.providerId.split(';')[1]! });
    const other = await allocate();
    const second = imported(1, await runIn(made.subnet, [...made.groups.values()]), '');
    second.info.systems[0]!.features.setText('net_interface.1.ip', other.ip);
    const seen = { ...second, requested: imported(1, 'i-1').requested };
    // A daemon died after this.
    await lab.ask('TerminateInstances', { 'InstanceId.1': seen.providerId.split(';')[1]! });
    lab.front.reset();
    await destroy(vm, seen);
    const actions = lab.front.actions();
    expect(actions.indexOf('DescribeAddresses')).to.be.lessThan(actions.indexOf('TerminateInstances'));
    expect(await lab.ids('DescribeAddresses', 'publicIp')).to.deep.equal([free.ip]);
    await lab.ask('ReleaseAddress', { AllocationId: free.allocation });
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('leave no spot request behind of a machine that is known by its instance', async () => {
    const xml = await lab.ask('RequestSpotInstances', {
      InstanceCount: '1',
      SpotPrice: '1',
      'LaunchSpecification.ImageId': IMAGE,
      'LaunchSpecification.InstanceType': 't2.micro',
      'LaunchSpecification.SubnetId': made.subnet,
    });
    const asked = { 'SpotInstanceRequestId.1': idIn(xml, 'spotInstanceRequestId') };
    const [instance = ''] = await lab.ids('DescribeSpotInstanceRequests', 'instanceId', asked);
    await destroy(imported(0, instance, " and spot = 'yes'"));
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('have their names taken out of Route 53, in the form of their record', async () => {
    const { request, launched } = await launchOwn(
      1,
      RADL.replace('cpu.count >= 2', "cpu.count >= 2 and net_interface.1.dns_name = 'web.example.org'"),
    );
    const [own] = (await launched()).map((vm: Launched) => vmReference(request, vm));
    const [observation] = await connector.observe([own!], never);
    const entries = (observation?.ok === true ? observation.extra?.dnsEntries : []) as { host: string; ip: string }[];
    expect(entries).to.have.length(1);
    const old = imported(0, own!.providerId.split(';')[1]!, '', {
      dns_entries: [['web', 'example.org.', entries[0]!.ip, false]],
    });
    lab.front.reset();
    await destroy(old);
    expect(sent('ChangeResourceRecordSets').map(({ body }) => /<Action>(\w+)/.exec(body)?.[1])).to.deep.equal([
      'DELETE',
    ]);
    await removeShared();
    expect(await lab.everything()).to.deep.equal([]);
  });
});
