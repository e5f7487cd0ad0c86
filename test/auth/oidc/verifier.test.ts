// SPDX-License-Identifier: Apache-2.0
// The steps by which a token lets its user in (auth.md §8.2): order, texts, and the traps of the reference.
import { expect } from 'chai';
import { exportPKCS8, generateKeyPair, SignJWT } from 'jose';
import type { IdentityConfig } from '../../../src/auth/index.js';
import { identityHouse } from '../identity-house.js';
import { type SigningIssuer, startSigningIssuer } from './signing-issuer.js';

const WRONG = 'Invalid InfrastructureManager credentials.';
const CLIENT = { oidcClientId: 'client', oidcClientSecret: 's3cret' };

describe('the check of a token', () => {
  let issuer: SigningIssuer;
  beforeEach(async () => {
    issuer = await startSigningIssuer('/realms/x');
    issuer.users.set('1234', { sub: '1234', preferred_username: 'ann', name: 'Ann A', groups: ['lab', 'staff'] });
    issuer.users.set('5678', { sub: '5678', name: 'Bob B' });
    issuer.users.set('9999', { sub: '9999' });
  });
  afterEach(() => issuer.close());
  const house = (config: Partial<IdentityConfig> = {}, options = {}) =>
    identityHouse({ oidcIssuers: [issuer.url], ...config }, options);

  describe('by userinfo', () => {
    it('makes the user of preferred_username, or name, or subject, and the identity of issuer and subject', async () => {
      const { owner } = house();
      const ann = await issuer.token({ sub: '1234' });
      expect(await owner(ann)).to.deep.equal({
        username: '__OPENID__ann',
        password: `${issuer.url}/1234`,
        token: ann,
      });
      expect((await owner(await issuer.token({ sub: '5678' })))?.username).to.equal('__OPENID__Bob B');
      expect((await owner(await issuer.token({ sub: '9999' })))?.username).to.equal('__OPENID__9999');
    });

    it('asks userinfo with the token as Bearer, and the discovery document only once', async () => {
      const { owner } = house();
      const first = await issuer.token({ sub: '1234' });
      await owner(first);
      await owner(await issuer.token({ sub: '5678' }));
      expect(issuer.requests.map(({ what }) => what)).to.deep.equal(['openid-configuration', 'userinfo', 'userinfo']);
      expect(issuer.requests[1]?.authorization).to.equal(`Bearer ${first}`);
    });

    it('takes the token from a Bearer header in quotes', async () => {
      const token = await issuer.token({ sub: '1234' });
      const { owners } = await house().call(`Bearer '${token}'`);
      expect(owners[0].username).to.equal('__OPENID__ann');
    });

    it('refuses an expired token without asking', async () => {
      const error = await house().refusal(await issuer.token({ sub: '1234', exp: 1 }));
      expect(error).to.include({ code: 'invalid-credentials', message: `${WRONG} OIDC auth Token expired.` });
      expect(issuer.requests).to.deep.equal([]);
    });

    it('refuses another issuer, letter by letter', async () => {
      const { refusal } = house();
      for (const iss of ['https://other.example/', `${issuer.url}/`]) {
        const error = await refusal(await issuer.token({ iss, sub: '1234' }));
        expect(error.message).to.equal(`${WRONG} Issuer not accepted.`);
      }
      expect(issuer.requests).to.deep.equal([]);
    });

    it('says what the issuer answers to a token that it refuses', async () => {
      const error = await house().refusal(await issuer.token({ sub: 'ghost' }));
      expect(error).to.include({
        code: 'invalid-credentials',
        message: `${WRONG} Code: 401. Message: invalid_token..`,
      });
    });

    it('refuses a token whose claims were changed', async () => {
      const [head, , signature] = (await issuer.token({ sub: '5678' })).split('.');
      const claims = { iss: issuer.url, sub: '1234', exp: 4_102_444_800 };
      const forged = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
      expect((await house().refusal(forged)).message).to.equal(`${WRONG} Code: 401. Message: invalid_token..`);
    });

    it('refuses user information about another subject', async () => {
      issuer.users.set('1234', { sub: '5678', preferred_username: 'bob' });
      const error = await house().refusal(await issuer.token({ sub: '1234' }));
      expect(error.message).to.equal(`${WRONG} The user information is about another subject than the token.`);
    });

    it('takes the subject from userinfo when the token has none', async () => {
      issuer.bent.set('userinfo', { status: 200, type: 'application/json', body: '{"sub":"1234"}' });
      expect((await house().owner(await issuer.token({})))?.password).to.equal(`${issuer.url}/1234`);
    });

    it('does without an introspection endpoint', async () => {
      issuer.document = { ...issuer.document, introspection_endpoint: undefined };
      expect((await house().owner(await issuer.token({ sub: '1234' })))?.username).to.equal('__OPENID__ann');
    });

    it('joins issuer and path of the document with one slash', async () => {
      issuer.document = { ...issuer.document, issuer: `${issuer.url}/` };
      const { owner } = identityHouse({ oidcIssuers: [`${issuer.url}/`] });
      const ann = await owner(await issuer.token({ iss: `${issuer.url}/`, sub: '1234' }));
      expect(ann?.password).to.equal(`${issuer.url}/1234`);
    });

    it('makes one harmless line of whatever the issuer calls the user', async () => {
      issuer.users.set('1234', { sub: '1234', preferred_username: `a\nb\u2028c${'x'.repeat(1000)}` });
      const name = (await house().owner(await issuer.token({ sub: '1234' })))?.username ?? '';
      expect(name).to.match(/^__OPENID__a b cx+$/);
      expect(name.length).to.be.at.most(270);
    });
  });

  describe('by introspection', () => {
    it('posts the token with the client credentials, then asks userinfo for the name', async () => {
      const { owner } = house(CLIENT);
      const token = await issuer.token({ sub: '1234' });
      expect((await owner(token))?.username).to.equal('__OPENID__ann');
      const [, introspection, userinfo] = issuer.requests;
      expect(introspection?.what).to.equal('introspect');
      expect(introspection?.authorization).to.equal(`Basic ${Buffer.from('client:s3cret').toString('base64')}`);
      expect(Object.fromEntries(new URLSearchParams(introspection?.body))).to.deep.equal({
        token,
        token_type_hint: 'access_token',
      });
      expect(userinfo?.what).to.equal('userinfo');
    });

    it('refuses a token that is not active', async () => {
      const [head, payload] = (await issuer.token({ sub: '1234' })).split('.');
      const error = await house(CLIENT).refusal(`${head}.${payload}.AAAA`);
      expect(error).to.include({
        code: 'invalid-credentials',
        message: `${WRONG} Invalid token or Client credentials.`,
      });
    });

    it('refuses everybody with wrong client credentials, and tells the operator', async () => {
      const { refusal, lines } = house({ ...CLIENT, oidcClientSecret: 'WRONGSECRET' });
      expect((await refusal(await issuer.token({ sub: '1234' }))).message).to.equal(
        `${WRONG} Invalid token or Client credentials.`,
      );
      expect(lines.join('\n'))
        .to.match(/check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET/)
        .and.not.contain('WRONGSECRET');
    });

    it('sends credentials with odd characters as the issuer wants them, and remembers how', async () => {
      const config = { oidcClientId: 'cl-ient', oidcClientSecret: 's/3' };
      issuer.basic = Buffer.from('cl-ient:s/3').toString('base64');
      const { owner } = house(config);
      await owner(await issuer.token({ sub: '1234' }));
      await owner(await issuer.token({ sub: '5678' }));
      expect(issuer.count('introspect')).to.equal(3);
      issuer.basic = Buffer.from('cl%2Dient:s%2F3').toString('base64');
      expect((await house(config).owner(await issuer.token({ sub: '1234' })))?.username).to.equal('__OPENID__ann');
    });

    it('looks at the issuer of the answer, which need not name it', async () => {
      const { refusal } = house(CLIENT);
      const alien = await issuer.token({ sub: '1234', iss: 'https://other.example/' });
      expect((await refusal(alien)).message).to.equal(`${WRONG} Issuer not accepted.`);
      issuer.introspection = { iss: undefined };
      const owner = await house(CLIENT).owner(await issuer.token({ sub: '1234' }));
      expect(owner?.password).to.equal(`${issuer.url}/1234`);
    });

    it('lets the user in when userinfo fails, under the name of the claims', async () => {
      issuer.bent.set('userinfo', { status: 500, body: 'broken' });
      issuer.introspection = { username: 'ann@idp' };
      const { owner, lines } = house(CLIENT);
      expect((await owner(await issuer.token({ sub: '1234' })))?.username).to.equal('__OPENID__ann@idp');
      expect(lines.join('\n')).to.contain('could not be read');
      issuer.introspection = {};
      expect((await house(CLIENT).owner(await issuer.token({ sub: '1234' })))?.username).to.equal('__OPENID__1234');
    });

    it('finds groups in userinfo when the answer has none', async () => {
      const { enter } = house({
        ...CLIENT,
        oidcGroups: ['lab', 'staff'],
        oidcAdminGroups: [{ issuer: issuer.url, group: 'staff' }],
      });
      expect((await enter(await issuer.token({ sub: '1234' }))).isAdmin).to.equal(true);
    });

    it('takes a token without form, which only the issuer can read', async () => {
      issuer.bent.set('introspect', {
        status: 200,
        type: 'application/json',
        body: JSON.stringify({ active: true, sub: '77', username: 'opaque' }),
      });
      issuer.bent.set('userinfo', { status: 404 });
      const owner = await house(CLIENT).owner('opaque-token');
      expect(owner).to.include({ username: '__OPENID__opaque', password: `${issuer.url}/77` });
    });

    it('is not used with several issuers', async () => {
      const { owner } = house({ ...CLIENT, oidcIssuers: [issuer.url, 'https://second.example'] });
      await owner(await issuer.token({ sub: '1234' }));
      expect(issuer.count('introspect')).to.equal(0);
    });
  });

  describe('by the keys of the issuer', () => {
    const local = { oidcLocalVerification: true };

    it('asks for the keys, and for nothing else when the token names the user', async () => {
      const { owner } = house({ ...local, ...CLIENT });
      await owner(await issuer.token({ sub: '1234', preferred_username: 'ann', typ: 'Bearer' }));
      const second = await owner(await issuer.token({ sub: '5678', name: 'Bob' }, { typ: 'at+jwt' }));
      expect(second?.username).to.equal('__OPENID__Bob');
      expect(issuer.requests.map(({ what }) => what)).to.deep.equal(['openid-configuration', 'jwks']);
    });

    it('asks userinfo for the name when the token has none', async () => {
      expect((await house(local).owner(await issuer.token({ sub: '1234' })))?.username).to.equal('__OPENID__ann');
    });

    it('refuses what was not signed by the issuer', async () => {
      const { refusal } = house(local);
      const bad = `${WRONG} The signature of the token is not valid.`;
      const stranger = await generateKeyPair('RS256', { extractable: true });
      const claims = { iss: issuer.url, sub: '1234', exp: 4_102_444_800 };
      const forged = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .sign(stranger.privateKey);
      const unknownKey = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'k2' })
        .sign(stranger.privateKey);
      const secret = Buffer.from(await exportPKCS8(stranger.privateKey));
      const shared = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const unsigned = `${encode({ alg: 'none' })}.${encode(claims)}.`;
      const [head, payload, signature] = (await issuer.token({ sub: '1234' })).split('.');
      const changed = `${head}.${encode({ ...claims, sub: '5678' })}.${signature}`;
      const cut = `${head}.${payload}.`;
      for (const token of [forged, unknownKey, shared, unsigned, changed, cut]) {
        const error = await refusal(token);
        expect(error).to.include({ code: 'invalid-credentials', message: bad });
      }
    });

    it('refuses a token of the future and an ID token', async () => {
      const { refusal } = house(local);
      const early = await refusal(await issuer.token({ sub: '1234', nbf: 4_102_444_000 }));
      expect(early.message).to.equal(`${WRONG} The token is not valid yet.`);
      for (const token of [
        await issuer.token({ sub: '1234', at_hash: 'x' }),
        await issuer.token({ sub: '1234', typ: 'ID' }),
        await issuer.token({ sub: '1234' }, { typ: 'logout+jwt' }),
      ]) {
        expect((await refusal(token)).message).to.equal(`${WRONG} The token is no access token.`);
      }
    });

    it('is no refusal when the keys cannot be had', async () => {
      issuer.bent.set('jwks', { status: 503 });
      const error = await house(local).refusal(await issuer.token({ sub: '1234' }));
      expect(error.code).to.equal('provider');
      issuer.document = { ...issuer.document, jwks_uri: undefined };
      expect((await house(local).refusal(await issuer.token({ sub: '1234' }))).message).to.contain('no keys');
    });
  });

  describe('of audience, scopes and groups', () => {
    const audiences: readonly [string, string | string[] | undefined, boolean][] = [
      ['a text', 'im', true],
      ['a list with commas', 'other, im', true],
      ['an array', ['other', 'im'], true],
      ['another one', 'imx', false],
      ['an array of others', ['x', 'y'], false],
      ['none', undefined, false],
    ];
    for (const [what, aud, isAccepted] of audiences) {
      it(`${isAccepted ? 'accepts' : 'refuses'} ${what} as audience`, async () => {
        const { enter, refusal } = house({ oidcAudience: 'im' });
        const token = await issuer.token({ sub: '1234', ...(aud !== undefined && { aud }) });
        if (isAccepted) expect((await enter(token)).owners).to.have.length(1);
        else expect((await refusal(token)).message).to.equal(`${WRONG} Audience not accepted.`);
      });
    }

    it('wants all scopes', async () => {
      const { enter, refusal } = house({ ...CLIENT, oidcScopes: ['openid', 'profile'] });
      expect((await enter(await issuer.token({ sub: '1234', scope: 'openid profile x' }))).owners).to.have.length(1);
      expect((await refusal(await issuer.token({ sub: '1234', scope: 'openid' }))).message).to.equal(
        `${WRONG} Scopes openid profile not in introspection scopes: openid`,
      );
      expect((await refusal(await issuer.token({ sub: '1234' }))).message).to.equal(
        `${WRONG} No scope obtained from introspection.`,
      );
    });

    it('wants all groups, in the claim that is configured', async () => {
      const required = { oidcGroups: ['g1', 'g2'] };
      const out = `${WRONG} User not in configured groups.`;
      issuer.users.set('1234', { sub: '1234', groups: ['g1'], roles: ['g2', 'g1'] });
      const token = await issuer.token({ sub: '1234' });
      expect(await house(required).refusal(token)).to.include({ code: 'invalid-credentials', message: out });
      expect((await house({ ...required, oidcGroupsClaim: 'roles' }).enter(token)).owners).to.have.length(1);
      expect((await house({ ...required, oidcGroupsClaim: 'none' }).refusal(token)).message).to.equal(out);
    });

    it('takes groups from the token before those of userinfo', async () => {
      const { enter, refusal } = house({ oidcGroups: ['vip'] });
      expect((await enter(await issuer.token({ sub: '1234', groups: ['vip'] }))).owners).to.have.length(1);
      expect((await refusal(await issuer.token({ sub: '1234', groups: [] }))).code).to.equal('invalid-credentials');
    });

    it('does not call a user a stranger when the groups cannot be read', async () => {
      issuer.bent.set('userinfo', { status: 502, body: 'bad gateway' });
      const error = await house({ ...CLIENT, oidcGroups: ['lab'] }).refusal(await issuer.token({ sub: '1234' }));
      expect(error.code).to.equal('provider');
    });

    it('asks in the order of the specification', async () => {
      const { refusal } = house({ oidcAudience: 'im', oidcScopes: ['s'], oidcGroups: ['g'] });
      const texts = [
        await refusal(await issuer.token({ sub: '1234' })),
        await refusal(await issuer.token({ sub: '1234', aud: 'im' })),
        await refusal(await issuer.token({ sub: '1234', aud: 'im', scope: 's' })),
      ].map(({ message }) => message);
      expect(texts).to.deep.equal([
        `${WRONG} Audience not accepted.`,
        `${WRONG} No scope obtained from introspection.`,
        `${WRONG} User not in configured groups.`,
      ]);
    });
  });

  describe('of administrators', () => {
    it('knows them by group, whatever the final slash of the issuer', async () => {
      const token = await issuer.token({ sub: '1234' });
      for (const suffix of ['', '/']) {
        const { enter } = house({ oidcAdminGroups: [{ issuer: `${issuer.url}${suffix}`, group: 'staff' }] });
        expect((await enter(token)).isAdmin).to.equal(true);
      }
      const others = house({
        oidcAdminGroups: [
          { issuer: 'https://other.example', group: 'staff' },
          { issuer: issuer.url, group: 'root' },
        ],
      });
      expect((await others.enter(token)).isAdmin).to.equal(false);
    });

    it('knows them by name and identity', async () => {
      const admin = { username: '__OPENID__ann', password: `${issuer.url}/1234` };
      const token = await issuer.token({ sub: '1234' });
      expect((await house({}, { adminUsers: [admin] }).enter(token)).isAdmin).to.equal(true);
      issuer.users.set('5678', { sub: '5678', preferred_username: 'ann' });
      const namesake = await issuer.token({ sub: '5678' });
      expect((await house({}, { adminUsers: [admin] }).enter(namesake)).isAdmin).to.equal(false);
    });
  });

  describe('when the issuer is in trouble', () => {
    it('is no refusal of the token', async () => {
      const token = await issuer.token({ sub: '1234' });
      const { refusal } = house();
      const troubles = [
        { status: 503, body: 'down' },
        { status: 429, body: 'slower' },
        { status: 200, type: 'text/html', body: '<html>' },
        { status: 200, type: 'application/json', body: '{"no json' },
        { status: 200, type: 'application/json', body: `{"sub":"1234","x":"${'x'.repeat(2 ** 20)}"}` },
      ];
      for (const trouble of troubles) {
        issuer.bent.set('userinfo', trouble);
        const error = await refusal(token);
        expect(error.code, error.message).to.equal('provider');
        expect(error.message).to.match(/^The token cannot be checked: the OIDC issuer http:.*Try again later\.$/);
        expect(error.message.length).to.be.below(600);
      }
    });

    it('tries again: failures are not remembered', async () => {
      const { refusal, owner } = house();
      const token = await issuer.token({ sub: '1234' });
      issuer.bent.set('openid-configuration', { status: 500 });
      expect((await refusal(token)).code).to.equal('provider');
      issuer.bent.clear();
      expect((await owner(token))?.username).to.equal('__OPENID__ann');
    });

    it('reads the document again when an endpoint has moved, and after an hour', async () => {
      let now = 1_800_000_000_000;
      const { owner, refusal } = house({}, { now: () => now });
      issuer.document = { ...issuer.document, userinfo_endpoint: `${issuer.url}/moved` };
      expect((await refusal(await issuer.token({ sub: '1234' }))).message).to.contain('Code: 404');
      issuer.document = { ...issuer.document, userinfo_endpoint: `${issuer.url}/userinfo` };
      await owner(await issuer.token({ sub: '1234' }));
      expect(issuer.count('openid-configuration')).to.equal(2);
      now += 3_600_000;
      await owner(await issuer.token({ sub: '1234' }));
      expect(issuer.count('openid-configuration')).to.equal(3);
    });

    it('refuses the document of another issuer', async () => {
      issuer.document = { ...issuer.document, issuer: 'https://evil.example' };
      expect((await house().refusal(await issuer.token({ sub: '1234' }))).code).to.equal('provider');
    });

    it('says so when nobody listens', async () => {
      await issuer.close();
      const error = await house().refusal(await issuer.token({ sub: '1234' }));
      expect(error).to.have.property('code', 'provider');
      expect(error.message).to.contain('ECONNREFUSED');
    });

    it('does not ask over the network without TLS, unless nothing is verified', async () => {
      const iss = 'http://idp.invalid/realm';
      const token = await issuer.token({ iss, sub: '1234' });
      const strict = await house({ oidcIssuers: [iss] }).refusal(token);
      expect(strict.message).to.contain('without TLS');
      const lax = await house({ oidcIssuers: [iss], verifySsl: false }).refusal(token);
      expect(lax.message).to.contain('idp.invalid').and.not.contain('without TLS');
    });
  });

  describe('again', () => {
    it('asks nothing for up to a minute, and not past the expiry', async () => {
      let now = 1_800_000_000_000;
      const { owner, refusal } = house({}, { now: () => now });
      const long = await issuer.token({ sub: '1234' });
      await owner(long);
      now += 59_000;
      expect((await owner(long))?.token).to.equal(long);
      expect(issuer.count('userinfo')).to.equal(1);
      now += 2_000;
      await owner(long);
      expect(issuer.count('userinfo')).to.equal(2);

      const short = await issuer.token({ sub: '5678', exp: now / 1000 + 10 });
      await owner(short);
      now += 11_000;
      expect((await refusal(short)).message).to.equal(`${WRONG} OIDC auth Token expired.`);
    });

    it('shares one question between equal checks at the same time', async () => {
      let open = () => {};
      issuer.bent.set('userinfo', {
        after: new Promise<void>((resolve) => {
          open = resolve;
        }),
      });
      const { owner } = house();
      const token = await issuer.token({ sub: '1234' });
      const checks = Array.from({ length: 20 }, () => owner(token));
      open();
      expect(new Set((await Promise.all(checks)).map((found) => found?.username))).to.deep.equal(
        new Set(['__OPENID__ann']),
      );
      expect(issuer.count('userinfo')).to.equal(1);
      expect(issuer.count('openid-configuration')).to.equal(1);
    });

    it('asks again about a token that was refused', async () => {
      const { refusal, owner } = house();
      const token = await issuer.token({ sub: 'late' });
      await refusal(token);
      issuer.users.set('late', { sub: 'late' });
      expect((await owner(token))?.username).to.equal('__OPENID__late');
    });
  });

  it('wants tokens only, when configured so', async () => {
    const { authenticator } = house({}, { forceOidcAuth: true });
    const caller = await authenticator.authenticate([
      { type: 'InfrastructureManager', token: await issuer.token({ sub: '1234' }), username: 'ignored' },
    ]);
    expect(caller.owners[0].username).to.equal('__OPENID__ann');
  });
});
