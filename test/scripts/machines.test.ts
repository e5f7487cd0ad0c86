// SPDX-License-Identifier: Apache-2.0
// The machines that tests and the quickstart get are real: an SSH log-in works, they differ, and nothing of them stays.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { isPortFree } from '../../scripts/quickstart/free-port.js';
import { startDockerNode } from '../support/docker-node.js';
import { startHostMachines } from '../support/host-machines.js';
import { needPeers } from '../support/peers.js';

const execute = promisify(execFile);
const SSH_OPTIONS = [
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  'UserKnownHostsFile=/dev/null',
  '-o',
  'LogLevel=ERROR',
  '-o',
  'BatchMode=yes',
];

async function ssh(keyFile: string, port: number, target: string, command: string): Promise<string> {
  const { stdout } = await execute('ssh', ['-i', keyFile, '-p', String(port), ...SSH_OPTIONS, target, command], {
    timeout: 15_000,
  });
  return stdout.trim();
}

describe('a container of the node image', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'im-key-'));
  const key = path.join(directory, 'key');
  before(async function () {
    this.timeout(60_000);
    await needPeers(this, 'node image');
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  });
  after(() => rmSync(directory, { recursive: true }));

  it('lets in by key, has what recipes need, and no host key or machine id of the image', async function () {
    this.timeout(60_000);
    const node = await startDockerNode({ authorizedKeys: readFileSync(`${key}.pub`, 'utf8'), hostname: 'worker-1' });
    try {
      const command =
        'hostname; command -v sudo python3 curl ip ps | wc -l; ls /etc/ssh | grep -c ssh_host.*key$; cat /etc/machine-id | wc -c';
      expect((await ssh(key, node.port, 'root@127.0.0.1', command)).split('\n')).to.deep.equal([
        'worker-1',
        '5',
        '1',
        '0',
      ]);
    } finally {
      await node.remove();
    }
    expect(await isPortFree(node.port, '127.0.0.1')).to.equal(true);
  });
});

describe('machines in namespaces of this host', () => {
  before(async function () {
    await needPeers(this, 'machines', 'node image');
  });

  it('have their own names, files and host keys, let in by key, and leave the host as it was', async function () {
    this.timeout(180_000);
    const machines = await startHostMachines(['one', 'two'], 77);
    const on = (name: string, command: string) =>
      ssh(machines.privateKeyFile, machines.port, `${machines.user}@${machines.addresses.get(name)}`, command);
    const hostBefore = hostname();
    try {
      await on('one', 'sudo hostname changed; sudo touch /etc/only-here');
      expect(await on('one', 'hostname; ls /etc/only-here')).to.equal('changed\n/etc/only-here');
      expect(await on('two', 'hostname; ls /etc/only-here 2>/dev/null || echo none')).to.equal('two\nnone');
      const keys = await Promise.all(
        ['one', 'two'].map((name) =>
          on(name, 'cat /machine/ssh_host_ed25519_key 2>/dev/null; sudo cat /machine/ssh_host_ed25519_key | sha256sum'),
        ),
      );
      expect(keys[0]).to.not.equal(keys[1]);
      expect(hostname()).to.equal(hostBefore);
    } finally {
      await machines.remove();
    }
    expect(await isPortFree(machines.port, '127.0.77.11')).to.equal(true);
  });
});
