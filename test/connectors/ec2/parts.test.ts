// SPDX-License-Identifier: Apache-2.0
// Parts of the EC2 connector that need no cloud. Numbers in brackets: the behaviours of ec2.md §12.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { chooseType, writeType } from '../../../src/connectors/ec2/choose-type.js';
import { ec2Account } from '../../../src/connectors/ec2/credentials.js';
import { createExpiringCache } from '../../../src/connectors/ec2/expiring-cache.js';
import type { InstanceType } from '../../../src/connectors/ec2/instance-types.js';
import { commonRange } from '../../../src/connectors/ec2/own-networks.js';
import { networkRules } from '../../../src/connectors/ec2/security-rules.js';
import { instanceState } from '../../../src/connectors/ec2/states.js';
import { builtInConnectorTypes, createConnectorRegistry } from '../../../src/connectors/index.js';
import { parsePrices } from '../../../src/connectors/shared/prices.js';
import type { AuthItem } from '../../../src/domain/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { formatCidr, parseCidr } from '../../../src/util/ip.js';
import { cloud, connectorEnvironment, failure, never } from '../support.js';

const KEYS = { type: 'EC2', username: 'AKIAEXAMPLE', password: 'abc/def+x=' };

const account = (item: AuthItem, isVerified = true) => ec2Account(cloud('EC2', { item }), isVerified);

const type = (name: string, vcpus: number, gib: number, more: Partial<InstanceType> = {}): InstanceType => ({
  name,
  vcpus,
  memoryMib: gib * 1024,
  architectures: ['x86_64'],
  gpus: 0,
  gpuName: '',
  disks: 0,
  diskGb: 0,
  isCurrent: true,
  ...more,
});

/** The types of the specification's table, with their prices in its region. */
const CATALOGUE: readonly InstanceType[] = [
  type('m1.small', 1, 1.7, { disks: 1, diskGb: 160, isCurrent: false, architectures: ['i386', 'x86_64'] }),
  type('p3.2xlarge', 8, 61, { gpus: 1, gpuName: 'NVIDIA V100' }),
  type('t3a.medium', 2, 4),
  type('t3.nano', 2, 0.5),
  type('t3a.nano', 2, 0.5),
  type('t2.nano', 1, 0.5),
  type('t2.micro', 1, 1),
  type('t4g.nano', 2, 0.5, { architectures: ['arm64'] }),
  type('g4ad.xlarge', 4, 16, { gpus: 1, gpuName: 'AMD Radeon Pro V520', disks: 1, diskGb: 150 }),
  type('c5.large', 2, 4),
  type('m5.large', 2, 8),
];
const PRICES = parsePrices(`t3a.nano, us-east-1, 0.0047
t2.nano, us-east-1, 0.0058
t3.nano, us-east-1, 0.0052
t2.micro, us-east-1, 0.0116
t4g.nano, us-east-1, 0.0042
t3a.medium, us-east-1, 0.0376
g4ad.xlarge, us-east-1, 0.37853
p3.2xlarge, us-east-1, 3.06
m1.small, us-east-1, 0.044
c5.large, us-east-1, 0.085, 10
m5.large, us-east-1, 0.096, 10`);

const chosen = (features: string, prices = PRICES): string | undefined => {
  const { features: wanted } = parseRadl(`system s (${features})`).systems[0]!;
  return chooseType(wanted, CATALOGUE, prices, 'us-east-1')?.name;
};

describe('EC2 credentials (1)', () => {
  it('are two keys, and a token and a region where they are given', () => {
    expect(account({ ...KEYS, token: 'FwoGZX...==', region: 'eu-west-1' })).to.include({
      accessKey: 'AKIAEXAMPLE',
      secretKey: 'abc/def+x=',
      sessionToken: 'FwoGZX...==',
      defaultRegion: 'eu-west-1',
      endpoint: undefined,
      isVerified: true,
    });
  });

  it('are refused with the known texts when a key is missing', () => {
    const connect = (item: AuthItem) => () =>
      createConnectorRegistry(connectorEnvironment(), builtInConnectorTypes).connect(cloud('EC2', { item }));
    expect(connect({ type: 'EC2' })).to.throw('No auth data has been specified to EC2.');
    for (const item of [
      { type: 'EC2', username: 'a' },
      { type: 'EC2', password: 'b' },
    ]) {
      expect(connect(item)).to.throw(
        'No correct auth data has been specified to EC2.: username (Access Key) and password (Secret Key)',
      );
    }
  });

  it('take any region whose name has the form of one', () => {
    for (const region of ['us-gov-west-1', 'cn-north-1', 'xx-newest-9']) {
      expect(account({ ...KEYS, region }).defaultRegion).to.equal(region);
    }
    for (const region of ['Mars', 'eu west', '../x', 'a'.repeat(41)]) {
      expect(() => account({ ...KEYS, region })).to.throw(
        `Error getting the region ${region}: Incorrect region name: ${region}`,
      );
    }
  });

  it('lead to another cloud by an endpoint, whose certificate can be left unchecked', () => {
    const other = account({ ...KEYS, endpoint: 'https://ec2.{region}.example.org/', verify: 'no' });
    expect(other.endpoint?.('lab')).to.equal('https://ec2.lab.example.org');
    expect(other.isVerified).to.equal(false);
    expect(account({ ...KEYS, host: 'cloud.example.org:8773' }).endpoint?.('x')).to.equal(
      'https://cloud.example.org:8773',
    );
    expect(account(KEYS, false).isVerified).to.equal(false);
    expect(() => account({ ...KEYS, endpoint: 'ftp://x' })).to.throw('no http:// or https:// URL');
  });

  it('have the same key only when they are the same', () => {
    const keys = [KEYS, { ...KEYS, token: 't' }, { ...KEYS, password: 'x' }, { ...KEYS, verify: 'false' }].map(
      (item) => account(item).key,
    );
    expect(new Set(keys).size).to.equal(4);
    expect(account(KEYS).key).to.equal(keys[0]).and.not.contain('AKIA');
  });
});

