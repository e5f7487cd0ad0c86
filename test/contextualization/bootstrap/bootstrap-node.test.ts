// SPDX-License-Identifier: Apache-2.0
// The bootstrap on real nodes: what it changes, that it may run again, how it becomes root, and where its secrets do not show.
import { expect } from 'chai';
import { type BootstrapRequest, bootstrapNode } from '../../../src/contextualization/bootstrap/bootstrap-node.js';
import { describeStep, parseReport } from '../../../src/contextualization/bootstrap/report.js';
import { connect, probeBanner, type SshConnection, type SshCredential } from '../../../src/ssh/index.js';
import { poll } from '../../../src/util/deadline.js';
import { volatileHostKeyMemory } from '../../ssh/support/host-keys.js';
import { createTestBed, NODE_PASSWORD, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';

const KEY = 'ssh-rsa AAAAB3Nza-test-key infrastructure';

describe('the bootstrap', function () {
  this.timeout(60_000);
  let bed: TestBed;
  let node: TestNode;

  const logIn = (username: string, credential: SshCredential): Promise<SshConnection> =>
    connect({
      host: node.ip,
      port: 22,
      username,
      credentials: [credential],
      hostKey: volatileHostKeyMemory(),
      timeoutMs: 10_000,
    });
  const request = (changes: Partial<BootstrapRequest> = {}): BootstrapRequest => ({
    fqdn: 'front.example.org',
    etcHosts: '10.0.0.1 front.example.org front\n10.0.0.2 wn-1.example.org wn-1\n',
    publicKey: KEY,
    isNatInstance: false,
    bearerToken: '',
    needsSshClient: true,
    ...changes,
  });
  const limits = () => ({ timeoutMs: 30_000, signal: new AbortController().signal });
  const byName = (steps: readonly { name: string; status: string }[]) =>
    Object.fromEntries(steps.map(({ name, status }) => [name, status]));

  before(async function () {
    await requireNodes(this);
    bed = await createTestBed();
    node = await bed.start({ canSetHostName: true });
    await poll({ timeoutMs: 10_000, intervalMs: 50, what: 'sshd' }, async () => {
      const probe = await probeBanner({ host: node.ip, port: 22 }, { timeoutMs: 1000 });
      return probe.isOpen ? true : undefined;
    });
  });
  after(async () => bed?.close());

  it('prepares a node with free sudo, and finds nothing to do the second time', async () => {
    const connection = await logIn('imuser', { kind: 'key', privateKey: bed.privateKey });
    const original = await node.run('cat /etc/hosts');
    const first = await bootstrapNode(connection, request(), limits());
    expect(first.problem).to.equal(undefined);
    expect(byName(first.steps)).to.deep.equal({
      sudo: 'ok',
      hosts: 'changed',
      python: 'ok',
      hostname: 'changed',
      key: 'changed',
    });
    const order = first.steps.map(({ name }) => name);
    expect(order.indexOf('hosts'), 'a host name that nobody can look up makes sudo wait for DNS').to.be.lessThan(
      order.indexOf('hostname'),
    );
    expect(await node.run('getent ahostsv4 front.example.org')).to.contain('10.0.0.1');
    expect(first.sudo).to.equal('free');
    expect(first.python?.path).to.equal('/usr/bin/python3');
    expect(first.operatingSystem).to.match(/^(debian|ubuntu) \d+/);
    expect(await node.run('cat /etc/hosts')).to.equal(`${original}\n${request().etcHosts.trim()}`);
    expect(await node.run('cat /etc/hosts.orig')).to.equal(original);
    expect(await node.run('hostname')).to.equal('front.example.org');
    expect(await node.run('stat -c "%a %U" /home/imuser/.ssh/authorized_keys')).to.equal('600 imuser');
    expect(await node.run('ls /var/lib/apt/periodic')).to.contain('upgrade-stamp');

    const second = await bootstrapNode(connection, request(), limits());
    expect(second.steps.every(({ status }) => status === 'ok')).to.equal(true);
    expect(await node.run(`grep -c 'test-key' /home/imuser/.ssh/authorized_keys`)).to.equal('1');

    const third = await bootstrapNode(
      connection,
      request({ etcHosts: '10.0.0.3 front.example.org front\n' }),
      limits(),
    );
    expect(byName(third.steps).hosts).to.equal('changed');
    expect(await node.run('cat /etc/hosts')).to.equal(`${original}\n10.0.0.3 front.example.org front`);
    connection.close();
  });

  it('gives the token to the environment of all users, once, and a new one in place of the old', async () => {
    const connection = await logIn('imuser', { kind: 'key', privateKey: bed.privateKey });
    await node.run(`printf 'LANG=C\nBEARER_TOKEN=stale\n' >/etc/environment`);
    for (const expected of ['changed', 'ok']) {
      const { steps } = await bootstrapNode(connection, request({ bearerToken: 'to.k-en' }), limits());
      expect(byName(steps).token).to.equal(expected);
      expect(await node.run('cat /etc/environment; stat -c %a /etc/environment')).to.equal(
        'LANG=C\nBEARER_TOKEN=to.k-en\n644',
      );
    }
    connection.close();
  });

  it('prepares a node as root', async () => {
    const connection = await logIn('root', { kind: 'key', privateKey: bed.privateKey });
    const report = await bootstrapNode(connection, request(), limits());
    expect(report.isUsable).to.equal(true);
    expect(report.sudo).to.equal('root');
    expect(await node.run('cat /root/.ssh/authorized_keys')).to.contain(KEY);
    connection.close();
  });

  it('uses a sudo that asks for the password, changes the password and adds a key', async () => {
    const connection = await logIn('pwuser', { kind: 'password', password: NODE_PASSWORD });
    const newPassword = `new "quoted" $pass'word:1`;
    const report = await bootstrapNode(
      connection,
      request({ sudoPassword: NODE_PASSWORD, newPassword, newPublicKey: 'ssh-ed25519 AAAA-new-key someone' }),
      limits(),
    );
    expect(report.problem).to.equal(undefined);
    expect(report.sudo).to.equal('password');
    expect(byName(report.steps)).to.include({ password: 'changed', new_key: 'changed', key: 'changed' });
    connection.close();
    (await logIn('pwuser', { kind: 'password', password: newPassword })).close();
    const refused = await logIn('pwuser', { kind: 'password', password: NODE_PASSWORD }).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(refused?.message).to.contain('refused the credentials');
    expect(await node.run('cat /home/pwuser/.ssh/authorized_keys')).to.contain('AAAA-new-key');
  });

  it('drops a password that sudo does not ask for, unread', async () => {
    const connection = await logIn('imuser', { kind: 'key', privateKey: bed.privateKey });
    const report = await bootstrapNode(connection, request({ sudoPassword: 'touch /tmp/executed' }), limits());
    expect(report.isUsable).to.equal(true);
    expect(await node.run('ls /tmp')).not.to.contain('executed');
    connection.close();
  });

  it('says why a user cannot become root', async () => {
    await node.run('useradd -m plain; cp -r /home/imuser/.ssh /home/plain/; chown -R plain: /home/plain/.ssh');
    const connection = await logIn('plain', { kind: 'key', privateKey: bed.privateKey });
    const withoutPassword = await bootstrapNode(connection, request(), limits());
    expect(withoutPassword.isUsable).to.equal(false);
    expect(withoutPassword.problem).to.match(/cannot become root with sudo: .*password.*Give a user with sudo rights/);
    const withWrong = await bootstrapNode(connection, request({ sudoPassword: 'not-the-password' }), limits());
    expect(withWrong.isUsable).to.equal(false);
    expect(withWrong.problem).not.to.contain('not-the-password');
    connection.close();
  });

  it('takes requiretty out of the way', async () => {
    await node.run(`printf 'Defaults\\trequiretty\\n' >>/etc/sudoers`);
    const connection = await logIn('imuser', { kind: 'key', privateKey: bed.privateKey });
    const report = await bootstrapNode(connection, request(), limits());
    expect(report.problem).to.equal(undefined);
    expect(await node.run('grep requiretty /etc/sudoers')).to.match(/^#/);
    connection.close();
  });

  it('never shows a secret in a process list', async () => {
    await node.run(`printf '#!/bin/sh\\ncat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\\\\000" " " >/tmp/seen; exec /usr/sbin/chpasswd.real\\n' >/tmp/spy
      mv /usr/sbin/chpasswd /usr/sbin/chpasswd.real; mv /tmp/spy /usr/sbin/chpasswd; chmod 755 /usr/sbin/chpasswd`);
    const connection = await logIn('imuser', { kind: 'key', privateKey: bed.privateKey });
    await bootstrapNode(connection, request({ sudoPassword: 'S3cret-sudo', newPassword: 'S3cret-new' }), limits());
    const seen = await node.run('cat /tmp/seen; mv /usr/sbin/chpasswd.real /usr/sbin/chpasswd');
    expect(seen).to.contain('sshd').and.not.to.contain('S3cret');
    connection.close();
  });

  it('reports a missing python3 that cannot be installed', async () => {
    await node.run('mv /usr/bin/python3 /usr/bin/python3.off; mv /usr/bin/apt-get /usr/bin/apt-get.off');
    const connection = await logIn('imuser', { kind: 'key', privateKey: bed.privateKey });
    const report = await bootstrapNode(connection, request(), limits());
    await node.run('mv /usr/bin/python3.off /usr/bin/python3; mv /usr/bin/apt-get.off /usr/bin/apt-get');
    expect(report.isUsable).to.equal(false);
    expect(report.problem).to.contain('python3 is missing and cannot be installed');
    connection.close();
  });
});

describe('the report of a bootstrap', () => {
  it('is read from the marked lines only', () => {
    const report = parseReport(
      'Welcome!\nIM1\tsudo\tok\tfree\nIM1\thosts\tchanged\t\nIM1\tevil\tunknown\tx\nIM1\tpython\tok\t3.11.2 /usr/bin/python3\nIM1\tend\tfact\t0\n',
      '',
    );
    expect(report.isUsable).to.equal(true);
    expect(report.steps.map(describeStep)).to.deep.equal([
      'Root access: ok (free)',
      'Hosts file: changed',
      'Python: ok (3.11.2 /usr/bin/python3)',
    ]);
  });

  it('tells a program that stopped in the middle', () => {
    const report = parseReport('IM1\tsudo\tok\troot\n', 'Killed\n');
    expect(report.problem).to.equal('The preparation of the node stopped before its end: Killed');
  });
});
