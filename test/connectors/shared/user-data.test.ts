// SPDX-License-Identifier: Apache-2.0
// What machines are told at their first boot (core.md §24.3).
import { expect } from 'chai';
import { callHomeCommands, cloudInitUserData } from '../../../src/connectors/shared/user-data.js';
import { parseRadl } from '../../../src/radl/index.js';
import { loadYaml } from '../../../src/yaml.js';

const documentWith = (more = '', network = ''): ReturnType<typeof parseRadl> =>
  parseRadl(`network n (${network})\nsystem s (net_interface.0.connection = 'n')\n${more}`);
const recipe = (body: string): ReturnType<typeof parseRadl> =>
  documentWith(`configure c (\n@begin\n${body}\n@end\n)\ncontextualize (system s configure c with cloud_init)`);

const LOGIN = { username: 'cloudadm', publicKey: 'ssh-ed25519 AAAA' };
const CALL_HOME = { commandUrl: 'https://im/infrastructures/i/vms/3/command', token: 'im-call-home.T' };

describe('user data', () => {
  it('is nothing when there is nothing to say', () => {
    expect(cloudInitUserData({ concrete: documentWith() })).to.equal(undefined);
  });

  it('makes the user who logs in, and fetches no keys for him', () => {
    const text = cloudInitUserData({ concrete: documentWith(), login: LOGIN });
    expect(text).to.match(/^#cloud-config\nmerge_how: /);
    expect(text).not.to.contain('ssh-import-id');
    expect(loadYaml(text ?? '')).to.deep.equal({
      merge_how: 'list(append)+dict(recurse_array,no_replace)+str()',
      users: [
        {
          name: 'cloudadm',
          sudo: 'ALL=(ALL) NOPASSWD:ALL',
          'lock-passwd': true,
          homedir: '/opt/cloudadm',
          'ssh-authorized-keys': ['ssh-ed25519 AAAA'],
        },
      ],
    });
  });

  it('has a machine that nobody reaches call home with its own token', () => {
    const text = cloudInitUserData({ concrete: documentWith(), callHome: CALL_HOME });
    expect(loadYaml(text ?? '')).to.deep.include({
      packages: ['curl', 'sshpass'],
      runcmd: callHomeCommands(CALL_HOME),
    });
    expect(callHomeCommands(CALL_HOME)[1]).to.equal(
      'curl -s --insecure -H "Authorization: type = InfrastructureManager; token = im-call-home.T" -H "Accept: text/plain" ' +
        'https://im/infrastructures/i/vms/3/command | bash &',
    );
  });

  it('moves the SSH server to the port that the network opens', () => {
    const concrete = documentWith('', "outbound = 'yes' and outports = '1022-22'");
    const text = cloudInitUserData({ concrete }) ?? '';
    expect(text).to.contain("sed -i '/Port 22/c\\Port 1022' /etc/ssh/sshd_config");
  });

  it('adds to what the user gives, and keeps his way of merging', () => {
    const concrete = recipe('  packages: [vim]\n  runcmd: echo a\n  merge_how: mine\n  users: [default]');
    const text = cloudInitUserData({ concrete, login: LOGIN, callHome: CALL_HOME }) ?? '';
    const config = loadYaml(text);
    expect(config).to.deep.include({
      packages: ['vim', 'curl', 'sshpass'],
      merge_how: 'mine',
      runcmd: ['echo a', ...callHomeCommands(CALL_HOME)],
    });
    expect(text.match(/^[a-z_]+:/gm)).to.deep.equal(['merge_how:', 'packages:', 'runcmd:', 'users:']);
  });

  it('leaves scripts alone', () => {
    const concrete = recipe('#!/bin/bash\necho hello');
    expect(cloudInitUserData({ concrete, login: LOGIN, callHome: CALL_HOME })).to.equal('#!/bin/bash\necho hello');
  });

  it('takes nothing of recipes for Ansible', () => {
    const concrete = documentWith('configure c (\n@begin\n- tasks: []\n@end\n)\ncontextualize (system s configure c)');
    expect(cloudInitUserData({ concrete })).to.equal(undefined);
  });
});
