// SPDX-License-Identifier: Apache-2.0
// The check of tokens against the certified oidc-provider package: its own tokens, introspection, userinfo and keys.
import { expect } from 'chai';
import { allowInsecureRequests, ClientSecretBasic, clientCredentialsGrant, discovery } from 'openid-client';
import type { IdentityConfig } from '../../../src/auth/index.js';
import { identityHouse } from '../identity-house.js';
import { REAL_CLIENT, type RealIssuer, startRealIssuer } from './real-issuer.js';

const WRONG = 'Invalid InfrastructureManager credentials.';
const CLIENT = { oidcClientId: REAL_CLIENT.id, oidcClientSecret: REAL_CLIENT.secret };

describe('a real issuer', function () {
  this.timeout(60_000);
  let issuer: RealIssuer;
  let other: RealIssuer;
  before(async () => {
    const users = [{ sub: 'u1', preferred_username: 'ann', groups: ['lab'] }, { sub: 'u2' }];
    issuer = await startRealIssuer(users);
    other = await startRealIssuer(users);
  });
  after(async () => {
    await issuer.close();
    await other.close();
  });
  const house = (config: Partial<IdentityConfig>, options = {}) =>
    identityHouse({ oidcIssuers: [issuer.url], ...config }, options);

  describe('with introspection', () => {
    it('confirms its token and names the user', async () => {
      const token = await issuer.opaqueToken('u1');
      expect(await house(CLIENT).owner(token)).to.deep.equal({
        username: '__OPENID__ann',
        password: `${issuer.url}/u1`,
        token,
      });
    });

    it('does not know the token of another issuer, a revoked one, nor a changed one', async () => {
      const revoked = await issuer.opaqueToken('u1');
      await issuer.revoke(revoked);
      const { refusal } = house(CLIENT);
      for (const token of [await other.opaqueToken('u1'), revoked, `${await issuer.opaqueToken('u1')}x`]) {
        expect((await refusal(token)).message).to.equal(`${WRONG} Invalid token or Client credentials.`);
      }
    });

    it('wants the right client', async () => {
      const token = await issuer.opaqueToken('u1');
      const error = await house({ ...CLIENT, oidcClientSecret: 'other' }).refusal(token);
      expect(error.message).to.equal(`${WRONG} Invalid token or Client credentials.`);
    });

    it('tells scopes and groups', async () => {
      const token = await issuer.opaqueToken('u1', 'openid profile');
      const wanted = { ...CLIENT, oidcScopes: ['openid', 'profile'], oidcGroups: ['lab'] };
      expect((await house(wanted).owner(token))?.username).to.equal('__OPENID__ann');
      expect((await house({ ...CLIENT, oidcScopes: ['email'] }).refusal(token)).message).to.equal(
        `${WRONG} Scopes email not in introspection scopes: openid profile`,
      );
      expect((await house({ ...CLIENT, oidcGroups: ['root'] }).refusal(token)).message).to.equal(
        `${WRONG} User not in configured groups.`,
      );
    });

    it('lets no service in with a token of its own, which belongs to nobody', async () => {
      const client = await discovery(
        new URL(issuer.url),
        REAL_CLIENT.id,
        undefined,
        ClientSecretBasic(REAL_CLIENT.secret),
        {
          execute: [allowInsecureRequests],
        },
      );
      const { access_token: token } = await clientCredentialsGrant(client);
      expect((await house(CLIENT).refusal(token)).message).to.equal(`${WRONG} The OIDC auth token has no claim 'sub'.`);
    });
  });

  describe('with its keys', () => {
    const local = { oidcLocalVerification: true, oidcAudience: 'urn:im' };

    it('signs tokens that are good without asking about them', async () => {
      const token = await issuer.jwtToken('u2', 'urn:im');
      expect(await house(local).owner(token)).to.deep.equal({
        username: '__OPENID__u2',
        password: `${issuer.url}/u2`,
        token,
      });
    });

    it('signs tokens that end, and tokens for others', async () => {
      const token = await issuer.jwtToken('u1', 'urn:im');
      const later = house(local, { now: () => Date.now() + 2 * 3_600_000 });
      expect((await later.refusal(token)).message).to.equal(`${WRONG} OIDC auth Token expired.`);
      const forOthers = await issuer.jwtToken('u1', 'urn:other');
      expect((await house(local).refusal(forOthers)).message).to.equal(`${WRONG} Audience not accepted.`);
    });

    it('refuses tokens of another issuer, even in the name of this one, and changed tokens', async () => {
      const { refusal } = house(local);
      const alien = await other.jwtToken('u1', 'urn:im');
      expect((await refusal(alien)).message).to.equal(`${WRONG} Issuer not accepted.`);
      const [head, payload, signature] = alien.split('.');
      const rewritten = (text = '') => {
        const claims = { ...JSON.parse(Buffer.from(text, 'base64url').toString()), iss: issuer.url, sub: 'u2' };
        return Buffer.from(JSON.stringify(claims)).toString('base64url');
      };
      const [ownHead, ownPayload, ownSignature] = (await issuer.jwtToken('u1', 'urn:im')).split('.');
      for (const token of [
        `${head}.${rewritten(payload)}.${signature}`,
        `${ownHead}.${rewritten(ownPayload)}.${ownSignature}`,
      ]) {
        expect((await refusal(token)).message).to.equal(`${WRONG} The signature of the token is not valid.`);
      }
    });
  });

  it('does not take its opaque tokens where nobody can read them', async () => {
    const error = await house({}).refusal(await issuer.opaqueToken('u1'));
    expect(error.code).to.equal('bad-request');
    expect(error.message).to.match(/^Error trying to decode OIDC auth token: /);
  });
});
