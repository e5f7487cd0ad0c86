// SPDX-License-Identifier: Apache-2.0
// Images of the EGI federation: lists and what egi:// URLs stand for (connectors/egi.md §3, oidc-vault-oai-stats.md §5).
import { expect } from 'chai';
import { createEgiImages } from '../../../src/auth/egi/egi-images.js';
import { createEgiService } from '../../../src/auth/egi/egi-service.js';
import { imageServiceItem } from '../../../src/auth/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { callOf, demolish, startHouse } from '../../support/operations-house.js';
import { failureOf } from '../../support/waiting.js';

const image = (id: string, version: string, egiId = 'egi_vm_images/ubuntu:24.04') => ({ egi_id: egiId, id, version });
const listed = (id: string, name: string, endpoint: string, vo = 'vo1') => ({ id, name, endpoint, vo });

const SERVICE: Readonly<Record<string, unknown>> = {
  '/site/SCAI/': { url: 'https://ks.scai.example:5000/v3' },
  '/site/FAR/': { url: 'https://ks.far.example/v3' },
  '/sites/': [
    { name: 'SCAI', url: 'https://ks.scai.example:5000/v3', hostname: 'compute.scai.example' },
    { name: 'FAR', url: 'https://ks.far.example/v3', hostname: 'ks.far.example' },
  ],
  '/site/SCAI/vo1/images': [
    image('old', '2024-01-01'),
    image('new', '2025-10-07'),
    image('x', '9', 'other'),
    'nonsense',
  ],
  '/site/FAR/vo1/images': [image('https://far/#42', '1')],
  '/sites/?vo_name=vo1': [
    { name: 'FAR', url: 'https://ks.far.example/v3' },
    { name: 'SCAI', url: 'https://ks.scai.example:5000/v3' },
  ],
  '/images': [
    listed('1', 'Ubuntu 24.04', 'https://ks.scai.example:5000/v3'),
    listed('2', 'Rocky 9', 'https://ks.far.example/v3', 'vo2'),
    listed('3', 'broken', 'no url'),
    { id: 4 },
  ],
  '/images?vo_name=vo1': [
    listed('1', 'Ubuntu 24.04', 'https://ks.scai.example:5000/v3'),
    listed('5', 'Ubuntu 22.04 with Docker', 'https://ks.far.example/v3'),
    listed('6', 'Ubuntu 24.04', 'https://ks.gone.example/v3'),
  ],
};

const images = (service = SERVICE) =>
  createEgiImages(
    createEgiService({
      fetcher: async (path) => {
        if (!(path in service)) throw new Error('status 404');
        return service[path];
      },
      now: () => 0,
      logger: silentLogger,
    }),
  );

describe('images of the EGI federation', () => {
  const URL = 'egi://SCAI/egi_vm_images/ubuntu:24.04?vo1';
  const SCAI = { server: 'ks.scai.example' };

  it('are the newest of their name, at the Keystone or at the host of the computers', async () => {
    expect(await images().resolve(URL, SCAI)).to.equal('new');
    expect(await images().resolve(URL, { server: 'compute.scai.example' })).to.equal('new');
    expect(await images().resolve(URL.replace('egi:', 'appdb:'), SCAI)).to.equal('new');
  });

  it('belong to the organisation of the URL, else to that of the credential', async () => {
    const plain = 'egi://SCAI/egi_vm_images/ubuntu:24.04';
    expect(await images().resolve(plain, { ...SCAI, vo: 'vo1' })).to.equal('new');
    expect((await failureOf(images().resolve(plain, SCAI))).message).to.contain('names no virtual organisation');
  });

  it('may have the part after # as their id', async () => {
    expect(await images().resolve(URL.replace('SCAI', 'FAR'), { server: 'ks.far.example' })).to.equal('42');
  });

  for (const [url, server, text] of [
    ['egi://GONE/i?vo1', 'x', 'No site URL returned from EGI FedcloudInfo for site: GONE.'],
    [URL, 'ks.far.example', 'Site host does not match site name: SCAI.'],
    ['egi://SCAI/none?vo1', 'ks.scai.example', 'No image ID returned from EGI FedcloudInfo for image: SCAI/none/vo1.'],
    [`${URL}x`, 'ks.scai.example', 'for image: SCAI/egi_vm_images/ubuntu:24.04/vo1x.'],
    ['ost://SCAI/i?vo1', 'ks.scai.example', 'Incorrect Protocol'],
    ['egi://SCAI', 'ks.scai.example', 'must be egi://SITE/IMAGE?VO'],
  ] as const) {
    it(`are refused: ${text}`, async () => {
      expect((await failureOf(images().resolve(url, { server }))).message).to.contain(text);
    });
  }

  it('are listed as OpenStack images, as far as the filters fit', async () => {
    expect(await images().list({})).to.deep.equal([
      { uri: 'ost://ks.scai.example:5000/1', name: 'Ubuntu 24.04', vo: 'vo1' },
      { uri: 'ost://ks.far.example/2', name: 'Rocky 9', vo: 'vo2' },
    ]);
    expect((await images().list({ distribution: 'UBUNTU', version: '24' })).map(({ name }) => name)).to.deep.equal([
      'Ubuntu 24.04',
    ]);
    expect(await images().list({ app: 'docker' })).to.deep.equal([]);
  });

  it('of an organisation come site by site, with the name of the site', async () => {
    expect(await images().list({ vo: 'vo1' })).to.deep.equal([
      { uri: 'ost://ks.far.example/5', name: 'FAR - Ubuntu 22.04 with Docker', vo: 'vo1' },
      { uri: 'ost://ks.scai.example:5000/1', name: 'SCAI - Ubuntu 24.04', vo: 'vo1' },
    ]);
  });

  it('cannot be listed while the service is down, and the text says so', async () => {
    expect((await failureOf(images({}).list({}))).message).to.match(/^The EGI information service \S+ does not answer/);
  });

  it('are listed for the id of a service item, given or made of its place, and only with a token', () => {
    const items = [
      { type: 'EGIIS', token: 't' },
      { type: 'AppDBIS', id: 'is', token: 't' },
      { type: 'EGIIS', id: 'no' },
    ];
    for (const [id, index] of [
      ['EGIIS0', 0],
      ['is', 1],
    ] as const)
      expect(imageServiceItem(items, id)).to.equal(items[index]);
    for (const id of ['EGIIS1', 'no', '', 'EGIIS']) expect(imageServiceItem(items, id), id).to.equal(undefined);
  });

  it('are what GetCloudImageList answers for such an id', async () => {
    const house = await startHouse({ types: [new MemoryCloud().connectorType()] });
    try {
      const call = callOf('ana', [{ id: 'is', type: 'EGIIS', token: 't' }]);
      const [found] = await house.manager.cloudImages(call, 'is', { vo: 'v' });
      expect(found).to.include({ uri: 'ost://site.example/1', name: '{"vo":"v"}' });
      expect((await failureOf(house.manager.cloudQuotas(call, 'is'))).message).to.equal('Cloud ID is not found.');
    } finally {
      await demolish(house);
    }
  });
});
