// SPDX-License-Identifier: Apache-2.0
// EGI and EGIIS items as the clouds of the sites that they mean (auth.md §10, oidc-vault-oai-stats.md §5).
import { expect } from 'chai';
import { createEgiFetcher } from '../../../src/auth/egi/egi-fetcher.js';
import { cloudsOf } from '../../../src/auth/index.js';
import { egiType } from '../../../src/connectors/egi/connector.js';
import type { AuthItem } from '../../../src/domain/index.js';
import { connectorEnvironment } from '../../connectors/support.js';
import { identityHouse, im } from '../identity-house.js';

const SERVICE: Readonly<Record<string, unknown>> = {
  '/site/CESNET-MCC/': { url: 'https://identity.cesnet.cz/v3', name: 'CESNET-MCC' },
  '/site/CESNET-MCC/projects': [
    { name: 'other.vo', id: 'p0' },
    { name: 'vo.access', id: 'p1' },
  ],
  '/site/PREFIX/': { url: 'https://keystone.x:5000/os/v3/' },
  '/sites/?vo_name=vo.access': [
    { name: 'CESNET-MCC', url: 'https://identity.cesnet.cz/v3' },
    { name: '100IT', url: 'https://cloud.100it.example:5000/v3/' },
    { name: 'NO-PROJECT', url: 'https://x/v3' },
    { name: 'ODD', url: 'not a url' },
    'nonsense',
  ],
  '/sites/CESNET-MCC/vo.access/project': { id: 'p1' },
  '/sites/100IT/vo.access/project': { id: 'p2' },
};

const cloud = (rest: AuthItem): AuthItem => ({
  type: 'OpenStack',
  username: 'egi.eu',
  tenant: 'openid',
  auth_version: '3.x_oidc_access_token',
  password: 't',
  vo: 'vo.access',
  ...rest,
});

