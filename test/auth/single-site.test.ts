// SPDX-License-Identifier: Apache-2.0
// The single-site mode: what the header brings, which items count, and where images are (configuration.md §4).
import { expect } from 'chai';
import { type IdentityConfig, singleSiteImageUrl } from '../../src/auth/index.js';
import { identityHouse, im, NO_IDENTITY } from './identity-house.js';
import { startSigningIssuer } from './oidc/signing-issuer.js';

const SITE = {
  singleSite: true,
  singleSiteType: 'OpenNebula',
  singleSiteAuthHost: 'http://one.example:2633',
  singleSiteImageUrlPrefix: 'one://one.example/',
};
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the single-site mode', () => {
  it('makes the cloud of a Basic header, which also names the user', async () => {
    const caller = await identityHouse(SITE).call(basic('ann:p:w é'));
    expect(caller.owners).to.deep.equal([{ username: 'ann', password: 'p:w é' }]);
    expect(caller.clouds.map(({ item }) => item)).to.deep.equal([
      { type: 'OpenNebula', host: 'http://one.example:2633', username: 'ann', password: 'p:w é' },
    ]);
  });

  it('makes the cloud of a Bearer header, by its type, without a Vault', async () => {
    const issuer = await startSigningIssuer();
    try {
      issuer.users.set('1', { sub: '1' });
      const token = await issuer.token({ sub: '1' });
      const item = async (config: Partial<IdentityConfig>) => {
        const made = identityHouse({ ...SITE, oidcIssuers: [issuer.url], vaultUrl: 'http://127.0.0.1:1', ...config });
        return (await made.call(`Bearer ${token}`)).items.slice(1);
      };
      const host = SITE.singleSiteAuthHost;
      expect(await item({})).to.deep.equal([{ type: 'OpenNebula', host, token }]);
      expect(await item({ singleSiteType: 'OpenStack' })).to.deep.equal([
        { type: 'OpenStack', host, username: 'indigo-dc', tenant: 'oidc', password: token },
      ]);
    } finally {
      await issuer.close();
    }
  });

  it('keeps only the user, image catalogues and that cloud, whose host it sets', async () => {
    const { items } = await identityHouse(SITE).authenticator.authenticate([
      im({ username: 'u' }),
      { type: 'EC2', username: 'k' },
      { type: 'VMRC', host: 'http://vmrc' },
      { type: 'OpenNebula', id: 'one', host: 'http://elsewhere', username: 'a' },
      { type: 'Vault', host: 'http://127.0.0.1:1', token: 't' },
    ]);
    expect(items).to.deep.equal([
      im({ username: 'u' }),
      { type: 'VMRC', host: 'http://vmrc' },
      { type: 'OpenNebula', id: 'one', host: 'http://one.example:2633', username: 'a' },
    ]);
  });

  it('says where an image is, whatever the document says', () => {
    const config = { ...NO_IDENTITY, ...SITE };
    expect(singleSiteImageUrl(config, 'ost://cloud.example:5000/images/67')).to.equal('one://one.example/67');
    expect(singleSiteImageUrl({ ...config, singleSiteImageUrlPrefix: 'one://one.example' }, '7/')).to.equal(
      'one://one.example/7',
    );
  });

  it('changes nothing when it is off', async () => {
    const caller = await identityHouse({ ...SITE, singleSite: false }).call(basic('ann:pw'));
    expect(caller.items).to.deep.equal([im({ username: 'ann', password: 'pw' })]);
  });
});
