// SPDX-License-Identifier: Apache-2.0
// Credentials from a Vault (auth.md §9): the requests, where the secret is, which entries count, and what never shows.
import { expect } from 'chai';
import type { IdentityConfig } from '../../../src/auth/index.js';
import type { AuthItem } from '../../../src/domain/index.js';
import { everythingOf, identityHouse, im, refusalOf } from '../identity-house.js';
import { type SigningIssuer, startSigningIssuer } from '../oidc/signing-issuer.js';
import { clientTokenOf, type KvSecret, type KvServer, startKvServer } from './kv-server.js';

const entry = (value: object): string => JSON.stringify(value);

describe('credentials from a Vault', () => {
  let issuer: SigningIssuer;
  let kv: KvServer;
  let token: string;
  beforeEach(async () => {
    issuer = await startSigningIssuer();
    issuer.users.set('1234', { sub: '1234', preferred_username: 'ann' });
    kv = await startKvServer('/vault');
    token = await issuer.token({ sub: '1234' });
  });
  afterEach(async () => {
    await issuer.close();
    await kv.close();
  });
  const house = (config: Partial<IdentityConfig> = {}) =>
    identityHouse({ oidcIssuers: [issuer.url], vaultUrl: kv.url, ...config });
  const bearer = (config: Partial<IdentityConfig> = {}) => house(config).call(`Bearer ${token}`);
  const put = (place: string, data: Record<string, unknown>, version: KvSecret['version'] = 1) =>
    kv.secrets.set(place, { version, data });
  const one = { c: entry({ id: 'mine', type: 'Dummy' }) };

  describe('for a Bearer token', () => {
    it('come by login, look-up and reading, in this order', async () => {
      put('credentials/e-1234', one);
      const caller = await bearer();
      expect(caller.clouds.map(({ id }) => id)).to.deep.equal(['mine']);
      expect(caller.owners.map(({ username }) => username)).to.deep.equal(['__OPENID__ann']);
      expect(kv.requests.map(({ what }) => what)).to.deep.equal([
        'POST auth/jwt/login',
        'GET auth/token/lookup-self',
        'GET credentials/e-1234',
      ]);
      const [login, lookup, read] = kv.requests;
      expect(JSON.parse(login?.body ?? '')).to.deep.equal({ jwt: token });
      expect(login?.headers).not.to.have.property('x-vault-token');
      for (const request of [lookup, read]) {
        expect(request?.headers).to.include({ 'x-vault-token': clientTokenOf('1234'), 'x-vault-request': 'true' });
      }
    });

    it('are not asked for without VAULT_URL, nor in the other forms of the header', async () => {
      expect((await bearer({ vaultUrl: '' })).clouds).to.deep.equal([]);
      await house().call(`type = InfrastructureManager; token = ${token}`);
      expect(kv.requests).to.deep.equal([]);
    });

    it('are not asked for when the token is refused', async () => {
      const error = await refusalOf(house().call(`Bearer ${await issuer.token({ sub: 'ghost' })}`));
      expect(error.code).to.equal('invalid-credentials');
      expect(kv.requests).to.deep.equal([]);
    });

    it('are read anew for each call', async () => {
      const { call } = house();
      put('credentials/e-1234', one);
      await call(`Bearer ${token}`);
      put('credentials/e-1234', { c: entry({ id: 'changed', type: 'Dummy' }) });
      expect((await call(`Bearer ${token}`)).clouds[0]?.id).to.equal('changed');
    });

    it('use the role, written as JSON', async () => {
      kv.role = 'im "x"';
      put('credentials/e-1234', one);
      expect((await bearer({ vaultRole: kv.role })).clouds).to.have.length(1);
    });
  });

  describe('are at the place that the options name', () => {
    const places: readonly [string, Partial<IdentityConfig>, string][] = [
      ['no path: the entity below credentials/', {}, 'credentials/e-1234'],
      ['a path below credentials/', { vaultPath: 'team/a' }, 'credentials/team/a'],
      ['the subject in the path', { vaultPath: 'users/#USER_SUB#/im' }, 'credentials/users/1234/im'],
      ['a path with a final slash: the mount', { vaultPath: 'secrets/' }, 'secrets/e-1234'],
      ['the default of old manuals', { vaultPath: 'credentials/' }, 'credentials/e-1234'],
      ['a mount point', { vaultMountPoint: 'kv/im/' }, 'kv/im/e-1234'],
      ['a mount point and a path', { vaultMountPoint: 'kv', vaultPath: '/a/b/' }, 'kv/a/b'],
    ];
    for (const [what, config, place] of places) {
      it(`${what}`, async () => {
        put(place, one);
        expect((await bearer(config)).clouds.map(({ id }) => id)).to.deep.equal(['mine']);
      });
    }

    it('whatever characters the subject has', async () => {
      token = await issuer.token({ sub: 'a@b c?d#e%2f' });
      issuer.users.set('a@b c?d#e%2f', { sub: 'a@b c?d#e%2f' });
      put('credentials/a@b c?d#e%2f', one);
      expect((await bearer({ vaultPath: '#USER_SUB#' })).clouds).to.have.length(1);
    });

    it('but never outside of the mount', async () => {
      token = await issuer.token({ sub: '../../sys' });
      issuer.users.set('../../sys', { sub: '../../sys' });
      expect((await bearer({ vaultPath: 'x/#USER_SUB#' })).clouds).to.deep.equal([]);
      expect(kv.requests).to.deep.equal([]);
    });
  });

  describe('are read from both versions of the engine', () => {
    for (const isStrict of [false, true]) {
      it(`version 2, ${isStrict ? 'whose policy knows only its paths' : 'which answers 404 to the other'}`, async () => {
        kv.isStrict = isStrict;
        put('credentials/e-1234', one, 2);
        expect((await bearer()).clouds.map(({ id }) => id)).to.deep.equal(['mine']);
        expect(kv.requests.at(-1)?.what).to.equal('GET credentials/data/e-1234');
      });
    }

    it('version 2 with data/ written into the path', async () => {
      put('credentials/team', one, 2);
      expect((await bearer({ vaultPath: 'data/team' })).clouds).to.have.length(1);
    });

    it('none when there is no secret, with a line in the log', async () => {
      const { call, lines } = house();
      expect((await call(`Bearer ${token}`)).clouds).to.deep.equal([]);
      expect(lines.join('\n')).to.match(/No credentials at credentials\/e-1234 of Vault 127\.0\.0\.1.*status 404/);
    });
  });

  describe('are entries', () => {
    it('that are enabled, come before the items of the call, and replace the Vault item', async () => {
      put('credentials/e-1234', {
        a: entry({ id: 'a', type: 'Dummy', enabled: 1 }),
        b: entry({ id: 'b', type: 'Dummy', enabled: true }),
        off: entry({ id: 'off', type: 'Dummy', enabled: 0 }),
        off2: entry({ id: 'off2', type: 'Dummy', enabled: false }),
        object: { id: 'c', type: 'Dummy' },
      });
      const { items, clouds } = await house().authenticator.authenticate([
        im({ token }),
        { type: 'Vault', host: kv.url, token },
        { type: 'Dummy' },
      ]);
      expect(clouds.map(({ id }) => id)).to.deep.equal(['a', 'b', 'c', 'Dummy4']);
      expect(items[0]).to.deep.equal({ id: 'a', type: 'Dummy' });
      expect(items.some(({ type }) => type === 'Vault')).to.equal(false);
    });

    it('of which a malformed one is skipped alone, and named in the log', async () => {
      put('credentials/e-1234', {
        text: 'CANARY no json',
        list: '[]',
        number: 7,
        nested: entry({ type: 'Dummy', password: { CANARY: 1 } }),
        id: entry({ id: '1 bad', type: 'Dummy' }),
        good: entry({ id: 'good', type: 'Dummy' }),
      });
      const { call, lines } = house();
      expect((await call(`Bearer ${token}`)).clouds.map(({ id }) => id)).to.deep.equal(['good']);
      for (const name of ['text', 'list', 'number', 'nested', 'id']) {
        expect(lines.filter((line) => line.startsWith(`Entry ${name} `))).to.have.length(1);
      }
      expect(lines.join('\n')).not.to.contain('CANARY');
    });

    it('that get the token where they live by it', async () => {
      const oidc = '3.x_oidc_access_token';
      put('credentials/e-1234', {
        f: entry({ id: 'f', type: 'fedcloud', host: 'https://k:5000', project_id: 'p1', vo: 'vo1', password: 'old' }),
        o: entry({ id: 'o', type: 'OpenStack', host: 'https://o', auth_version: oidc, username: 'x', password: 'old' }),
        p: entry({ id: 'p', type: 'OpenStack', host: 'https://p', auth_version: '3.x_password', password: 'kept' }),
      });
      const { items } = await bearer();
      const expected: AuthItem[] = [
        {
          id: 'f',
          type: 'OpenStack',
          host: 'https://k:5000',
          username: 'egi.eu',
          tenant: 'openid',
          auth_version: oidc,
          password: token,
          domain: 'p1',
        },
        { id: 'o', type: 'OpenStack', host: 'https://o', auth_version: oidc, username: 'x', password: token },
        { id: 'p', type: 'OpenStack', host: 'https://p', auth_version: '3.x_password', password: 'kept' },
      ];
      expect(items.slice(0, 3)).to.deep.equal(expected);
    });

    it('of sites, which become their clouds', async () => {
      put('credentials/e-1234', { e: entry({ id: 'egi1', type: 'EGI', host: 'SITE', vo: 'vo1' }) });
      const answers: Record<string, unknown> = {
        '/site/SITE/': { url: 'https://keystone.site:5000/v3/' },
        '/site/SITE/projects': [{ name: 'vo1', id: 'p9' }],
      };
      const { call } = identityHouse(
        { oidcIssuers: [issuer.url], vaultUrl: kv.url },
        { egiFetcher: async (path) => answers[path] },
      );
      const [cloud] = (await call(`Bearer ${token}`)).clouds;
      expect(cloud).to.include({ id: 'egi1', type: 'OpenStack', server: 'keystone.site', port: 5000 });
      expect(cloud?.item).to.include({ password: token, domain: 'p9' });
    });

    it('of which none makes a user or leads to another Vault', async () => {
      put('credentials/e-1234', {
        root: entry(im({ username: 'root', password: 'x' })),
        more: entry({ type: 'Vault', host: kv.url, token }),
      });
      const caller = await bearer();
      expect(caller.owners.map(({ username }) => username)).to.deep.equal(['__OPENID__ann']);
      expect(caller.items).to.deep.equal([im({ token })]);
      expect(kv.requests).to.have.length(3);
    });
  });

  describe('that the caller names', () => {
    const named = (item: AuthItem, config: Partial<IdentityConfig> = { vaultUrl: '' }) => {
      const made = house(config);
      return {
        ...made,
        caller: () => made.authenticator.authenticate([im({ username: 'u' }), item, { type: 'Dummy' }]),
      };
    };

    it('are taken with the role, mount and path of the item', async () => {
      kv.role = 'r';
      put('m/p/q', one);
      const { caller } = named({ type: 'Vault', host: kv.url, token, role: 'r', mount_point: 'm/', path: 'p/q' });
      expect((await caller()).clouds.map(({ id }) => id)).to.deep.equal(['mine', 'Dummy2']);
    });

    const useless: readonly [string, AuthItem][] = [
      ['without a host', { type: 'Vault', token: 'CANARY' }],
      ['without a token', { type: 'Vault', host: 'https://vault' }],
      ['with a host that is no URL', { type: 'Vault', host: 'vault:8200', token: 'CANARY' }],
    ];
    for (const [what, item] of useless) {
      it(`are none ${what}; the item does no harm`, async () => {
        const { caller, lines } = named(item);
        expect((await caller()).clouds.map(({ id }) => id)).to.deep.equal(['Dummy1']);
        expect(lines).to.have.length(1);
        expect(lines[0]).to.contain('Vault').and.not.contain('CANARY');
      });
    }

    it('come from the first Vault only', async () => {
      put('credentials/e-1234', one);
      const { authenticator } = house();
      const item = { type: 'Vault', host: kv.url, token };
      const { clouds } = await authenticator.authenticate([im({ username: 'u' }), item, { ...item, path: 'x' }]);
      expect(clouds.map(({ id }) => id)).to.deep.equal(['mine']);
      expect(kv.requests).to.have.length(3);
    });

    it('never come from the metadata service of a cloud', async () => {
      for (const host of ['http://169.254.169.254/latest', 'http://[fe80::1]', 'http://0.0.0.0:1']) {
        const error = await refusalOf(named({ type: 'Vault', host, token }).caller());
        expect(error.message).to.match(/^Error getting Vault token: the address of .* is not allowed/);
      }
    });

    it('need nothing of the environment of the daemon', async () => {
      const saved = { ...process.env };
      Object.assign(process.env, {
        VAULT_TOKEN: 'CANARY',
        VAULT_PREFIX: '/p',
        VAULT_NAMESPACE: 'CANARY',
        VAULT_ADDR: 'http://127.0.0.1:1',
      });
      try {
        put('credentials/e-1234', one);
        await named({ type: 'Vault', host: kv.url, token }).caller();
      } finally {
        for (const name of ['VAULT_TOKEN', 'VAULT_PREFIX', 'VAULT_NAMESPACE', 'VAULT_ADDR']) {
          if (saved[name] === undefined) delete process.env[name];
          else process.env[name] = saved[name];
        }
      }
      expect(kv.requests).to.have.length(3);
      expect(JSON.stringify(kv.requests)).not.to.contain('"CANARY"');
      expect(kv.requests.some(({ headers }) => 'x-vault-namespace' in headers)).to.equal(false);
    });
  });

  describe('that cannot be had', () => {
    it('say what the Vault answers to the login', async () => {
      const { authenticator } = house();
      const items = [im({ username: 'u' }), { type: 'Vault', host: kv.url, token: 'abc' }];
      const error = await refusalOf(authenticator.authenticate(items));
      expect(error.status).to.equal(400);
      expect(error.message).to.equal('Error getting Vault token: 400 - {"errors":["error parsing token: bad jwt"]}');
    });

    it('show neither the token of the user nor that of the Vault', async () => {
      kv.role = 'other';
      const login = await refusalOf(bearer({ vaultRole: 'mine' }));
      expect(login.message).to.match(/^Error getting Vault token: 400 - .*could not be found for \*+/);
      kv.role = undefined;
      kv.loses = true;
      const lookup = await refusalOf(bearer());
      expect(lookup.message).to.match(/^Error authenticating against Vault: 403 - .*permission denied for \*+/);
      for (const error of [login, lookup]) {
        expect(everythingOf(error)).not.to.contain(token).and.not.contain(clientTokenOf('1234'));
      }
    });

    it('show nothing of a server that is no Vault', async () => {
      const item = { type: 'Vault', host: issuer.url, token };
      issuer.bent.set('login', { status: 500, body: 'INTERNAL PAGE' });
      const error = await refusalOf(house().authenticator.authenticate([im({ username: 'u' }), item]));
      expect(error.message).to.equal('Error getting Vault token: 500');
      issuer.bent.set('login', { status: 200, body: '{"secret":"INTERNAL"}', type: 'application/json' });
      const empty = await refusalOf(house().authenticator.authenticate([im({ username: 'u' }), item]));
      expect(empty.message).to.equal('Error getting Vault token: the answer holds none.');
    });

    it('say so when nobody listens', async () => {
      await kv.close();
      const error = await refusalOf(bearer());
      expect(error.code).to.equal('provider');
      expect(error.message).to.match(/^Error getting Vault token: .*ECONNREFUSED/);
    });

    it('end with the call', async () => {
      const { authenticator, identity } = house();
      const signal = AbortSignal.abort(new Error('gone'));
      let reason: unknown;
      await authenticator.authenticate(identity.readHeader(`Bearer ${token}`), signal).catch((error: unknown) => {
        reason = error;
      });
      expect(reason).to.equal(signal.reason);
      expect(kv.requests).to.deep.equal([]);
    });
  });
});
