// SPDX-License-Identifier: Apache-2.0
// The parts of the OpenStack connector that need no cloud (openstack.md §12; the numbers are those of its list).
import { expect } from 'chai';
import { cloudsOf } from '../../../src/auth/clouds.js';
import type { ConnectorEnvironment } from '../../../src/connectors/index.js';
import { openStackCredential } from '../../../src/connectors/openstack/credentials.js';
import { isUncertain, refusal, statusOf } from '../../../src/connectors/openstack/errors.js';
import { chooseFlavor, writeFlavor } from '../../../src/connectors/openstack/flavors.js';
import { bootSource, imageRefusal, resolveImage } from '../../../src/connectors/openstack/image-url.js';
import { wantedRules } from '../../../src/connectors/openstack/security-groups.js';
import type { Site } from '../../../src/connectors/openstack/site.js';
import { serverState } from '../../../src/connectors/openstack/states.js';
import { type Flavor, imageView } from '../../../src/connectors/openstack/views.js';
import { decodeExtra, encodeExtra } from '../../../src/connectors/openstack/vm-extra.js';
import { parseImageUrl } from '../../../src/connectors/shared/image-candidates.js';
import { ImError } from '../../../src/domain/index.js';
import { parseRadl, printSystem } from '../../../src/radl/index.js';
import { cloud, connectorEnvironment, failure } from '../support.js';

const flavor = (name: string, vcpus: number, ramMib: number, diskGb: number, more: Partial<Flavor> = {}): Flavor => ({
  id: `id-${name}`,
  name,
  vcpus,
  ramMib,
  diskGb,
  ephemeralGb: 0,
  isDisabled: false,
  extraSpecs: new Map(),
  ...more,
});
const specs = (entries: Readonly<Record<string, string>>): Partial<Flavor> => ({
  extraSpecs: new Map(Object.entries(entries)),
});
const ACCELERATOR = {
  'Accelerator:Type': 'GPU',
  'Accelerator:Number': '2',
  'Accelerator:Vendor': 'NVIDIA',
  'Accelerator:Model': 'Tesla V100',
};
const FLAVORS: readonly Flavor[] = [
  flavor('tiny', 1, 512, 1),
  flavor('disabled', 1, 1024, 20, { isDisabled: true }),
  flavor('gpuspec', 1, 1024, 20, specs({ 'hw:gpu': 'yes' })),
  flavor('pci', 1, 1024, 20, specs({ 'pci_passthrough:alias': 'FPGA:2,other' })),
  flavor('small', 1, 2048, 20),
  flavor('small.copy', 1, 2048, 20),
  flavor('large', 4, 8192, 80, { ephemeralGb: 10 }),
  flavor('gpu', 4, 8192, 80, specs(ACCELERATOR)),
  flavor('sgx', 4, 4096, 40, specs({ 'resources:SGX_EPC': '64' })),
  flavor('huge', 8, 8192, 80),
];

const chosen = (features: string): string | undefined =>
  chooseFlavor(FLAVORS, parseRadl(`system s (${features})`).systems[0]!.features)?.name;

describe('OpenStack flavors (8)', () => {
  it('takes the smallest, a disk of 5 GB unless a boot volume is asked for, ties in the order of the cloud', () => {
    expect(chosen('cpu.count >= 1 and memory.size >= 512M')).to.equal('small');
    expect(chosen('cpu.count >= 1 and memory.size >= 512M and disk.0.size = 8G')).to.equal('tiny');
    expect(chosen('disks.free_size >= 60G')).to.equal('large');
    expect(chosen('disks.free_size = 1G')).to.equal('tiny');
  });

  it('takes every operator at its word', () => {
    expect(chosen('cpu.count > 1')).to.equal('large');
    expect(chosen('cpu.count = 8')).to.equal('huge');
    expect(chosen('memory.size < 2048M')).to.equal('gpuspec');
    expect(chosen('memory.size >= 2GiB')).to.equal('large');
    expect(chosen('cpu.count = 3')).to.equal(undefined);
  });

  it('puts special devices last unless they are asked for', () => {
    expect(chosen('cpu.count >= 4')).to.equal('large');
    expect(chosen('gpu.count >= 1 and cpu.count >= 4')).to.equal('gpu');
    expect(chosen("gpu.count >= 1 and gpu.vendor = 'nvidia' and gpu.model = 'tesla v100'")).to.equal('gpuspec');
    expect(chosen('gpu.count >= 3 and cpu.count >= 2')).to.equal(undefined);
    expect(chosen("gpu.count >= 2 and gpu.vendor = 'amd' and cpu.count >= 2")).to.equal(undefined);
  });

  it('matches names from end to end, with * for any text', () => {
    expect(chosen("instance_type = 'sm*'")).to.equal('small');
    expect(chosen("instance_type = 'small'")).to.equal('small');
    expect(chosen("instance_type = 'mall'")).to.equal(undefined);
    expect(chosen("instance_type = 's*all'")).to.equal('small');
    expect(chosen("instance_type = 'smal.'")).to.equal(undefined);
  });

  it('knows enclaves', () => {
    expect(chosen("cpu.sgx = 'yes'")).to.equal('sgx');
    expect(chosen("cpu.sgx = 'yes' and cpu.sgx.epc_size = 64M")).to.equal('sgx');
    expect(chosen("cpu.sgx = 'yes' and cpu.sgx.epc_size = 65M")).to.equal(undefined);
  });

  it('writes exact sizes, the ephemeral disk with its unit, and accelerators', () => {
    const { features } = parseRadl('system s (cpu.count >= 1)').systems[0]!;
    writeFlavor(features, FLAVORS.find(({ name }) => name === 'large')!);
    const text = printSystem({ kind: 'system', name: 's', features, isReference: false }).replace(/\s+/g, ' ');
    expect(text).to.contain('cpu.count = 4 and memory.size = 8192M and disk.0.free_size = 10G');
    writeFlavor(features, FLAVORS.find(({ name }) => name === 'gpu')!);
    expect([
      features.getNumber('gpu.count'),
      features.getText('gpu.vendor'),
      features.getText('gpu.model'),
    ]).to.deep.equal([2, 'NVIDIA', 'Tesla V100']);
  });
});

