// SPDX-License-Identifier: Apache-2.0
// Logging in to Keystone and finding the services, where a fake shows what the lab cannot (openstack.md §12; the numbers are those of its list).
import { expect } from 'chai';
import { cloudsOf } from '../../../src/auth/clouds.js';
import { openStackCredential } from '../../../src/connectors/openstack/credentials.js';
import { createSession, type Session, sessionKey } from '../../../src/connectors/openstack/session.js';
import type { AuthItem } from '../../../src/domain/index.js';
import { createCertificate } from '../../api/self-signed.js';
import { failure, never } from '../support.js';
import { type FakeAnswer, type FakeEndpoint, type FakeKeystone, startFakeKeystone, v3Token } from './fake-keystone.js';

describe('OpenStack login', () => {
  let keystone: FakeKeystone;
  beforeEach(async () => {
    keystone = await startFakeKeystone();
  });
  afterEach(() => keystone.close());

  const item = (parts: AuthItem): AuthItem => ({
    type: 'OpenStack',
    id: 'o',
    host: keystone.url,
    username: 'ana',
    password: 'p;w',
    tenant: 'proj',
    ...parts,
  });
  const sessionOf = (parts: AuthItem = {}): Session => {
    const [cloud] = cloudsOf([item(parts)]);
    return createSession(sessionKey(cloud!, true), openStackCredential(cloud!, true), Date.now);
  };
  const issued = (endpoints: readonly FakeEndpoint[] = [], id = 'token-1'): FakeAnswer => ({
    status: 201,
    body: v3Token(endpoints),
    headers: { 'x-subject-token': id },
  });
  const paths = (): readonly string[] => keystone.requests.map(({ method, path }) => `${method} ${path}`);
  const version3 = (endpoints: readonly FakeEndpoint[] = []): void => {
    keystone.answer = ({ path }) => {
      if (path === '/') return { status: 300, body: { versions: { values: [{ id: 'v3.14' }] } } };
      return path.endsWith('/v3/auth/tokens') ? issued(endpoints) : undefined;
    };
  };

  it('sends the body of a password login with domains, once for all callers (1)', async () => {
    version3();
    const session = sessionOf({ auth_version: '3.x_password', domain: 'Users', tenant_domain_id: 'dom-1' });
    await Promise.all([session.token(never), session.token(never), session.token(never)]);
    expect(keystone.requests.map(({ body }) => body)).to.deep.equal([
      {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { domain: { name: 'Users' }, name: 'ana', password: 'p;w' } },
          },
          scope: { project: { domain: { id: 'dom-1' }, name: 'proj' } },
        },
      },
    ]);
  });

  it('logs in with an application credential without tenant and without scope (2)', async () => {
    version3();
    const { tenant: _tenant, ...rest } = item({ auth_version: '3.x_appcred', username: 'id-1', password: 'secret' });
    const [cloud] = cloudsOf([rest]);
    await createSession('k', openStackCredential(cloud!, true), Date.now).token(never);
    expect(keystone.requests[0]?.body).to.deep.equal({
      auth: {
        identity: { methods: ['application_credential'], application_credential: { id: 'id-1', secret: 'secret' } },
      },
    });
  });

  it('asks another page for the projects of a token where the usual one is missing (3)', async () => {
    keystone.answer = ({ path }) => {
      if (path.endsWith('/auth')) return { status: 201, body: {}, headers: { 'x-subject-token': 'unscoped' } };
      if (path === '/v3/OS-FEDERATION/projects') return { status: 200, body: { projects: [{ id: 'p9', name: 'n9' }] } };
      return path === '/v3/auth/tokens' ? issued() : undefined;
    };
    const session = sessionOf({
      auth_version: '3.x_oidc_access_token',
      username: 'egi.eu',
      tenant: 'openid',
      password: 'jwt',
    });
    await session.token(never);
    expect(paths()).to.deep.equal([
      'GET /v3/OS-FEDERATION/identity_providers/egi.eu/protocols/openid/auth',
      'GET /v3/auth/projects',
      'GET /v3/OS-FEDERATION/projects',
      'POST /v3/auth/tokens',
    ]);
    expect(keystone.requests[0]?.headers.authorization).to.equal('Bearer jwt');
    expect(keystone.requests[3]?.body).to.deep.equal({
      auth: { identity: { methods: ['token'], token: { id: 'unscoped' } }, scope: { project: { id: 'p9' } } },
    });
  });

  it('uses version 3 where it is offered, and version 2 where it is the only one (4)', async () => {
    version3();
    await sessionOf().token(never);
    expect(paths()).to.deep.equal(['GET /', 'POST /v3/auth/tokens']);

    keystone.requests.length = 0;
    keystone.answer = ({ path }) => {
      if (path === '/') return { status: 300, body: { versions: { values: [{ id: 'v2.0' }] } } };
      if (path !== '/v2.0/tokens') return undefined;
      const catalog = [{ type: 'compute', name: 'nova', endpoints: [{ region: 'R', publicURL: 'http://n/v2' }] }];
      return { status: 200, body: { access: { token: { id: 't2', tenant: { id: 'p2' } }, serviceCatalog: catalog } } };
    };
    const token = await sessionOf().token(never);
    expect(token).to.deep.include({ id: 't2', projectId: 'p2' });
    expect(token.catalog[0]).to.deep.include({ type: 'compute', url: 'http://n/v2', interface: 'public' });
    expect(keystone.requests[1]?.body).to.deep.equal({
      auth: { passwordCredentials: { username: 'ana', password: 'p;w' }, tenantName: 'proj' },
    });
  });

  it('logs in with a VOMS proxy, in the first project when none is named', async () => {
    keystone.answer = ({ path }) => {
      if (path === '/v2.0/tenants') return { status: 200, body: { tenants: [{ name: 'vo.first' }] } };
      return path === '/v2.0/tokens' ? { status: 200, body: { access: { token: { id: 't' } } } } : undefined;
    };
    await sessionOf({ proxy: '-----BEGIN CERTIFICATE-----', tenant: '' }).token(never);
    expect(keystone.requests.map(({ body }) => body)).to.deep.equal([
      { auth: { voms: true } },
      undefined,
      { auth: { voms: true, tenantName: 'vo.first' } },
    ]);
  });

  for (const [path, expected] of [
    ['', '/v3/auth/tokens'],
    ['/', '/v3/auth/tokens'],
    ['/v3', '/v3/auth/tokens'],
    ['/v3/', '/v3/auth/tokens'],
    ['/v2.0', '/v3/auth/tokens'],
    ['/identity', '/identity/v3/auth/tokens'],
    ['/identity/v3', '/identity/v3/auth/tokens'],
  ] as const) {
    it(`finds Keystone at a host with path '${path}' (5)`, async () => {
      version3();
      await sessionOf({ host: `${keystone.url}${path}`, auth_version: '3.x_password' }).token(never);
      expect(paths()).to.deep.equal([`POST ${expected}`]);
    });
  }

  it('logs in again when a token is refused in the middle, and repeats the call (6)', async () => {
    let logins = 0;
    keystone.answer = ({ path, headers }) => {
      if (path === '/v3/auth/tokens') {
        logins += 1;
        return issued([{ type: 'network', url: keystone.url }], `token-${logins}`);
      }
      if (path !== '/v2.0/networks') return undefined;
      return headers['x-auth-token'] === 'token-1'
        ? { status: 401, body: { error: { message: 'expired' } } }
        : { status: 200, body: { networks: [{ id: 'n' }] } };
    };
    const session = sessionOf({ auth_version: '3.x_password' });
    const list = () => session.list('network', 'networks', { method: 'GET', path: '/networks', signal: never });
    expect(await list()).to.deep.equal([{ id: 'n' }]);
    expect(logins).to.equal(2);
    await list();
    expect(logins).to.equal(2);
  });

  it('says so when a new token is refused too (6)', async () => {
    keystone.answer = ({ path }) =>
      path === '/v3/auth/tokens'
        ? issued([{ type: 'network', url: keystone.url }])
        : { status: 401, body: { error: { message: 'never' } }, headers: { 'x-openstack-request-id': 'req-7' } };
    const session = sessionOf({ auth_version: '3.x_password' });
    const error = await failure(session.json('network', { method: 'GET', path: '/networks', signal: never }));
    expect(error.message).to.equal('401 Unauthorized never (request id req-7 of the network service)');
    expect(paths().filter((path) => path.startsWith('POST'))).to.have.length(2);
  });

  const twoRegions: readonly FakeEndpoint[] = [
    { type: 'compute', region: 'North', url: 'http://north/v2.1' },
    { type: 'compute', region: 'South', url: 'http://south/v2.1' },
    { type: 'compute', region: 'South', url: 'http://internal/v2.1', interface: 'internal' },
    { type: 'block-storage', region: 'South', url: 'http://volumes/v3/p', name: 'odd' },
  ];

  it('chooses the region that is asked for, and tells the regions when there is no such (7)', async () => {
    version3(twoRegions);
    const called = async (parts: AuthItem): Promise<string> => {
      const session = sessionOf({ auth_version: '3.x_password', ...parts });
      return (await failure(session.json('compute', { method: 'GET', path: '/x', signal: AbortSignal.timeout(5_000) })))
        .message;
    };
    expect(await called({ service_region: 'South' })).to.contain('http://south');
    expect(await called({})).to.contain('http://north');
    expect(await called({ service_region: 'West' })).to.equal(
      'Could not find specified endpoint: the catalogue has no compute service in region West; its regions are North, South (service_region).',
    );
    expect(await called({ service_region: 'South', base_url: 'http://fixed/v2.1' })).to.contain('http://fixed');
    expect(await called({ service_region: 'South', service_name: 'None' })).to.contain('http://south');
  });

  it('takes the volume service under its other names (7)', async () => {
    version3(twoRegions);
    expect(await sessionOf({ auth_version: '3.x_password', service_region: 'South' }).has('volume', never)).to.equal(
      true,
    );
    expect(await sessionOf({ auth_version: '3.x_password' }).has('image', never)).to.equal(false);
  });

  it('uses a given token without Keystone, and needs base_url for it', async () => {
    const token = await sessionOf({ auth_token: 'ready', base_url: 'http://n/v2.1' }).token(never);
    expect(token.id).to.equal('ready');
    expect(keystone.requests).to.deep.equal([]);
    expect(() => sessionOf({ auth_token: 'ready' })).to.throw('has an auth_token without base_url');
  });

  it('sends the microversion to the service that it is for', async () => {
    keystone.answer = ({ path }) =>
      path === '/v3/auth/tokens'
        ? issued([
            { type: 'network', url: keystone.url },
            { type: 'compute', url: keystone.url },
          ])
        : { status: 200, body: {} };
    const session = sessionOf({ auth_version: '3.x_password', microversion: '2.60' });
    await session.json('compute', { method: 'GET', path: '/servers', signal: never });
    await session.json('network', { method: 'GET', path: '/networks', signal: never });
    expect(keystone.requests.slice(1).map(({ headers }) => headers['openstack-api-version'])).to.deep.equal([
      'compute 2.60',
      undefined,
    ]);
  });

  it('checks the certificate of Keystone, unless the item switches that off', async () => {
    const { key, certificate } = createCertificate('127.0.0.1');
    const secure = await startFakeKeystone({ key, cert: certificate });
    try {
      secure.answer = () => issued();
      const parts = { host: secure.url, auth_version: '3.x_password' };
      const error = await failure(sessionOf(parts).token(never));
      expect(error.message).to.match(/^Cannot reach Keystone at https:.*self-signed certificate/);
      expect(secure.requests).to.deep.equal([]);
      expect((await sessionOf({ ...parts, verify: 'false' }).token(never)).id).to.equal('token-1');
    } finally {
      await secure.close();
    }
  });

  it('names what is missing or unknown in the item', () => {
    const needed = 'No correct auth data has been specified to OpenStack.: username, password and tenant or proxy';
    expect(() => sessionOf({ password: '' })).to.throw(needed);
    expect(() => sessionOf({ tenant: '' })).to.throw(needed);
    expect(() => sessionOf({ auth_version: '9' })).to.throw("has auth_version '9'; use 3.x_password");
    expect(() => sessionOf({ host: 'ftp://h' })).to.throw('starts with ftp://');
  });

  it('keys the session by the whole item, so that a renewed token makes a new one', () => {
    const key = (parts: AuthItem): string => sessionKey(cloudsOf([item(parts)])[0]!, true);
    expect(key({ password: 'a' })).to.equal(key({ password: 'a' }));
    expect(key({ password: 'a' })).to.not.equal(key({ password: 'b' }));
    expect(key({ password: 'a' })).to.not.contain('a;');
  });
});
