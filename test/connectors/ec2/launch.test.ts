// SPDX-License-Identifier: Apache-2.0
// Launching on EC2: networks, groups, disks, logins, spot, failures. Numbers in brackets: the behaviours of ec2.md §12.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CloudConnector, LaunchRequest } from '../../../src/connectors/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { openAwsFront, THROTTLED } from '../../support/aws/aws-front.js';
import { makeCertificate } from '../../support/databases/server-certificate.js';
import {
  failure,
  type Launched,
  launchAll,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  type RequestParts,
  vmReference,
} from '../support.js';
import { type ConnectOptions, IMAGE, IMAGE_URL, REGION, useLab } from './lab.js';

const PUBLIC = "network pub (outbound = 'yes')";
const NODE = `cpu.count >= 2 and net_interface.0.connection = 'pub' and disk.0.image.url = '${IMAGE_URL}'`;
const plain = (features = '', networks = PUBLIC): string =>
  `${networks}\nsystem node (${NODE}${features === '' ? '' : ` and ${features}`})`;

describe('EC2 launches', function () {
  this.timeout(120_000);
  const lab = useLab();
  let infrastructureId: string;
  let ledger: MemoryLedger;
  let connector: CloudConnector;
  const launched: { readonly request: LaunchRequest; readonly vms: readonly Launched[] }[] = [];

  const use = (options: ConnectOptions = {}): void => {
    connector = lab.connect(options);
    ledger = memoryLedger(infrastructureId, connector.cloud);
  };
  const requestFor = (radl: string, parts: Partial<RequestParts> = {}): Promise<LaunchRequest> =>
    launchRequest({ connector, radl, infrastructureId, resources: ledger, ...parts });
  const launch = async (radl: string, parts: Partial<RequestParts> = {}): Promise<readonly Launched[]> => {
    const request = await requestFor(radl, parts);
    const vms = await launchOk(connector, request);
    launched.push({ request, vms });
    return vms;
  };
  const failedLaunch = async (radl: string, parts: Partial<RequestParts> = {}): Promise<string> => {
    const [outcome] = await launchAll(connector, await requestFor(radl, parts));
    if (outcome?.ok !== false) throw new Error('it was launched');
    return outcome.message;
  };
  /** Parameters of the calls of an action, in order. */
  const sent = (action: string): readonly ReadonlyMap<string, string>[] =>
    lab.front.calls.filter((call) => call.action === action).map(({ parameters }) => parameters);
  const runs = () => sent('RunInstances');

  beforeEach(() => {
    infrastructureId = randomUUID();
    use();
  });

  /** Everything goes with its VMs and the ledger, as the daemon does it; the account is then as it was. */
  afterEach(async () => {
    lab.front.decide = () => 'pass';
    for (const { request, vms } of launched.splice(0)) {
      for (const vm of vms) await connector.destroy(vmReference(request, vm), never);
    }
    for (const resource of ledger.resources.toReversed()) await connector.destroyResource!(resource, never);
    const kept = new Set(
      await lab.ids('DescribeVolumes', 'volumeId', { 'Filter.1.Name': 'tag:Name', 'Filter.1.Value.1': 'kept' }),
    );
    for (const id of kept) await lab.ask('DeleteVolume', { VolumeId: id });
    for (const id of await lab.ids('DescribeSnapshots', 'snapshotId', {
      'Filter.1.Name': 'tag:Name',
      'Filter.1.Value.1': 'kept',
    })) {
      await lab.ask('DeleteSnapshot', { SnapshotId: id });
    }
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('are signed with the keys and carry the session token (1)', async () => {
    use({ item: { token: 'session-token' } });
    await launch(plain());
    for (const call of lab.front.calls) {
      expect(call).to.include({ accessKey: lab.accessKey, sessionToken: 'session-token', region: REGION });
    }
  });

  it('go to the default VPC with one interface, tags, and a token that is set by the call itself (5)', async () => {
    const [vm] = await launch(plain("instance_tags = 'a=b,aws:x=1,Name=mine,c'"));
    const [call] = runs();
    expect(call!.get('ImageId')).to.equal(IMAGE);
    expect(call!.get('ClientToken')).to.match(/^[0-9a-f]{64}$/);
    expect([call!.get('MinCount'), call!.get('MaxCount')]).to.deep.equal(['1', '1']);
    expect(call!.get('NetworkInterface.1.AssociatePublicIpAddress')).to.equal('true');
    const tags = new Map(
      [...call!].flatMap(([name, value]) => {
        const match = /^TagSpecification\.1\.Tag\.(\d+)\.Key$/.exec(name);
        return match === null ? [] : [[value, call!.get(`TagSpecification.1.Tag.${match[1]}.Value`)] as const];
      }),
    );
    expect(Object.fromEntries(tags)).to.deep.equal({
      'im-inf': infrastructureId,
      'im-vm': '0',
      'im-launch': `${infrastructureId}-0-0`,
      Name: 'node',
      'IM-USER': 'ana',
      a: 'b',
      IM_USER: 'ana',
      IM_INFRA_ID: infrastructureId,
    });
    expect(vm!.providerId).to.match(/^us-east-1;i-[0-9a-f]+$/);
    const { features } = vm!.info.systems[0]!;
    expect(features.getText('instance_id')).to.equal(vm!.providerId);
    expect(features.getText('instance_name')).to.equal('node');
    expect(features.getText('disk.0.os.credentials.username')).to.equal('cloudadm');
  });

  it('say that there is no default VPC (5)', async () => {
    const [vpc] = await lab.ids('DescribeVpcs', 'vpcId');
    const request = await requestFor(plain());
    for (const subnet of await lab.ids('DescribeSubnets', 'subnetId'))
      await lab.ask('DeleteSubnet', { SubnetId: subnet });
    await lab.ask('DeleteVpc', { VpcId: vpc! });
    const [outcome] = await launchAll(connector, request);
    expect(outcome).to.include({ ok: false, message: 'No VPC.subnet specified and no VPC default found.' });
  });

  it('go where provider_id says, and refuse wrong ones (5)', async () => {
    const [vpc = ''] = await lab.ids('DescribeVpcs', 'vpcId');
    const [, subnet = ''] = await lab.ids('DescribeSubnets', 'subnetId');
    const network = (id: string): string => `network pub (outbound = 'yes' and provider_id = '${id}')`;
    await launch(plain('', network(`${vpc}.${subnet}`)));
    expect(runs()[0]!.get('NetworkInterface.1.SubnetId')).to.equal(subnet);
    const texts = {
      [vpc]: `Incorrect provider_id value: ${vpc}. It must be <vpc-id>.<subnet-id>.`,
      [`vpc-12345678.${subnet}`]: `Incorrect vpc value in provider_id value: vpc-12345678.${subnet}`,
      [`net.${subnet}`]: `Incorrect vpc value in provider_id value: net.${subnet}`,
      [`${vpc}.subnet-12345678`]: `Incorrect subnet value in provider_id value: ${vpc}.subnet-12345678`,
      [`${vpc}.lan`]: `Incorrect subnet value in provider_id value: ${vpc}.lan`,
    };
    for (const [id, text] of Object.entries(texts)) expect(await failedLaunch(plain('', network(id)))).to.equal(text);
  });

  it('go to a subnet of the availability zone (6)', async () => {
    await launch(plain("availability_zone = 'us-east-1c'"));
    const subnet = runs()[0]!.get('NetworkInterface.1.SubnetId')!;
    expect(await lab.ids('DescribeSubnets', 'availabilityZone', { 'SubnetId.1': subnet })).to.deep.equal([
      'us-east-1c',
    ]);
    expect(await failedLaunch(plain("availability_zone = 'us-east-1z'"))).to.contain(
      'no subnet in availability zone us-east-1z',
    );
  });

  const OWN = `${PUBLIC}
network left (create = 'yes')
network right (create = 'yes' and cidr = '10.0.*.0/24')`;
  const ownNode = "net_interface.1.connection = 'left' and net_interface.2.connection = 'right'";

  it('make one VPC around the created networks, with a gateway and a route, and use it again (7)', async () => {
    const [first] = await launch(plain(ownNode, OWN));
    await launch(plain(ownNode, OWN), { numbers: [1] });
    const marked = { 'Filter.1.Name': 'tag:IM-INFRA-ID', 'Filter.1.Value.1': infrastructureId };
    const vpcs = await lab.ids('DescribeVpcs', 'vpcId', marked);
    expect(vpcs).to.have.length(1);
    expect(await lab.ids('DescribeSubnets', 'cidrBlock', marked)).to.have.members(['10.0.128.0/24', '10.0.129.0/24']);
    expect(sent('CreateVpc').map((call) => call.get('CidrBlock'))).to.deep.equal(['10.0.128.0/23']);
    const [gateway = ''] = await lab.ids('DescribeInternetGateways', 'internetGatewayId', marked);
    const routes = await lab.ask('DescribeRouteTables', { 'Filter.1.Name': 'vpc-id', 'Filter.1.Value.1': vpcs[0]! });
    expect(routes).to.contain(gateway).and.contain('0.0.0.0/0');
    for (const action of ['CreateVpc', 'CreateInternetGateway', 'ModifyVpcAttribute']) {
      expect(sent(action).length, action).to.be.within(1, action === 'ModifyVpcAttribute' ? 2 : 1);
    }
    expect(sent('CreateSubnet')).to.have.length(2);
    expect(runs().map((call) => call.get('NetworkInterface.1.SubnetId'))).to.satisfy(
      ([one, two]: readonly string[]) => one !== undefined && one === two,
    );
    const left = first!.info.getNetwork('left')!.features;
    expect(left.getText('cidr')).to.equal('10.0.128.0/24');
    expect(left.getText('provider_id')).to.match(new RegExp(`^${vpcs[0]}\\.subnet-`));
  });

  it('give the VPC another range when a later network does not fit (7)', async () => {
    const one = `${PUBLIC}\nnetwork left (create = 'yes' and cidr = '10.5.0.0/24')`;
    await launch(plain("net_interface.1.connection = 'left'", one));
    const two = `${one}\nnetwork far (create = 'yes' and cidr = '10.9.0.0/24')`;
    await launch(plain("net_interface.1.connection = 'far'", two), { numbers: [1] });
    expect(sent('AssociateVpcCidrBlock').map((call) => call.get('CidrBlock'))).to.deep.equal(['10.9.0.0/24']);
  });

  it('open exactly what the outports say, once (8)', async () => {
    const open = "network pub (outbound = 'yes' and outports = '8080,9000:9100/udp,10.0.0.0/8-22/tcp-22/tcp,22/icmp')";
    await launch(plain('', open));
    await launch(plain('', open), { numbers: [1] });
    const groups = await lab.ids('DescribeSecurityGroups', 'groupName');
    expect(groups).to.include.members([`im-${infrastructureId}`, `im-${infrastructureId}-pub`]);
    expect(sent('AuthorizeSecurityGroupIngress')).to.have.length(2);
    const [, ofNetwork] = sent('AuthorizeSecurityGroupIngress');
    const rules = [...Array(6).keys()].map((index) =>
      ['IpProtocol', 'FromPort', 'ToPort', 'IpRanges.1.CidrIp']
        .map((part) => ofNetwork!.get(`IpPermissions.${index + 1}.${part}`) ?? '-')
        .join(' '),
    );
    expect(rules).to.deep.equal([
      'tcp 0 65535 -',
      'udp 0 65535 -',
      'tcp 8080 8080 0.0.0.0/0',
      'udp 9000 9100 0.0.0.0/0',
      'tcp 22 22 10.0.0.0/8',
      'icmp -1 -1 0.0.0.0/0',
    ]);
    expect([...runs()[0]!.keys()].filter((name) => name.includes('SecurityGroupId'))).to.have.length(2);
  });

  it('use a group of the user and leave it (8)', async () => {
    const [vpc = ''] = await lab.ids('DescribeVpcs', 'vpcId');
    const made = await lab.ask('CreateSecurityGroup', { GroupName: 'theirs', GroupDescription: 'own', VpcId: vpc });
    const id = /<groupId>([^<]+)/.exec(made)![1];
    await launch(plain('', "network pub (outbound = 'yes' and sg_name = 'theirs')"));
    expect(ledger.resources.map(({ data }) => data.name)).to.deep.equal([`im-${infrastructureId}`]);
    expect(runs()[0]!.get('NetworkInterface.1.SecurityGroupId.2')).to.equal(id);
  });

  it('have groups and networks in every VPC and region that they go to, and leave none of them', async () => {
    await launch(plain());
    await launch(plain(ownNode, OWN), { numbers: [1] });
    const elsewhere = plain(ownNode, OWN).replace(REGION, 'eu-west-1');
    const [vm] = await launch(elsewhere, { numbers: [2] });
    expect(vm!.providerId).to.match(/^eu-west-1;/);
    expect(sent('CreateVpc')).to.have.length(2);
    const vpcs = sent('CreateSecurityGroup')
      .filter((call) => call.get('GroupName') === `im-${infrastructureId}`)
      .map((call) => call.get('VpcId'));
    expect(new Set(vpcs).size).to.equal(3);
    for (const { request, vms } of launched.splice(0)) {
      for (const each of vms) await connector.destroy(vmReference(request, each), never);
    }
    for (const resource of ledger.resources.splice(0).reverse()) await connector.destroyResource!(resource, never);
    expect(await lab.everything('eu-west-1')).to.deep.equal([]);
  });

  it('are not undone by a group that goes while another VM lives in it', async () => {
    const [gone, living] = await launch(plain(), { numbers: [0, 1] });
    const [{ request }] = launched as [(typeof launched)[number]];
    await connector.destroy(vmReference(request, gone!), never);
    for (const resource of ledger.resources) {
      await connector.destroyResource!(resource, never, new Set([living!.providerId]));
    }
    expect(await lab.instancesOf(infrastructureId)).to.deep.equal([living!.providerId.split(';')[1]]);
  });

  it('say how many networks an interface takes (9)', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const networks = `${PUBLIC}\n${names.map((name) => `network ${name} ()`).join('\n')}`;
    const interfaces = names.map((name, index) => `net_interface.${index + 1}.connection = '${name}'`).join(' and ');
    expect(await failedLaunch(plain(interfaces, networks)))
      .to.contain('has 7 networks')
      .and.contain('takes 5 security groups');
    expect(runs()).to.deep.equal([]);
  });

  it('map disks with and without device, snapshots and named snapshots (10)', async () => {
    const volume = /<volumeId>([^<]+)/.exec(
      await lab.ask('CreateVolume', { Size: '2', AvailabilityZone: 'us-east-1a' }),
    )![1]!;
    const snapshot = /<snapshotId>([^<]+)/.exec(await lab.ask('CreateSnapshot', { VolumeId: volume }))![1]!;
    await lab.ask('DeleteVolume', { VolumeId: volume });
    await lab.ask('CreateTags', { 'ResourceId.1': snapshot, 'Tag.1.Key': 'Name', 'Tag.1.Value': 'kept' });
    const [vm] = await launch(
      plain(`disk.0.size = 20G and disk.1.size = 1G and disk.1.device = 'hdc' and disk.1.type = 'standard' and disk.2.size = 1500M and
disk.3.image.url = 'aws://${REGION}/${snapshot}' and disk.4.image.url = 'aws://${REGION}/kept'`),
    );
    const [call] = runs();
    const mapping = (index: number): string =>
      ['DeviceName', 'Ebs.DeleteOnTermination', 'Ebs.VolumeType', 'Ebs.VolumeSize', 'Ebs.SnapshotId']
        .map((part) => call!.get(`BlockDeviceMapping.${index}.${part}`) ?? '-')
        .join(' ');
    expect([1, 2, 3, 4, 5].map(mapping)).to.deep.equal([
      '/dev/sda1 true gp3 20 -',
      '/dev/sdc true standard 1 -',
      '/dev/sdb true gp3 2 -',
      `/dev/sdd true gp3 - ${snapshot}`,
      `/dev/sde true gp3 - ${snapshot}`,
    ]);
    expect(vm!.info.systems[0]!.features.getText('disk.2.device')).to.equal('sdb');
    expect(vm!.info.systems[0]!.features.getText('disk.2.type')).to.equal('gp3');
    expect(await failedLaunch(plain(`disk.1.image.url = 'aws://${REGION}/nobody'`))).to.equal(
      'No snapshot/volume found with name: nobody',
    );
    expect(await failedLaunch(plain("disk.1.image.url = 'aws://eu-west-1/vol-1'"))).to.contain(
      'is not in region us-east-1',
    );
  });

  it('attach a volume of the user where it is, and keep it (10)', async () => {
    const made = await lab.ask('CreateVolume', { Size: '2', AvailabilityZone: 'us-east-1d' });
    const volume = /<volumeId>([^<]+)/.exec(made)![1]!;
    await lab.ask('CreateTags', { 'ResourceId.1': volume, 'Tag.1.Key': 'Name', 'Tag.1.Value': 'kept' });
    const [vm] = await launch(plain(`disk.1.image.url = 'aws://${REGION}/kept'`));
    expect(runs()[0]!.get('Placement.AvailabilityZone')).to.equal('us-east-1d');
    expect(await lab.ids('DescribeVolumes', 'instanceId', { 'VolumeId.1': volume })).to.deep.equal([
      vm!.providerId.split(';')[1],
    ]);
    expect(vm!.info.systems[0]!.features.getText('disk.1.provider_id')).to.equal(volume);
    expect(ledger.resources.some(({ kind }) => kind === 'volume')).to.equal(false);
  });

  it('take back the instance when a volume cannot be attached (14)', async () => {
    const made = await lab.ask('CreateVolume', { Size: '2', AvailabilityZone: 'us-east-1d' });
    const volume = /<volumeId>([^<]+)/.exec(made)![1]!;
    await lab.ask('CreateTags', { 'ResourceId.1': volume, 'Tag.1.Key': 'Name', 'Tag.1.Value': 'kept' });
    lab.front.decide = ({ action }) =>
      action === 'AttachVolume' ? { status: 400, code: 'VolumeInUse', message: 'is attached elsewhere' } : 'pass';
    expect(await failedLaunch(plain(`disk.1.image.url = 'aws://${REGION}/${volume}'`))).to.contain(
      'is attached elsewhere (VolumeInUse, request req-AttachVolume)',
    );
    expect(await lab.instances()).to.deep.equal([]);
  });

  const userData = (): string => Buffer.from(runs().at(-1)!.get('UserData') ?? '', 'base64').toString();
  const KEY = `ssh-rsa ${'A'.repeat(360)}`;

  it('log in by a key pair, the own key, a short one, or a new pair that is the same after a crash (11)', async () => {
    await launch(plain("disk.0.os.credentials.public_key = 'mykeys'"), { numbers: [0] });
    expect(runs().at(-1)!.get('KeyName')).to.equal('mykeys');
    expect(runs().at(-1)!.has('UserData')).to.equal(false);
    await launch(plain(`disk.0.os.credentials.public_key = '${KEY}' and disk.0.os.credentials.username = 'ana'`), {
      numbers: [1],
    });
    expect(runs().at(-1)!.has('KeyName')).to.equal(false);
    expect(userData())
      .to.match(/^#cloud-config\n/)
      .and.contain(KEY)
      .and.contain('name: ana')
      .and.not.contain('ssh-import-id');
    await launch(plain("disk.0.os.credentials.public_key = 'ssh-ed25519 AAAAC3NzaC1 me'"), { numbers: [2] });
    expect(userData()).to.contain('ssh-ed25519 AAAAC3NzaC1 me');

    const request = await requestFor(plain("disk.0.os.credentials.password = 'secret'"), { numbers: [3] });
    const { features } = request.concrete.systems[0]!;
    expect(features.getText('disk.0.os.credentials.private_key')).to.match(/^-----BEGIN RSA PRIVATE KEY-----/);
    const [first] = await launchOk(connector, request);
    launched.push({ request, vms: [first!] });
    expect(userData()).to.contain(features.getText('disk.0.os.credentials.public_key'));
    expect(first!.info.systems[0]!.features.has('disk.0.os.credentials.password')).to.equal(false);
  });

  it('compress long user data and refuse what does not fit (11)', async () => {
    const recipe = (text: string): string => `${plain()}
configure long (@begin
write_files: [{path: /x, content: '${text}'}]
@end)
contextualize (system node configure long with cloud_init)`;
    const withRecipe = async (text: string) => {
      const request = await requestFor(plain());
      const radl = parseRadl(recipe(text));
      for (const configure of radl.configures) request.concrete.add(configure);
      request.concrete.contextualize = radl.contextualize;
      return request;
    };
    const request = await withRecipe('ab'.repeat(20_000));
    launched.push({ request, vms: await launchOk(connector, request) });
    expect(Buffer.from(runs()[0]!.get('UserData')!, 'base64').subarray(0, 2).toString('hex')).to.equal('1f8b');
    const noise = randomBytes(30_000).toString('hex');
    const [outcome] = await launchAll(connector, {
      ...(await withRecipe(noise)),
      vms: [{ number: 1, token: 't' }],
    });
    if (outcome?.ok === false) expect(outcome.message).to.contain('EC2 takes 16384');
    else throw new Error('it was launched');
  });

  it('have a public address unless a private VM does without (12)', async () => {
    const flag = (): string | undefined => runs().at(-1)!.get('NetworkInterface.1.AssociatePublicIpAddress');
    const without = "ec2.associate_public_ip_address = 'no'";
    await launch(plain(without), { numbers: [0] });
    expect(flag()).to.equal('true');
    const private_ = (features: string): string =>
      `network priv ()\nsystem node (cpu.count >= 2 and net_interface.0.connection = 'priv' and disk.0.image.url = '${IMAGE_URL}'${features})`;
    await launch(private_(''), { numbers: [1] });
    expect(flag()).to.equal('true');
    await launch(private_(` and ${without}`), { numbers: [2] });
    expect(flag()).to.equal('false');
  });

  it('give each VM its own outcome: one fails with its text, two run (13)', async () => {
    let count = 0;
    lab.front.decide = ({ action }) => {
      if (action !== 'RunInstances') return 'pass';
      count += 1;
      return count === 2
        ? { status: 400, code: 'InsufficientInstanceCapacity', message: 'There is no Spot capacity' }
        : 'pass';
    };
    const request = await requestFor(plain(), { numbers: [0, 1, 2] });
    const outcomes = await launchAll(connector, request);
    const good = outcomes.filter((outcome) => outcome.ok);
    launched.push({ request, vms: good });
    expect(new Set(good.map(({ providerId }) => providerId)).size).to.equal(2);
    const [bad] = outcomes.filter((outcome) => !outcome.ok);
    expect(bad).to.not.have.property('mayExist');
    expect(bad!.ok ? '' : bad!.message).to.match(
      /^Error Launching in region us-east-1 with image: ami-1e749f67 in VPC: vpc-\w+-subnet-\w+ {2}an ondemand instance {2}of type: t3\.nano \. There is no Spot capacity \(InsufficientInstanceCapacity, request req-RunInstances\)$/,
    );
  });

  it('leave what the ledger can take away when all fail, and older things alone (14)', async () => {
    await launch(plain(ownNode, OWN));
    const before = ledger.resources.length;
    lab.front.decide = ({ action }) =>
      action === 'RunInstances' ? { status: 400, code: 'InstanceLimitExceeded', message: 'too many' } : 'pass';
    const more = `${OWN}\nnetwork new (create = 'yes')`;
    expect(await failedLaunch(plain("net_interface.1.connection = 'new'", more), { numbers: [1] })).to.contain(
      'too many (InstanceLimitExceeded',
    );
    lab.front.decide = () => 'pass';
    const made = ledger.resources.splice(before);
    expect(made.map(({ kind }) => kind)).to.have.members(['subnet', 'security-group']);
    for (const resource of made.toReversed()) await connector.destroyResource!(resource, never);
    expect(await lab.instancesOf(infrastructureId)).to.have.length(1);
    expect(
      await lab.ids('DescribeVpcs', 'vpcId', {
        'Filter.1.Name': 'tag:IM-INFRA-ID',
        'Filter.1.Value.1': infrastructureId,
      }),
    ).to.have.length(1);
  });

  it('are spot launches with the price of the user, in the cheapest zone, with tags (15)', async () => {
    expect(await failedLaunch(plain("spot = 'yes'"))).to.equal(
      'Error launching the image: spot instances need the OS defined in the RADL',
    );
    await launch(plain("spot = 'yes' and disk.0.os.name = 'linux' and price = 0.5"));
    const [call] = runs();
    expect(call!.get('InstanceMarketOptions.MarketType')).to.equal('spot');
    expect(call!.get('InstanceMarketOptions.SpotOptions.SpotInstanceType')).to.equal('one-time');
    expect(call!.get('InstanceMarketOptions.SpotOptions.MaxPrice')).to.equal('0.5');
    expect([...call!.values()]).to.include('im-launch');
    expect(sent('DescribeSpotPriceHistory')).to.have.length(1);
    await launch(plain("spot = 'yes' and disk.0.os.name = 'linux'"), { numbers: [1] });
    expect(runs()[1]!.has('InstanceMarketOptions.SpotOptions.MaxPrice')).to.equal(false);
  });

  it('are repeated with bounds when EC2 throttles, also the calls that create something (25)', async () => {
    const refused = new Map<string, number>();
    lab.front.decide = ({ action }) => {
      const count = refused.get(action) ?? 0;
      refused.set(action, count + 1);
      return count < 2 ? THROTTLED : 'pass';
    };
    await launch(plain());
    expect(sent('CreateSecurityGroup')).to.have.length(4);
    expect(runs()).to.have.length(3);
    expect(await lab.instancesOf(infrastructureId)).to.have.length(1);
  });

  it('give up throttled calls in the end, with the text of EC2 (25)', async () => {
    lab.front.decide = ({ action }) => (action === 'DescribeImages' ? THROTTLED : 'pass');
    expect(await failedLaunch(plain())).to.equal(
      'Request limit exceeded. (RequestLimitExceeded, request req-DescribeImages)',
    );
    expect(sent('DescribeImages')).to.have.length(8);
  });

  it('find a VM whose create call lost its answer, also when EC2 does not show it yet', async () => {
    lab.front.hiddenLooks = 2;
    lab.front.decide = ({ action }) => (action === 'RunInstances' ? 'lose-answer' : 'pass');
    const [vm] = await launch(plain());
    expect(await lab.instancesOf(infrastructureId)).to.deep.equal([vm!.providerId.split(';')[1]]);
  });

  it('repeat a lost create call with the same token, which gives the same VM', async () => {
    let isLost = false;
    lab.front.decide = ({ action }) => {
      if (action !== 'RunInstances' || isLost) return 'pass';
      isLost = true;
      return 'lose-answer';
    };
    await launch(plain());
    expect(runs().map((call) => call.get('ClientToken'))).to.satisfy(
      ([one, two]: readonly string[]) => one === two && one !== undefined,
    );
    expect(await lab.instancesOf(infrastructureId)).to.have.length(1);
  });

  it('say that a VM may exist when nobody can be asked, and take it over afterwards', async () => {
    lab.front.decide = ({ action }) =>
      action === 'RunInstances' ? 'lose-answer' : action === 'DescribeInstances' ? 'drop' : 'pass';
    const request = await requestFor(plain());
    const [outcome] = await launchAll(connector, request);
    expect(outcome).to.include({ ok: false, mayExist: true });
    lab.front.decide = () => 'pass';
    const vms = await launchOk(connector, request);
    launched.push({ request, vms });
    expect(await lab.instancesOf(infrastructureId)).to.have.length(1);
  });

  it('look in the regions of the account when nobody says which', async () => {
    const [vm] = await launch(plain());
    const found = await connector.findByToken([`${infrastructureId}-0-0`], infrastructureId, never, 'one-look');
    expect(found).to.deep.equal([{ token: `${infrastructureId}-0-0`, providerId: vm!.providerId }]);
    expect(await connector.listMarked!(never)).to.deep.equal(found);
  });

  it('refuse a certificate that nobody vouches for, unless the credential says verify = false', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'im-ec2-tls-'));
    const { certificate, key } = makeCertificate(folder);
    const front = await openAwsFront(lab.moto!.port, {
      key: await readFile(key, 'utf8'),
      cert: await readFile(certificate, 'utf8'),
    });
    try {
      const regions = (item: Record<string, string>) =>
        lab.connect({ item: { endpoint: front.url, region: REGION, ...item } }).listImages!({ owner: 'self' }, never);
      expect((await failure(regions({}))).message).to.contain('self-signed certificate');
      expect(await regions({ verify: 'false' })).to.deep.equal([]);
    } finally {
      await front.close();
      await rm(folder, { recursive: true });
    }
  });

  it('end with the reason when EC2 cannot be reached, without a secret', async () => {
    const request = await requestFor(plain());
    lab.front.decide = () => 'drop';
    const [outcome] = await launchAll(connector, request);
    expect(outcome!.ok ? '' : outcome!.message)
      .to.match(/^Cannot reach EC2 at http/)
      .and.not.contain('secret');
    expect((await failure(connector.listImages!({ region: REGION }, never))).message).to.match(
      /^Cannot reach EC2 at http/,
    );
  });
});