describe('OpenStack image URLs (9)', () => {
  const site = cloud('OpenStack', { id: 'o', server: 'ks.example.org' });
  it('reads images and volumes in all their forms', () => {
    const read = (path: string) => bootSource(parseImageUrl(`ost://ks.example.org${path}`));
    expect(read('/abc')).to.deep.equal({ kind: 'image', id: 'abc' });
    expect(read('/image/abc')).to.deep.equal({ kind: 'image', id: 'abc' });
    expect(read('/images/abc')).to.deep.equal({ kind: 'image', id: 'abc' });
    expect(read('/volume/v')).to.deep.equal({ kind: 'volume', id: 'v' });
    expect(read('/volumes/v')).to.deep.equal({ kind: 'volume', id: 'v' });
    expect(read('/a/b/c')).to.equal(undefined);
  });

  it('takes those of its own host only, whatever the port', () => {
    const refused = (url: string) => imageRefusal(site, parseImageUrl(url));
    expect(refused('ost://ks.example.org/abc')).to.equal(undefined);
    expect(refused('ost://KS.example.org:5000/abc')).to.equal(undefined);
    expect(refused('ost://ks.example.org.evil.net/abc')).to.contain('it is an image of ks.example.org.evil.net');
    expect(refused('aws://r/ami')).to.contain('images of the form ost://');
    expect(refused('ost://ks.example.org/')).to.contain('the id of the image or volume is missing');
  });

  it('finds the volume snapshots that an image stands for', () => {
    const mapping = JSON.stringify([{ snapshot_id: 's1' }, { snapshot_id: null }]);
    expect(imageView({ id: 'i', block_device_mapping: mapping }).snapshotIds).to.deep.equal(['s1']);
    expect(imageView({ id: 'i', block_device_mapping: 'no json' }).snapshotIds).to.deep.equal([]);
  });
});

describe('OpenStack states (20)', () => {
  it('maps each state of the compute service', () => {
    const words = (state: string) =>
      ({
        pending: 'BUILD REBUILD QUEUE_RESIZE PREP_RESIZE RESIZE REVERT_RESIZE PASSWORD RESCUE DELETE_IP',
        running: 'ACTIVE VERIFY_RESIZE REBOOT HARD_REBOOT MIGRATING',
        stopped: 'SUSPENDED SHUTOFF PAUSED SHELVED SHELVED_OFFLOADED',
        off: 'DELETED SOFT_DELETED',
        failed: 'ERROR',
        unknown: 'UNKNOWN SOMETHING_NEW',
      })[state]!.split(' ');
    for (const state of ['pending', 'running', 'stopped', 'off', 'failed', 'unknown']) {
      for (const word of words(state)) expect(serverState(word), word).to.equal(state);
    }
  });
});

