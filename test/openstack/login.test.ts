// SPDX-License-Identifier: Apache-2.0
// Logins with the real Keystone, and quotas of who is logged in (openstack.md §12; the numbers are those of its list).
import { expect } from 'chai';
import type { AuthItem } from '../../src/domain/index.js';
import { failure, never } from '../connectors/support.js';
import { ADMIN, connectLab, labCall, labFile, needLab, OTHER } from '../support/openstack-lab/lab.js';

describe('OpenStack logins and quotas', () => {
  before(function () {
    needLab(this);
  });

  const QUOTAS = ['cores', 'ram', 'instances', 'floating_ips', 'security_groups', 'volumes', 'volume_storage'];
  const works = async (item: AuthItem): Promise<void> => {
    expect(Object.keys(await connectLab(item).quotas!(never))).to.deep.equal(QUOTAS);
  };
  const refusal = async (item: AuthItem): Promise<string> => (await failure(connectLab(item).quotas!(never))).message;

  it('takes a password of another user domain (1)', async () => {
    await works({ username: 'ana', password: 'p;w', domain: 'Users', tenant_domain_id: 'default' });
    expect(await refusal({ username: 'ana', password: 'wrong', domain: 'Users' })).to.match(
      /^'Invalid credentials with the provider': 401 Unauthorized .*request id req-/,
    );
  });

  it('takes an application credential without tenant (2)', async () => {
    const name = `im-test-${Date.now()}`;
    const path = `/users/${labFile().user}/application_credentials`;
    const { application_credential: made } = await labCall('keystone', 'POST', path, {
      application_credential: { name },
    });
    try {
      await works({ username: made.id, password: made.secret, auth_version: '3.x_appcred', tenant: '' });
    } finally {
      await labCall('keystone', 'DELETE', `${path}/${made.id}`);
    }
  });

  it('takes a federated token for a project by name, by id, or the first (3)', async () => {
    const federated = {
      username: 'egi.eu',
      tenant: 'openid',
      password: 'good-token',
      auth_version: '3.x_oidc_access_token',
    };
    await works({ ...federated, domain: 'other' });
    await works({ ...federated, domain: labFile().projects.other });
    await works(federated);
    expect(await refusal({ ...federated, domain: 'zzz' })).to.match(/^Project zzz not found/);
    expect(await refusal({ ...federated, password: 'bad' })).to.contain("'Invalid credentials with the provider'");
    expect(await refusal({ ...federated, username: 'nobody.eu' })).to.contain('404');
  });

  it('finds version 3 for an item without auth_version (4)', async () => {
    await works({ auth_version: '' });
  });

  it('takes a host with /v3 (5)', () => works({ host: `http://127.0.0.1:${labFile().ports.keystone}/v3` }));

  it('names the regions when a wrong one is asked for (7)', async () => {
    await works({ service_region: 'RegionOne' });
    expect(await refusal({ service_region: 'Nowhere' })).to.contain('its regions are RegionOne');
  });

  it('tells amounts and limits, and -1 where there is none (27)', async () => {
    const project = labFile().projects.other;
    const path = `/os-quota-sets/${project}`;
    await labCall('nova', 'PUT', path, { quota_set: { ram: -1, cores: 40 } }, ADMIN);
    try {
      const quotas = await connectLab({ tenant: OTHER.project }).quotas!(never);
      expect(quotas.cores).to.deep.equal({ used: 0, limit: 40 });
      expect(quotas.ram).to.deep.equal({ used: 0, limit: -1 });
      expect(quotas.floating_ips).to.deep.include({ used: 0, limit: 100 });
      expect(quotas.volumes!.limit).to.equal(100);
    } finally {
      await labCall('nova', 'PUT', path, { quota_set: { ram: 512_000, cores: 200 } }, ADMIN);
    }
  });
});
