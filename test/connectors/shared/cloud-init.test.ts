// SPDX-License-Identifier: Apache-2.0
// User data for cloud-init (core.md §24.3).
import { expect } from 'chai';
import { callHomeCommands, cloudInit } from '../../../src/connectors/shared/cloud-init.js';
import { parseRadl } from '../../../src/radl/index.js';
import { loadYaml } from '../../../src/yaml.js';

const withRecipe = (recipe: string, outports = ''): ReturnType<typeof parseRadl> =>
  parseRadl(`network pub (outbound = 'yes'${outports})
system node (net_interface.0.connection = 'pub')
configure first (@begin
first: 1
@end)
configure second (@begin
${recipe}
@end)
contextualize (system node configure first with cloud_init system node configure second with cloud_init)`);

const plain = parseRadl('system node ()');

describe('cloud-init user data', () => {
  it('is nothing when there is nothing to say', () => {
    expect(cloudInit(plain, { username: 'ana', publicKey: undefined })).to.equal(undefined);
  });

  it('makes the user that logs in, without asking Launchpad for keys', () => {
    expect(cloudInit(plain, { username: 'ana', publicKey: 'ssh-rsa AAAA' })).to.equal(`#cloud-config
merge_how: list(append)+dict(recurse_array,no_replace)+str()
users:
  - homedir: /opt/ana
    lock-passwd: true
    name: ana
    ssh-authorized-keys:
      - ssh-rsa AAAA
    sudo: ALL=(ALL) NOPASSWD:ALL
`);
  });

  it("extends the user's mapping, the last one of the system", () => {
    const text = cloudInit(withRecipe('merge_how: mine\nusers: [default]\npackages: [git]'), {
      username: 'ana',
      publicKey: 'ssh-rsa AAAA',
    })!;
    expect(Object.keys(Object(loadYaml(text)))).to.deep.equal(['merge_how', 'packages', 'users']);
    expect(text).to.contain('merge_how: mine').and.contain('- default\n  - homedir').and.not.contain('first');
  });

  it('passes a script on alone', () => {
    const text = cloudInit(withRecipe('- just\n- a list'), { username: 'ana', publicKey: 'ssh-rsa AAAA' });
    expect(text).to.equal('- just\n- a list');
  });

  it('moves the SSH server to the port that the outports name', () => {
    const text = cloudInit(withRecipe('a: 1', " and outports = '2222-22'"), { username: 'ana', publicKey: undefined })!;
    expect(Object(loadYaml(text)).runcmd).to.deep.equal([
      "sed -i '/Port 22/c\\Port 2222' /etc/ssh/sshd_config",
      'service sshd restart || service ssh restart',
    ]);
  });

  it('has a machine that nobody reaches call home with its own token', () => {
    const callHome = { commandUrl: 'https://im/infrastructures/i/vms/3/command', token: 'im-call-home.T' };
    const text = cloudInit(
      withRecipe('packages: [vim]\nruncmd: echo a'),
      { username: 'ana', publicKey: undefined },
      callHome,
    )!;
    expect(loadYaml(text)).to.deep.include({
      packages: ['vim', 'curl'],
      runcmd: ['echo a', ...callHomeCommands(callHome)],
    });
    expect(callHomeCommands(callHome)[1]).to.equal(
      'curl -s --insecure -H "Authorization: type = InfrastructureManager; token = im-call-home.T" -H "Accept: text/plain" ' +
        'https://im/infrastructures/i/vms/3/command | bash &',
    );
  });

  it('takes nothing of recipes for Ansible', () => {
    const document = parseRadl(
      'system node ()\nconfigure c (\n@begin\n- tasks: []\n@end\n)\ncontextualize (system node configure c)',
    );
    expect(cloudInit(document, { username: 'ana', publicKey: undefined })).to.equal(undefined);
  });
});
