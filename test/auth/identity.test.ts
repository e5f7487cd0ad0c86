// SPDX-License-Identifier: Apache-2.0
// The canary: whatever goes wrong with a token or a Vault, no secret is in an error or in the log.
import { expect } from 'chai';
import type { IdentityConfig } from '../../src/auth/index.js';
import { everythingOf, identityHouse, im, refusalOf } from './identity-house.js';
import { type BentAnswer, type SigningIssuer, startSigningIssuer } from './oidc/signing-issuer.js';
import { type KvServer, startKvServer } from './vault/kv-server.js';

const CLIENT = { oidcClientId: 'client', oidcClientSecret: 'CANARY-client-secret' };

describe('tokens that this service gave to nodes', () => {
  for (const token of ['im-infrastructure.x', 'im-call-home.x']) {
    it(`go neither to a Vault nor to a cloud: ${token}`, () => {
      for (const config of [
        { vaultUrl: 'https://vault' },
        { singleSite: true, singleSiteType: 'OpenStack', singleSiteAuthHost: 'https://ks' },
      ]) {
        expect(identityHouse(config).identity.readHeader(`Bearer ${token}`)).to.deep.equal([im({ token })]);
      }
    });
  }
});

describe('secrets of identity', () => {
  let issuer: SigningIssuer;
  let kv: KvServer;
  before(async () => {
    issuer = await startSigningIssuer();
    kv = await startKvServer();
    issuer.basic = Buffer.from('client:CANARY-client-secret').toString('base64');
  });
  after(async () => {
    await issuer.close();
    await kv.close();
  });
  beforeEach(() => {
    issuer.users.clear();
    issuer.users.set('1234', { sub: '1234' });
    issuer.bent.clear();
  });

  /** An issuer that repeats whatever it gets. */
  const echo = (status: number): BentAnswer => ({ status, type: 'application/json', echoes: true });

  const configs: readonly [string, Partial<IdentityConfig>][] = [
    ['userinfo', {}],
    ['introspection', CLIENT],
    ['the keys', { oidcLocalVerification: true }],
  ];
  for (const [way, config] of configs) {
    it(`stay out of errors and log lines when tokens are checked by ${way}`, async () => {
      const tokens = [
        await issuer.token({ sub: '1234', CANARY: 'CANARY' }),
        await issuer.token({ sub: 'ghost', CANARY: 'CANARY' }),
        await issuer.token({ sub: '1234', exp: 1 }),
        await issuer.token({ sub: '1234', iss: 'https://other' }),
        await issuer.token({ CANARY: 'CANARY' }),
        'CANARY-opaque',
        'CANARY.CANARY.CANARY',
        'CANARY\r\nX-Evil: 1',
        '',
        `${'A'.repeat(200_000)}.CANARY`,
      ];
      const endpoints = ['openid-configuration', 'userinfo', 'introspect', 'jwks'];
      let checks = 0;
      for (const token of tokens) {
        const troubles = [
          undefined,
          ...endpoints.flatMap((endpoint) => [400, 401, 404, 500].map((status) => ({ endpoint, bent: echo(status) }))),
          ...endpoints.map((endpoint) => ({ endpoint, bent: echo(200) })),
        ];
        for (const trouble of troubles) {
          issuer.bent.clear();
          if (trouble) issuer.bent.set(trouble.endpoint, trouble.bent);
          const { enter, lines } = identityHouse({ oidcIssuers: [issuer.url], oidcScopes: ['s'], ...config });
          const error = await refusalOf(enter(token)); // nobody has the scope
          const shown = `${everythingOf(error)}\n${lines.join('\n')}`;
          expect(shown, JSON.stringify(trouble?.endpoint)).not.to.contain('CANARY');
          expect(shown).not.to.contain(issuer.basic);
          if (token !== '') expect(shown).not.to.contain(token);
          checks += 1;
        }
      }
      expect(checks).to.equal(tokens.length * 21);
    });
  }

  it('stay out of the log when all is well', async () => {
    const token = await issuer.token({ sub: '1234' });
    kv.secrets.set('credentials/e-1234', {
      version: 1,
      data: { a: JSON.stringify({ id: 'a', type: 'Dummy', password: 'CANARY' }), bad: 'CANARY' },
    });
    const { call, lines } = identityHouse({ oidcIssuers: [issuer.url], vaultUrl: kv.url });
    expect((await call(`Bearer ${token}`)).clouds).to.have.length(1);
    expect(lines).to.have.length(1);
    expect(lines.join('\n')).not.to.contain('CANARY').and.not.contain(token);
  });

  it('of several users in one call are all checked', async () => {
    const good = await issuer.token({ sub: '1234' });
    const bad = await issuer.token({ sub: 'ghost' });
    const { authenticator } = identityHouse({ oidcIssuers: [issuer.url] });
    const caller = await authenticator.authenticate([im({ token: good }), im({ username: 'u', password: 'p' })]);
    expect(caller.owners.map(({ username }) => username)).to.deep.equal(['__OPENID__1234', 'u']);
    const error = await refusalOf(authenticator.authenticate([im({ token: good }), im({ token: bad })]));
    expect(error.code).to.equal('invalid-credentials');
  });
});