describe('the instance type', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['cpu.count >= 1 and memory.size >= 512M', 't3a.nano'],
    ['cpu.count = 1 and memory.size = 512M', 't2.nano'],
    ['cpu.count >= 2 and memory.size >= 4G', 't3a.medium'],
    ["instance_type = 't2.*' and cpu.count >= 1", 't2.nano'],
    ["instance_type = 't2.micro' and cpu.count >= 1", 't2.micro'],
    ["instance_type = 't2' and cpu.count >= 1", undefined],
    ['gpu.count >= 1', 'g4ad.xlarge'],
    ["gpu.count >= 1 and gpu.model = 'v100'", 'p3.2xlarge'],
    ["gpu.count >= 1 and gpu.vendor = 'AMD'", 'g4ad.xlarge'],
    ['gpu.count >= 2', undefined],
    ["cpu.arch = 'arm64'", 't4g.nano'],
    ["cpu.arch = 'riscv'", undefined],
    ['cpu.performance >= 10 ECU', 'c5.large'],
    ['cpu.performance >= 10 GCEU', undefined],
    ['memory.size >= 4GiB', 'm5.large'],
    ['cpu.count > 2 and cpu.count < 5', 'g4ad.xlarge'],
    ['cpu.count <= 1', 't2.nano'],
    ['memory.size >= 2T', undefined],
  ];
  for (const [features, expected] of cases) {
    it(`for ${features} is ${expected} (2, 3)`, () => {
      expect(chosen(features)).to.equal(expected);
    });
  }

  it('of an earlier generation comes last (2)', () => {
    expect(chosen('disks.free_size >= 100G')).to.equal('g4ad.xlarge');
    expect(chosen('disks.free_size >= 155G')).to.equal('m1.small');
  });

  it('is the smallest when there are no prices, by name when they are equal (2)', () => {
    const none = parsePrices('');
    expect(chosen('cpu.count >= 1', none)).to.equal('t2.nano');
    expect(chosen('cpu.count >= 2', none)).to.equal('t3.nano');
    expect(chosen('cpu.count >= 2 and memory.size >= 3G', none)).to.equal('c5.large');
  });

  it('is written on the system with its sizes; a price of the user stays (4)', () => {
    const { features } = parseRadl('system s (cpu.count >= 1 and price <= 1)').systems[0]!;
    const gpu = CATALOGUE.find(({ name }) => name === 'g4ad.xlarge')!;
    writeType(features, gpu, PRICES, 'us-east-1', false);
    expect(features.getText('instance_type')).to.equal('g4ad.xlarge');
    expect(features.getNumber('cpu.count')).to.equal(4);
    expect(features.getNumber('memory.size', 'M')).to.equal(16_384);
    expect(features.getNumber('disk.1.free_size', 'G')).to.equal(150);
    expect(features.getNumber('gpu.count')).to.equal(1);
    expect(features.getText('gpu.model')).to.equal('AMD Radeon Pro V520');
    expect(features.getNumber('price')).to.equal(0.37853);
    const { features: priced } = parseRadl('system s (price = 7)').systems[0]!;
    writeType(priced, gpu, PRICES, 'us-east-1', true);
    expect(priced.getNumber('price')).to.equal(7);
  });
});

describe('the range of a VPC (7)', () => {
  const common = (...ranges: readonly string[]): string =>
    formatCidr(commonRange(ranges.map((text) => parseCidr(text)!)));

  it('is that of one network, the smallest around several, and never larger than EC2 takes', () => {
    expect(common('10.0.128.0/24')).to.equal('10.0.128.0/24');
    expect(common('10.0.128.0/24', '10.0.129.0/24')).to.equal('10.0.128.0/23');
    expect(common('10.0.128.0/24', '10.0.1.0/24')).to.equal('10.0.0.0/16');
    expect(common('10.1.0.0/24', '10.200.0.0/24')).to.equal('10.1.0.0/16');
    expect(common('10.0.0.0/8')).to.equal('10.0.0.0/16');
  });
});

