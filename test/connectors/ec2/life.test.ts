// SPDX-License-Identifier: Apache-2.0
// The life of a VM on EC2 after its launch: states, addresses, size, images, names, deletion. Numbers in brackets: ec2.md §12.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CloudConnector, LaunchRequest, VmReference } from '../../../src/connectors/index.js';
import { parseRadl, type Radl } from '../../../src/radl/index.js';
import { THROTTLED } from '../../support/aws/aws-front.js';
import {
  failure,
  type Launched,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  recordingLogger,
  vmReference,
} from '../support.js';
import { type ConnectOptions, IMAGE_URL, REGION, useLab } from './lab.js';

const PUBLIC = "network pub (outbound = 'yes')";
const plain = (features = '', networks = PUBLIC): string =>
  `${networks}\nsystem node (cpu.count >= 2 and net_interface.0.connection = 'pub' and disk.0.image.url = '${IMAGE_URL}'${features === '' ? '' : ` and ${features}`})`;

describe('EC2 machines', function () {
  this.timeout(120_000);
  const lab = useLab();
  let infrastructureId: string;
  let ledger: MemoryLedger;
  let connector: CloudConnector;
  let log: readonly string[];
  const living: VmReference[] = [];

  const use = (options: ConnectOptions = {}): void => {
    const { logger, lines } = recordingLogger();
    log = lines;
    connector = lab.connect({ logger, ...options });
    ledger = memoryLedger(infrastructureId, connector.cloud);
  };

  beforeEach(() => {
    infrastructureId = randomUUID();
    use();
  });

  afterEach(async () => {
    lab.front.decide = () => 'pass';
    for (const vm of living.splice(0)) await connector.destroy(vm, never);
    for (const resource of ledger.resources.toReversed()) await connector.destroyResource!(resource, never);
    expect(await lab.everything()).to.deep.equal([]);
  });

  const launch = async (radl: string, numbers: readonly number[] = [0]): Promise<readonly VmReference[]> => {
    const request: LaunchRequest = await launchRequest({
      connector,
      radl,
      infrastructureId,
      resources: ledger,
      numbers,
    });
    const vms = (await launchOk(connector, request)).map((launched: Launched) => vmReference(request, launched));
    living.push(...vms);
    return vms;
  };
  const one = async (radl: string): Promise<VmReference> => (await launch(radl))[0]!;
  const observe = async (vm: VmReference) => {
    const [observation] = await connector.observe([vm], never);
    if (observation?.ok !== true) throw new Error(observation?.message);
    return observation;
  };
  const instanceId = (vm: VmReference): string => vm.providerId.split(';')[1]!;
  const feature = (info: Radl | undefined, name: string): string => String(info?.systems[0]?.features.getValue(name));
  const sent = (action: string) =>
    lab.front.calls.filter((call) => call.action === action).map(({ parameters }) => parameters);

  it('show state, place, time and addresses, asked with one call for all (16)', async () => {
    const vms = await launch(plain(), [0, 1, 2]);
    lab.front.reset();
    const observations = await connector.observe(vms, never);
    expect(lab.front.actions()).to.deep.equal(['DescribeInstances']);
    expect(observations.map(({ number }) => number)).to.deep.equal([0, 1, 2]);
    const { info, cloudState } = await observe(vms[0]!);
    expect(cloudState).to.equal('running');
    expect(feature(info, 'virtual_system_type')).to.equal('hvm');
    expect(feature(info, 'availability_zone')).to.match(/^us-east-1[a-f]$/);
    expect(Number(feature(info, 'launch_time'))).to.be.within(1.7e9, 9e9);
    expect(feature(info, 'net_interface.0.ip')).to.match(/^\d+\.\d+\.\d+\.\d+$/);
    expect(feature(info, 'net_interface.1.connection')).to.match(/^private\./);
    await lab.ask('StopInstances', { 'InstanceId.1': instanceId(vms[0]!) });
    expect(await observe(vms[0]!)).to.include({ cloudState: 'stopped' });
    await lab.ask('TerminateInstances', { 'InstanceId.1': instanceId(vms[0]!) });
    expect(await observe(vms[0]!))
      .to.include({ cloudState: 'off' })
      .and.have.property('reason')
      .that.contains('is terminated');
  });

  it('show a size that was changed elsewhere (16)', async () => {
    const vm = await one(plain());
    await lab.ask('ModifyInstanceAttribute', { InstanceId: instanceId(vm), 'InstanceType.Value': 'm5.large' });
    const { info } = await observe(vm);
    expect(feature(info, 'instance_type')).to.equal('m5.large');
    expect(info!.systems[0]!.features.getNumber('memory.size', 'M')).to.equal(8192);
  });

  it('keep their state when the region does not answer', async () => {
    const vm = await one(plain());
    lab.front.decide = () => ({ status: 400, code: 'UnauthorizedOperation', message: 'You are not authorized.' });
    const [observation] = await connector.observe([vm, { ...vm, number: 9, providerId: 'nonsense' }], never);
    expect(observation).to.include({ ok: false, number: 9 });
    const [, other] = await connector.observe([{ ...vm, number: 9, providerId: 'nonsense' }, vm], never);
    expect(other).to.deep.equal({
      number: 0,
      ok: false,
      message: 'You are not authorized. (UnauthorizedOperation, request req-DescribeInstances)',
    });
  });

  const fixed = (ip: string): string => plain(`net_interface.0.ip = '${ip}'`);

  it('get a fixed address of the account once, and give it back free (17, 18)', async () => {
    const ip = /<publicIp>([^<]+)/.exec(await lab.ask('AllocateAddress', { Domain: 'vpc' }))![1]!;
    await lab.ask('AllocateAddress', { Domain: 'vpc' });
    const vm = await one(fixed(ip));
    const { info } = await observe(vm);
    expect(feature(info, 'net_interface.0.ip')).to.equal(ip);
    const again = await observe({ ...vm, info: info! });
    expect(again).to.not.have.property('info');
    expect(sent('AssociateAddress')).to.have.length(1);
    await connector.destroy(vm, never);
    const left = await lab.ids('DescribeAddresses', 'publicIp');
    expect(left).to.have.length(2).and.include(ip);
    for (const id of await lab.ids('DescribeAddresses', 'allocationId')) {
      const association = /<associationId>([^<]+)/.exec(
        await lab.ask('DescribeAddresses', { 'AllocationId.1': id }),
      )?.[1];
      if (association !== undefined) await lab.ask('DisassociateAddress', { AssociationId: association });
      await lab.ask('ReleaseAddress', { AllocationId: id });
    }
  });

  it('go on without a fixed address that the account does not have (17)', async () => {
    const vm = await one(fixed('198.51.100.7'));
    expect(await observe(vm)).to.include({ cloudState: 'running' });
    expect(log.join('\n')).to.contain('Setting a fixed IP NOT ALLOCATED! (198.51.100.7). Ignore it.');
  });

  it('get one more address for a second public interface, which goes with them (17)', async () => {
    const vm = await one(plain("net_interface.1.connection = 'pub2'", `${PUBLIC}\nnetwork pub2 (outbound = 'yes')`));
    await Promise.all([observe(vm), observe(vm)]);
    expect(sent('AllocateAddress')).to.have.length(1);
    expect(await lab.ids('DescribeAddresses', 'publicIp')).to.have.length(1);
    await connector.destroy(vm, never);
    expect(await lab.ids('DescribeAddresses', 'publicIp')).to.deep.equal([]);
  });

  it('that EC2 does not know are pending while they are fresh, off later, and deleted without error (19)', async () => {
    const vm = await one(plain());
    const unknown = { ...vm, providerId: `${REGION};i-0123456789abcdef0`, number: 1 };
    const fresh = { ...unknown, extra: { launchedAt: Date.now(), token: 't' } };
    const old = { ...unknown, extra: { launchedAt: Date.now() - 121_000, token: 't' } };
    expect(await observe(fresh)).to.deep.equal({ number: 1, ok: true, cloudState: 'pending' });
    expect(await observe(old)).to.deep.equal({
      number: 1,
      ok: true,
      cloudState: 'off',
      reason: 'The instance i-0123456789abcdef0 is not found in us-east-1.',
    });
    await connector.destroy(old, never);
    expect((await failure(connector.stop!(old, never))).message).to.equal('Instance i-0123456789abcdef0 not found.');
    expect((await failure(connector.alter!(old, parseRadl('system s ()').systems[0]!, never))).message).to.equal(
      'The instance has not been found',
    );
  });

  it('are not forgotten when they are deleted before EC2 shows them (19)', async () => {
    const vm = await one(plain());
    let isHidden = true;
    lab.front.decide = ({ action }) => {
      if (action !== 'TerminateInstances' || !isHidden) return 'pass';
      isHidden = false;
      return { status: 400, code: 'InvalidInstanceID.NotFound', message: 'does not exist' };
    };
    await connector.destroy(vm, never);
    expect(await lab.instances()).to.deep.equal([]);
  });

  const wanted = (features: string) => parseRadl(`system node (${features})`).systems[0]!;

  it('are resized by stopping, changing and starting them (20)', async () => {
    const vm = await one(plain());
    lab.front.reset();
    const { info } = await connector.alter!(vm, wanted('memory.size >= 6G'), never);
    expect(lab.front.actions().filter((action) => !action.startsWith('Describe'))).to.deep.equal([
      'StopInstances',
      'ModifyInstanceAttribute',
      'StartInstances',
    ]);
    expect(feature(info, 'instance_type')).to.equal('m5d.large');
    expect(feature((await observe({ ...vm, info })).info ?? info, 'instance_type')).to.equal('m5d.large');
    lab.front.reset();
    await connector.alter!({ ...vm, info }, wanted('cpu.count >= 2'), never);
    expect(lab.front.actions()).to.not.include('StopInstances');
    expect((await failure(connector.alter!({ ...vm, info }, wanted('cpu.count >= 1000'), never))).message).to.contain(
      'no instance type available',
    );
  });

  it('run again when a resize is refused, and when it was cut off before the start (20)', async () => {
    const vm = await one(plain());
    lab.front.decide = ({ action }) =>
      action === 'ModifyInstanceAttribute'
        ? { status: 400, code: 'Unsupported', message: 'cannot become that' }
        : 'pass';
    expect((await failure(connector.alter!(vm, wanted("instance_type = 'm5.large'"), never))).message).to.contain(
      'cannot become that (Unsupported',
    );
    expect(await observe(vm)).to.include({ cloudState: 'running' });
    lab.front.decide = ({ action }) =>
      action === 'StartInstances' ? { status: 400, code: 'Interrupted', message: 'died' } : 'pass';
    await failure(connector.alter!(vm, wanted("instance_type = 'm5.large'"), never));
    lab.front.decide = () => 'pass';
    const { info } = await connector.alter!(
      { ...vm, cloudState: 'running' },
      wanted("instance_type = 'm5.large'"),
      never,
    );
    expect(feature(info, 'instance_type')).to.equal('m5.large');
    expect(await observe(vm)).to.include({ cloudState: 'running' });
  });

  it('get further disks, once, which go with them', async () => {
    const vm = await one(plain());
    const alter = () => connector.alter!(vm, wanted('disk.1.size = 3G'), never, [], ledger);
    const { info } = await alter();
    expect(feature((await alter()).info, 'disk.1.provider_id')).to.equal(feature(info, 'disk.1.provider_id'));
    expect(feature(info, 'disk.1.device')).to.equal('sdb');
    const volumes = await lab.ids('DescribeVolumes', 'volumeId', {
      'Filter.1.Name': 'tag:im-vm',
      'Filter.1.Value.1': '0',
    });
    expect(volumes.filter((id) => id === feature(info, 'disk.1.provider_id'))).to.have.length(1);
    expect(sent('CreateVolume')).to.have.length(1);
    expect(ledger.resources.filter(({ kind }) => kind === 'volume')).to.have.length(1);
  });

  it('open and close ports when their outports change', async () => {
    const vm = await one(plain('', "network pub (outbound = 'yes' and outports = '8080,9090')"));
    const { networks } = parseRadl("network pub (outports = '9090,7070')");
    const { info } = await connector.alter!(vm, wanted(''), never, networks);
    expect(info.getNetwork('pub')!.features.getText('outports')).to.equal('9090,7070');
    expect(sent('AuthorizeSecurityGroupIngress').at(-1)!.get('IpPermissions.1.FromPort')).to.equal('7070');
    expect(sent('RevokeSecurityGroupIngress').map((call) => call.get('IpPermissions.1.FromPort'))).to.deep.equal([
      '8080',
    ]);
  });

  it('become images, which are deleted with their snapshots (21)', async () => {
    const vm = await one(plain());
    const url = await connector.snapshot!(vm, 0, 'my-image', true, never);
    expect(url).to.match(/^aws:\/\/us-east-1\/ami-/);
    expect(sent('CreateImage')[0]!.get('NoReboot')).to.equal('true');
    lab.front.decide = ({ action }) =>
      action === 'CreateImage' ? { status: 400, code: 'InvalidAMIName.Duplicate', message: 'in use' } : 'pass';
    // Cut off before the answer, it is the same image; somebody else's name is refused.
    expect(await connector.snapshot!(vm, 0, 'my-image', true, never)).to.equal(url);
    expect((await failure(connector.snapshot!(vm, 0, 'other', true, never))).message).to.contain(
      'InvalidAMIName.Duplicate',
    );
    await connector.deleteImage!(url, never);
    await connector.deleteImage!(url, never);
    expect(await lab.ids('DescribeImages', 'imageId', { 'Owner.1': 'self' })).to.deep.equal([]);
  });

  it('have images by distribution and version, newest first, of one region or all (22)', async () => {
    const list = async (filters: Record<string, string>, item = {}) =>
      (await lab.connect({ item }).listImages!(filters, never)).map(({ name }) => name);
    const jammy = (date: string): string => `us-east-1/ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-${date}`;
    expect(await list({ distribution: 'ubuntu', version: '22' }, { region: REGION })).to.deep.equal([
      jammy('20260601'),
      jammy('20260101'),
    ]);
    expect(await list({ distribution: 'Debian', version: '12', region: REGION })).to.deep.equal([
      'us-east-1/debian-12-amd64-20260301',
    ]);
    expect(await list({ distribution: 'ubuntu', version: '2', region: REGION })).to.deep.equal([]);
    expect(await list({ region: REGION, architecture: 'arm64' })).to.deep.equal(['us-east-1/debian-12-arm64-20260301']);
    for (const { parameters } of lab.front.calls.filter(({ action }) => action === 'DescribeImages')) {
      expect([...parameters.values()]).to.not.include.members(['distribution']);
    }
  });

  it('count against the quotas of the region of the credential (22)', async () => {
    await one(plain());
    const regional = lab.connect({ item: { region: REGION } });
    const { cores, instances, floating_ips, security_groups } = await regional.quotas!(never);
    expect(instances).to.deep.equal({ used: 1, limit: -1 });
    expect(cores!.used).to.be.greaterThan(0);
    expect(floating_ips!.used).to.equal(0);
    expect(security_groups!.used).to.be.greaterThan(2);
    expect((await failure(connector.quotas!(never))).message).to.contain('You must specify a region');
  });

  const zones = () => lab.front.calls.filter(({ service }) => service === 'route53').map(({ action }) => action);

  it('have their names set in Route 53, led to new addresses, and removed with a zone that was made for them (23)', async () => {
    const vm = await one(
      plain("net_interface.0.dns_name = 'web-#N#.example.org' and net_interface.0.dns.1.name = 'www@example.org'"),
    );
    const first = await observe(vm);
    expect(zones().filter((action) => action === 'CreateHostedZone')).to.have.length(1);
    const entries = first.extra!.dnsEntries as { host: string; ip: string }[];
    expect(entries.map(({ host }) => host)).to.deep.equal(['web-0', 'www']);
    const seen = { ...vm, info: first.info!, extra: first.extra! };
    expect(await observe(seen)).to.not.have.property('extra');
    const moved = {
      ...seen,
      extra: {
        ...seen.extra,
        dnsEntries: entries.map((entry) => ({ ...entry, domain: 'example.org', ip: '192.0.2.1' })),
      },
    };
    expect((await observe(moved)).extra!.dnsEntries).to.deep.equal(first.extra!.dnsEntries);
    expect(lab.front.calls.filter(({ body }) => body.includes('UPSERT'))).to.have.length(2);
    lab.front.reset();
    await connector.destroy(seen, never);
    expect(zones()).to.include('DeleteHostedZone');
    expect(zones().filter((action) => action === 'ChangeResourceRecordSets')).to.have.length(2);
  });

  it('are deleted when their names cannot be (23)', async () => {
    const vm = await one(plain("net_interface.0.dns_name = 'web.example.org'"));
    const { info, extra } = await observe(vm);
    lab.front.decide = ({ service }) =>
      service === 'route53' ? { status: 403, code: 'AccessDenied', message: 'no' } : 'pass';
    await connector.destroy({ ...vm, info: info!, extra: extra! }, never);
    expect(log.join('\n')).to.contain('Error in del DNS entries web.example.org.: no (AccessDenied');
    lab.front.decide = () => 'pass';
    await connector.destroy({ ...vm, info: info!, extra: extra! }, never);
  });

  it('let go of groups, subnets, gateway and VPC while they are still shutting down (24)', async () => {
    const vm = await one(plain("net_interface.1.connection = 'priv'", `${PUBLIC}\nnetwork priv (create = 'yes')`));
    lab.front.lingeringLooks = 2;
    await connector.destroy(vm, never);
    for (const resource of ledger.resources.toReversed()) await connector.destroyResource!(resource, never);
    expect(sent('DeleteSecurityGroup').length).to.be.greaterThan(3);
    expect(await lab.everything()).to.deep.equal([]);
  });

  it('of ours that nobody knows any more do not keep a group from being deleted (24)', async () => {
    const [, lost] = await launch(plain(), [0, 1]);
    living.splice(1);
    await connector.destroy(living[0]!, never);
    for (const resource of ledger.resources.toReversed()) await connector.destroyResource!(resource, never);
    expect(log.join('\n')).to.contain(`Instance ${instanceId(lost!)} was left over; it is terminated.`);
    expect(await lab.instances()).to.deep.equal([]);
  });

  it('that forward traffic get their route once they run', async () => {
    const radl = `${PUBLIC}
network lan (router = '10.99.0.0/24,node')
system node (cpu.count >= 2 and net_interface.0.connection = 'pub' and net_interface.1.connection = 'lan' and disk.0.image.url = '${IMAGE_URL}')`;
    const vm = await one(radl);
    const { info } = await observe(vm);
    expect(info!.getNetwork('lan')!.features.has('router')).to.equal(false);
    expect(sent('CreateRoute').map((call) => call.get('DestinationCidrBlock'))).to.deep.equal(['10.99.0.0/24']);
    expect(sent('ModifyInstanceAttribute').map((call) => call.get('SourceDestCheck.Value'))).to.deep.equal(['false']);
    const table = /<routeTableId>([^<]+)/.exec(await lab.ask('DescribeRouteTables'))![1]!;
    await lab.ask('DeleteRoute', { RouteTableId: table, DestinationCidrBlock: '10.99.0.0/24' });
  });

  it('of the reference are followed from their spot request, and deleted with their address (15)', async () => {
    const [subnet = ''] = await lab.ids('DescribeSubnets', 'subnetId');
    const asked = await lab.ask('RequestSpotInstances', {
      InstanceCount: '1',
      SpotPrice: '1',
      'LaunchSpecification.ImageId': 'ami-1e749f67',
      'LaunchSpecification.InstanceType': 't2.micro',
      'LaunchSpecification.SubnetId': subnet,
    });
    const request = /<spotInstanceRequestId>([^<]+)/.exec(asked)![1]!;
    const template = await one(plain());
    const vm: VmReference = { ...template, number: 5, providerId: `${REGION};${request}`, extra: {} };
    const { extra, cloudState } = await observe(vm);
    expect(cloudState).to.equal('running');
    expect(extra!.instanceId).to.match(/^i-/);
    expect(await observe({ ...vm, providerId: `${REGION};sir-00000000` })).to.include({ cloudState: 'off' });
    const followed = { ...vm, extra: extra! };
    expect(await connector.stop!(followed, never)).to.equal('stopped');
    const allocated = await lab.ask('AllocateAddress', { Domain: 'vpc' });
    const allocation = /<allocationId>([^<]+)/.exec(allocated)![1]!;
    await lab.ask('AssociateAddress', { AllocationId: allocation, InstanceId: String(extra!.instanceId) });
    await connector.destroy(followed, never);
    expect(await lab.instances()).to.deep.equal([instanceId(template)]);
    expect(await lab.ids('DescribeAddresses', 'publicIp')).to.deep.equal([]);
  });

  it('survive throttling and lost answers while they are deleted (25)', async () => {
    const vm = await one(plain());
    const seen = new Map<string, number>();
    lab.front.decide = ({ action }) => {
      const count = seen.get(action) ?? 0;
      seen.set(action, count + 1);
      return count === 0 ? THROTTLED : count === 1 ? 'lose-answer' : 'pass';
    };
    await connector.destroy(vm, never);
    await connector.destroy(vm, never);
    for (const resource of ledger.resources.toReversed()) await connector.destroyResource!(resource, never);
    expect(await lab.everything()).to.deep.equal([]);
  });
});
