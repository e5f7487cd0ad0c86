// SPDX-License-Identifier: Apache-2.0
// The rules by which the clouds of a call are named and found (auth.md §5).
import { expect } from 'chai';
import { cloudsOf, parseHost } from '../../src/auth/index.js';

describe('the host of a cloud', () => {
  const cases: readonly [string, string, string, number, string][] = [
    ['server:2633', '', 'server', 2633, ''],
    ['server', '', 'server', -1, ''],
    ['https://server:5000/v3', 'https', 'server', 5000, '/v3'],
    ['https://server', 'https', 'server', -1, ''],
    ['h/p', '', 'h', -1, '/p'],
    ['http://h:80?x=1', 'http', 'h', 80, ''],
    ['http://h:abc', 'http', 'h', -1, ''],
    ['http://h:70000', 'http', 'h', -1, ''],
    ['', '', '', -1, ''],
    ['http://', 'http', '', -1, ''],
    ['u:p@server:80', '', 'server', 80, ''],
    ['https://u:p@server/x', 'https', 'server', -1, '/x'],
    ['http://[::1]:80', 'http', '::1', 80, ''],
    ['[fe80::1]', '', 'fe80::1', -1, ''],
    ['fe80::1', '', 'fe80::1', -1, ''],
    ['unix://var/run/docker.sock', 'unix', '', -1, '/var/run/docker.sock'],
    ['unix:///var/run/docker.sock', 'unix', '', -1, '/var/run/docker.sock'],
  ];
  for (const [host, protocol, server, port, path] of cases) {
    it(`"${host}" is taken apart`, () => expect(parseHost(host)).to.deep.equal({ protocol, server, port, path }));
  }
});

describe('the clouds of a call', () => {
  it('are named by id, else by type and position in the whole list', () => {
    const items = [{ type: 'InfrastructureManager' }, { type: 'EC2' }, { type: 'Vault' }, { type: 'Dummy', id: 'd' }];
    expect(cloudsOf(items).map((cloud) => cloud.id)).to.deep.equal(['EC21', 'Vault2', 'd']);
  });

  it('leave out what is no cloud', () => {
    const items = ['InfrastructureManager', 'VMRC', 'EGIIS', 'AppDBIS'].map((type) => ({ type }));
    expect(cloudsOf([...items, { id: 'x' }, { type: '' }])).to.deep.equal([]);
  });

  it('keep what tells OpenStack accounts apart', () => {
    const [password, token, application] = cloudsOf([
      { type: 'OpenStack', tenant: 't', username: 'u' },
      { type: 'OpenStack', auth_version: '3.x_oidc_access_token', username: 'idp', domain: 'p', tenant: 'openid' },
      { type: 'OpenStack', auth_version: '3.x_appcred', tenant: 't' },
    ]);
    expect(password?.extra).to.deep.equal({ auth_version: '2.0_password', tenant: 't' });
    expect(token?.extra).to.deep.equal({ auth_version: '3.x_oidc_access_token', username: 'idp', domain: 'p' });
    expect(application?.extra).to.deep.equal({ auth_version: '3.x_appcred' });
  });
});