describe('the rules of a network (8)', () => {
  const rules = (features: string): readonly string[] =>
    networkRules(parseRadl(`network n (${features})`).networks[0]!).map(
      ({ protocol, from, to, source }) => `${protocol} ${from}-${to} ${source}`,
    );

  it('open outports, ranges, both numbers of a mapping, icmp, and SSH where it is needed', () => {
    expect(rules("outbound = 'yes' and outports = '8080,9000:9100/udp,2222-22,10.0.0.0/8-443,22/icmp'")).to.deep.equal([
      'tcp 8080-8080 0.0.0.0/0',
      'udp 9000-9100 0.0.0.0/0',
      'tcp 2222-2222 0.0.0.0/0',
      'tcp 22-22 0.0.0.0/0',
      'tcp 443-443 10.0.0.0/8',
      'icmp -1--1 0.0.0.0/0',
      'tcp 22-22 0.0.0.0/0',
    ]);
    expect(rules("outbound = 'yes' and outports = '10.0.0.0/8-22'")).to.deep.equal(['tcp 22-22 10.0.0.0/8']);
    expect(rules("outbound = 'no'")).to.deep.equal([]);
    expect(rules("outbound = 'no' and proxy_host = 'me@bastion'")).to.deep.equal(['tcp 22-22 0.0.0.0/0']);
  });

  it('are refused with the name of the network when they are no ports or addresses', () => {
    expect(() => rules("outports = '70000'")).to.throw('70000 in the outports of network n is no port');
    expect(() => rules("outports = '999.0.0.0/8-22'")).to.throw('is no range of addresses');
  });
});

describe('the state of an instance (15, 16)', () => {
  it('follows the words of EC2; one that was taken back or could not start has failed', () => {
    const words = {
      pending: 'pending',
      running: 'running',
      stopping: 'running',
      stopped: 'stopped',
      'shutting-down': 'off',
      terminated: 'off',
    };
    for (const [Name, state] of Object.entries(words)) {
      expect(instanceState({ State: { Name: Name as 'running' } }), Name).to.equal(state);
    }
    expect(instanceState({})).to.equal('unknown');
    const terminated = { State: { Name: 'terminated' as const } };
    const StateReason = { Code: 'Server.SpotInstanceTermination' };
    expect(instanceState({ ...terminated, InstanceLifecycle: 'spot', StateReason })).to.equal('failed');
    expect(instanceState({ ...terminated, StateReason: { Code: 'Server.InternalError' } })).to.equal('failed');
    expect(instanceState({ ...terminated, StateReason: { Code: 'Client.UserInitiatedShutdown' } })).to.equal('off');
  });
});

describe('an image that is none of EC2 (4)', () => {
  it('is no candidate, with the reason', async () => {
    const connector = createConnectorRegistry(connectorEnvironment(), builtInConnectorTypes).connect(
      cloud('EC2', { item: { ...KEYS, endpoint: 'http://127.0.0.1:9' } }),
    );
    const refusal = async (url: string): Promise<string> => {
      const [system] = parseRadl(`system s (disk.0.image.url = '${url}')`).systems;
      const { candidates, refusals } = await connector.candidates(system!, never);
      expect(candidates).to.deep.equal([]);
      return refusals.join();
    };
    expect(await refusal('one://x/1')).to.contain('aws://region/ami-id');
    expect(await refusal('aws://us-east-1/snap-1')).to.contain("'snap-1' is no AMI id");
    expect(await refusal('aws://Mars/ami-1')).to.contain('Incorrect region name: Mars');
    expect((await failure(connector.deleteImage!('mock0://x/1', never))).message).to.contain('is no URL of EC2');
  });
});

describe('the AWS SDK', () => {
  it('is not loaded before the first call, so that daemons without EC2 do not pay for it', async function () {
    this.timeout(60_000);
    const program = `
      import { createRequire } from 'node:module';
      import { builtInConnectorTypes } from './src/connectors/index.js';
      const settings = { verifySsl: true };
      const item = { type: 'EC2', username: 'a', password: 'b', endpoint: 'http://127.0.0.1:9' };
      const cloud = { id: 'e', type: 'EC2', protocol: '', server: '', port: -1, path: '', extra: {}, item };
      const connector = builtInConnectorTypes.find(({ type }) => type === 'EC2').connect(cloud, { settings, now: Date.now });
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('@aws-sdk'));
      const before = loaded();
      await connector.findByToken(['t'], 'i', new AbortController().signal, 'one-look').catch(() => undefined);
      console.log(before, loaded());`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program,
    ]);
    expect(stdout.trim()).to.equal('false true');
  });
});

describe('the cache of what outlives a call', () => {
  it('forgets what is old and what is too much', () => {
    const cache = createExpiringCache<number>(10, 2);
    cache.set('a', 1, 0);
    cache.set('b', 2, 5);
    expect([cache.get('a', 9), cache.get('a', 10)]).to.deep.equal([1, undefined]);
    cache.set('c', 3, 6);
    cache.set('d', 4, 7);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key, 8))).to.deep.equal([undefined, undefined, 3, 4]);
    cache.delete('c');
    expect(cache.get('c', 8)).to.equal(undefined);
  });
});