describe('items of the EGI federation', () => {
  const house = (service: Readonly<Record<string, unknown>> = SERVICE) => {
    const asked: string[] = [];
    const clock = { now: 0 };
    const made = identityHouse(
      {},
      {
        now: () => clock.now,
        egiFetcher: async (path) => {
          asked.push(path);
          if (!(path in service)) throw new Error('status 404');
          return service[path];
        },
      },
    );
    const expand = async (...items: AuthItem[]) =>
      (await made.authenticator.authenticate([im({ username: 'u' }), ...items])).items.slice(1);
    return { ...made, expand, asked, clock };
  };
  const egi = (rest: AuthItem = {}): AuthItem => ({
    type: 'EGI',
    id: 'egi1',
    host: 'CESNET-MCC',
    vo: 'vo.access',
    token: 't',
    ...rest,
  });

  it('of one site become its cloud, in their place', async () => {
    const { expand, asked } = house();
    expect(await expand(egi({ api_version: '2.0' }), { type: 'Dummy' })).to.deep.equal([
      cloud({ id: 'egi1', host: 'https://identity.cesnet.cz', domain: 'p1', api_version: '2.0' }),
      { type: 'Dummy' },
    ]);
    expect(asked).to.deep.equal(['/site/CESNET-MCC/', '/site/CESNET-MCC/projects']);
  });

  it('name the organisation where the project is not known, and keep the path before the version', async () => {
    expect(await house().expand(egi({ host: 'PREFIX' }))).to.deep.equal([
      cloud({ id: 'egi1', host: 'https://keystone.x:5000/os', domain: 'vo.access' }),
    ]);
  });

  it('without an id keep the name by which the caller knows them', async () => {
    const { authenticator } = house();
    const { clouds } = await authenticator.authenticate([im({ username: 'u' }), egi({ id: '' })]);
    expect(clouds.map(({ id, type }) => [id, type])).to.deep.equal([['EGI1', 'OpenStack']]);
  });

  it('that say too little or name no site say so when that cloud is wanted, and hold no token', async () => {
    const { expand, lines } = house();
    const { host: _host, ...noHost } = egi();
    const needs = 'It needs host (the name of a site), vo and token.';
    const items = await expand(noHost, egi({ vo: '' }), egi({ token: '' }), egi({ host: 'NOWHERE\nx', id: '' }));
    expect(items).to.deep.equal([
      { type: 'EGI', id: 'egi1', vo: 'vo.access', problem: needs },
      { type: 'EGI', id: 'egi1', vo: '', problem: needs },
      { type: 'EGI', id: 'egi1', vo: 'vo.access', problem: needs },
      {
        type: 'EGI',
        id: 'EGI4',
        vo: 'vo.access',
        problem: "Site name 'NOWHERE x' not found at fedcloud IS (https://is.cloud.egi.eu).",
      },
    ]);
    expect(lines.filter((line) => line.includes('is not used'))).to.have.length(4);
    const [cloud] = cloudsOf(items);
    if (cloud === undefined) throw new Error('the item is a cloud');
    expect(() => egiType.connect(cloud, connectorEnvironment())).to.throw(needs);
  });

  for (const type of ['EGIIS', 'AppDBIS']) {
    it(`of type ${type} bring the clouds of all sites with a project, after all others`, async () => {
      const { expand } = house();
      expect(await expand({ type, vo: 'vo.access', token: 't', id: 'is' }, { type: 'Dummy' })).to.deep.equal([
        { type, token: 't', id: 'is' },
        { type: 'Dummy' },
        cloud({ id: 'CESNET-MCC', host: 'https://identity.cesnet.cz', domain: 'p1' }),
        cloud({ id: '100IT', host: 'https://cloud.100it.example:5000', domain: 'p2' }),
      ]);
    });
  }

  it('of type EGIIS without vo or token stay as they are', async () => {
    const { expand, asked } = house();
    const items = [
      { type: 'EGIIS', vo: 'vo.access' },
      { type: 'EGIIS', token: 't' },
    ];
    expect(await expand(...items)).to.deep.equal(items);
    expect(asked).to.deep.equal([]);
  });

  it('bring nothing when the service is down, which is no failure of the call', async () => {
    const { expand, lines } = house({});
    const [site, ...others] = await expand(egi(), { type: 'EGIIS', vo: 'vo.access', token: 'CANARY' });
    expect(site).to.include({ type: 'EGI', id: 'egi1' });
    expect(others).to.deep.equal([{ type: 'EGIIS', token: 'CANARY' }]);
    expect(lines.join('\n')).to.contain('No data from the EGI information service').and.not.contain('CANARY');
  });

  it('are asked about once in an hour, after a failure once in fifteen seconds', async () => {
    const { expand, asked, clock } = house();
    await expand(egi());
    clock.now = 3_599_000;
    await expand(egi());
    expect(asked).to.have.length(2);
    clock.now = 3_600_001;
    await expand(egi());
    expect(asked).to.have.length(4);
    await expand(egi({ host: 'NOWHERE' }));
    await expand(egi({ host: 'NOWHERE' }));
    expect(asked).to.have.length(5);
    clock.now += 15_001;
    await expand(egi({ host: 'NOWHERE' }));
    expect(asked).to.have.length(6);
  });

  it('are served from the last good answer while the service is down', async () => {
    const service: Record<string, unknown> = { ...SERVICE };
    const { expand, clock } = house(service);
    const known = await expand(egi());
    for (const path of Object.keys(service)) delete service[path];
    for (const age of [3_600_001, 3_616_002, 7_300_000]) {
      clock.now = age;
      expect(await expand(egi())).to.deep.equal(known);
    }
  });

  for (const [url, host] of [
    ['https://ks.example/v3', 'https://ks.example'],
    ['https://ks.example/v3/', 'https://ks.example'],
    ['https://ks.example:5000/v2.0', 'https://ks.example:5000'],
    ['https://ks.example:5000', 'https://ks.example:5000'],
    ['https://ks.example/identity', 'https://ks.example/identity'],
    ['https://ks.example/identity/v3', 'https://ks.example/identity'],
  ] as const) {
    it(`of a site at ${url} have their Keystone at ${host}`, async () => {
      const [item] = await house({ '/site/S/': { url } }).expand(egi({ host: 'S' }));
      expect(item).to.include({ type: 'OpenStack', host });
    });
  }

  it('cannot lead the question to another path', async () => {
    const { expand, asked } = house();
    await expand(egi({ host: 'a/../../b?c#d' }));
    expect(asked).to.deep.equal(['/site/a%2F..%2F..%2Fb%3Fc%23d/']);
  });
});

describe('the questions to the EGI information service', () => {
  const fetcher = (status: number, text: string, mirrors: { prefix: string; replacement: string }[] = []) => {
    const urls: string[] = [];
    const ask = createEgiFetcher(async ({ url, headers }) => {
      expect(headers).not.to.have.property('authorization');
      urls.push(url.href);
      return { status, text, contentType: 'application/json' };
    }, mirrors);
    return { ask, urls };
  };

  it('go to the service, or to the mirror that the operator names', async () => {
    const plain = fetcher(200, '{"url":"x"}');
    expect(await plain.ask('/site/A/')).to.deep.equal({ url: 'x' });
    expect(plain.urls).to.deep.equal(['https://is.cloud.egi.eu/site/A/']);
    const mirror = { prefix: 'https://is.cloud.egi.eu/', replacement: 'https://mirror.local/egi/' };
    const mirrored = fetcher(200, '[]', [mirror]);
    await mirrored.ask('/site/A/');
    expect(mirrored.urls).to.deep.equal(['https://mirror.local/egi/site/A/']);
  });

  it('fail for any other status than 200 and for what is no JSON', async () => {
    for (const { ask } of [fetcher(404, '{}'), fetcher(200, '<html>')]) {
      let failure: unknown;
      await ask('/x').catch((error: unknown) => {
        failure = error;
      });
      expect(failure).to.be.instanceOf(Error);
    }
  });
});