describe('OpenStack security rules (16)', () => {
  const rules = (features: string): readonly string[] =>
    wantedRules(parseRadl(`network n (${features})`).networks[0]!).map(
      ({ protocol, firstPort, lastPort, remoteCidr }) =>
        `${protocol} ${firstPort}-${lastPort} ${remoteCidr ?? 'members'}`,
    );
  const MEMBERS = ['tcp null-null members', 'udp null-null members'];

  it('lets members talk, and SSH in from everywhere only where the network is reached from outside', () => {
    expect(rules('')).to.deep.equal(MEMBERS);
    expect(rules("outbound = 'yes'")).to.deep.equal([...MEMBERS, 'tcp 22-22 0.0.0.0/0']);
    expect(rules("proxy_host = 'u:p@h'")).to.deep.equal([...MEMBERS, 'tcp 22-22 0.0.0.0/0']);
    expect(rules("outbound = 'yes' and outports = '10.0.0.0/8-22/tcp-22/tcp'")).to.deep.equal([
      ...MEMBERS,
      'tcp 22-22 10.0.0.0/8',
    ]);
  });

  it('opens both ports of a mapping, each rule once', () => {
    expect(rules("outports = '2222-22,2222-22,80'")).to.deep.equal([
      ...MEMBERS,
      'tcp 2222-2222 0.0.0.0/0',
      'tcp 22-22 0.0.0.0/0',
      'tcp 80-80 0.0.0.0/0',
    ]);
  });
});

describe('OpenStack refusals', () => {
  const answer = (status: number, body: string, requestId = '') => ({
    status,
    headers: new Map(requestId === '' ? [] : [['x-openstack-request-id', requestId]]),
    body: Buffer.from(body),
  });

  it('hands on the words of each service, with the request id', () => {
    const text = (status: number, body: string) => refusal(answer(status, body, 'req-1'), 'compute').message;
    const end = ' (request id req-1 of the compute service)';
    expect(text(403, '{"forbidden":{"code":403,"message":"Quota exceeded"}}')).to.equal(
      `403 Forbidden Quota exceeded${end}`,
    );
    expect(text(409, '{"NeutronError":{"type":"X","message":"In use.","detail":""}}')).to.equal(
      `409 Conflict In use.${end}`,
    );
    expect(
      text(
        404,
        '<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>No image found<br /></body></html>',
      ),
    ).to.equal(`404 Not Found No image found${end}`);
    expect(text(500, '')).to.equal(`500 Internal Server Error${end}`);
    expect(refusal(answer(503, 'x'.repeat(5_000)), 'image').message).to.have.length.lessThan(600);
  });

  it('knows after which failures something may have been made', () => {
    expect(isUncertain(refusal(answer(409, ''), 'network'))).to.equal(false);
    expect(isUncertain(refusal(answer(500, ''), 'network'))).to.equal(true);
    expect(
      isUncertain(new ImError('provider', 'reset', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) })),
    ).to.equal(true);
    expect(
      isUncertain(
        new ImError('provider', 'refused', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
      ),
    ).to.equal(false);
    expect(isUncertain(new Error('a defect'))).to.equal(false);
    expect(statusOf(refusal(answer(412, ''), 'network'))).to.equal(412);
  });
});

describe('OpenStack records', () => {
  it('keeps what other parts wrote, and drops what is done', () => {
    const before = { callHome: { tokens: ['h'] }, floatingIp: { attempts: 2, problem: 'p' }, ports: ['a'] };
    expect(decodeExtra(before)).to.deep.equal({ ports: ['a'], volumes: [], floatingIp: { attempts: 2, problem: 'p' } });
    expect(encodeExtra({ ports: ['a'], volumes: ['v'] }, before)).to.deep.equal({
      callHome: { tokens: ['h'] },
      ports: ['a'],
      volumes: ['v'],
    });
    expect(decodeExtra({ floating_ips: ['1.2.3.4'], ports: 'odd' })).to.deep.equal({ ports: [], volumes: [] });
  });
});

describe('OpenStack images of the EGI federation', () => {
  const siteWith = (resolve: ConnectorEnvironment['resolveEgiImage']): Site => {
    const item = {
      type: 'OpenStack',
      host: 'https://ks.example.org:5000',
      username: 'u',
      password: 'p',
      tenant: 't',
      vo: 'vo.org',
    };
    const [known] = cloudsOf([item]);
    const credential = openStackCredential(known!, true);
    // Only what the resolution reads.
    return {
      cloud: known,
      environment: { ...connectorEnvironment(), resolveEgiImage: resolve },
      session: { credential },
    } as unknown as Site;
  };
  const url = parseImageUrl('egi://SCAI/egi_vm_images/ubuntu:24.04');

  it('are taken, and looked up with host and organisation of the credential', async () => {
    const asked: unknown[] = [];
    const site = siteWith(async (text, cloud) => {
      asked.push([text, cloud]);
      return 'abc';
    });
    expect(imageRefusal(site.cloud, url)).to.equal(undefined);
    expect(await resolveImage(site, url)).to.deep.equal({ kind: 'image', id: 'abc' });
    expect(asked).to.deep.equal([[url.text, { server: 'ks.example.org', vo: 'vo.org' }]]);
  });

  it('say why they cannot be used', async () => {
    const site = siteWith(async () => {
      throw new ImError('bad-request', 'Site host does not match site name: SCAI.');
    });
    const error = await failure(resolveImage(site, url));
    expect(error.message).to.equal('Error in egi image: Site host does not match site name: SCAI.');
  });
});
