// SPDX-License-Identifier: Apache-2.0
// Clouds, machines and recipes that fail: an honest state with a reason, the others go on, and destroy always works.
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import {
  DOCKER_LINE,
  execIn,
  machineOf,
  machinesOf,
  networksOf,
  removeMachine,
  sweep,
} from '../support/docker-cloud.js';
import { type DockerNode, startDockerNode } from '../support/docker-node.js';
import { needPeers } from '../support/peers.js';
import { until } from '../support/waiting.js';
import { cluster, oneWorkerMore, recipe, writes } from './documents.js';

const NOWHERE = 'id = nowhere; type = Docker; host = http://127.0.0.1:1';

const onCloud = (cloud: string, image = 'docker://im-node:latest'): string => `network net (outbound = 'yes')
system node (net_interface.0.connection = 'net' and disk.0.image.url = '${image}')
contextualize ()
deploy node 1 ${cloud}
`;

describe('with clouds that fail', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await TestDaemon.start({ WAIT_SSH_ACCCESS_TIMEOUT: 4 });
  });
  after(() => daemon?.remove());
  afterEach('the daemon goes on', async () => {
    expect((await daemon.user().get('/ready')).status).to.equal(200);
    expect(daemon.log()).to.not.match(/Uncaught|Unhandled|unexpectedly/);
  });

  /** A create is refused with the reason, synchronously, and ends as `failed` with the reason in the log otherwise. */
  async function expectFailure(ana: RestUser, document: string, reason: RegExp): Promise<void> {
    const refused = await ana.post('/infrastructures', document);
    expect([refused.status, refused.text]).to.satisfy(() => refused.status === 400 && reason.test(refused.text));
    expect((await ana.get('/infrastructures')).text, 'nothing is left').to.equal('');
    const id = await ana.create(document);
    await ana.reaches(id, 'failed', 60_000);
    expect((await ana.get(`/infrastructures/${id}/contmsg`)).text).to.match(reason);
    expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
    expect((await ana.get('/infrastructures')).text).to.equal('');
  }

  it('says which type of cloud is not known', async () => {
    const ana = daemon.user(userLine('ana'), 'id = odd; type = Cumulus; host = https://127.0.0.1:1');
    await expectFailure(ana, onCloud('odd'), /Cumulus/);
  });

  it('says which engine does not answer, and why', async () => {
    await expectFailure(daemon.user(userLine('ana'), NOWHERE), onCloud('nowhere'), /http:\/\/127\.0\.0\.1:1.*refused/i);
  });

  it('uses the cloud that works when another one of the user does not', async function () {
    await needPeers(this, 'node image');
    const ana = daemon.user(userLine('ana'), NOWHERE, DOCKER_LINE);
    const id = await ana.create(onCloud('docker'), { isAsync: false });
    try {
      await ana.reaches(id, 'configured');
      const withoutDocker = daemon.user(userLine('ana'), NOWHERE);
      const refused = await withoutDocker.delete(`/infrastructures/${id}`);
      expect(refused.status, refused.text).to.equal(400);
      expect(refused.text)
        .to.match(/^Error Destroying Inf: Error destroying the infrastructure: \n/)
        .and.contain('No auth data has been specified to Docker.');
      expect(await machinesOf(id)).to.have.length(1);
      expect((await ana.state(id)).state).to.equal('configured');
      expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
      expect(await machinesOf(id)).to.deep.equal([]);
    } finally {
      await sweep([id]);
    }
  });

  it('forgets an infrastructure by force when its cloud cannot be asked any more', async function () {
    await needPeers(this, 'node image');
    const id = await daemon.user(userLine('ana'), DOCKER_LINE).create(onCloud('docker'), { isAsync: false });
    try {
      const withoutDocker = daemon.user(userLine('ana'), NOWHERE);
      const forced = await withoutDocker.delete(`/infrastructures/${id}?force=yes`);
      expect([forced.status, forced.text]).to.deep.equal([200, '']);
      expect((await withoutDocker.get('/infrastructures')).text).to.equal('');
      expect(await machinesOf(id)).to.have.length(1);
    } finally {
      await sweep([id]);
    }
  });

  it('says that an image does not exist, and leaves nothing behind', async function () {
    await needPeers(this, 'node image');
    const ana = daemon.user(userLine('ana'), DOCKER_LINE);
    const document = cluster('contextualize ()\n', { front: 1, wn: 1 }).replaceAll('im-node:latest', 'no-such/image:1');
    const refused = await ana.post('/infrastructures', document);
    expect(refused.status, refused.text).to.equal(400);
    expect(refused.text)
      .to.match(/^Error Creating Inf\.: Error adding VMs: /)
      .and.contain('no-such/image');
  });

  describe('an existing machine that does not let us in', () => {
    let node: DockerNode;
    before(async function () {
      await needPeers(this, 'node image', 'ansible');
      node = await startDockerNode({ password: 'right' });
    });
    after(() => node?.remove());

    const host = (credentials: string): string => `network net (outbound = 'yes' and outports = '${node.port}-22')
system node (
  net_interface.0.connection = 'net' and
  net_interface.0.ip = '${node.host}' and
  disk.0.os.name = 'linux' and
  disk.0.os.credentials.username = 'root' and
  ${credentials}
)
deploy node 1
`;
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' });

    for (const [name, credentials] of [
      ['password', "disk.0.os.credentials.password = 'canary-wrong'"],
      ['private key', `disk.0.os.credentials.private_key = '${String(key)}'`],
    ] as const) {
      it(`ends as unconfigured: wrong ${name}`, async () => {
        const ana = daemon.user(userLine('ana'), 'id = hosts; type = DeployedNode');
        const id = await ana.create(host(credentials), { isAsync: false });
        await ana.reaches(id, 'unconfigured', 60_000);
        const { text } = await ana.get(`/infrastructures/${id}/contmsg`);
        expect(text)
          .to.match(/127\.0\.0\.1.*incorrect credentials/)
          .and.not.contain('canary');
        expect((await ana.delete(`/infrastructures/${id}`)).status).to.equal(200);
        expect(await execIn(node.id, 'ls -A /var/tmp')).to.equal('');
      });
    }
  });
});

describe('with machines that fail', () => {
  let daemon: TestDaemon;
  let ana: RestUser;
  let id = '';
  before(async function () {
    await needPeers(this, 'node image', 'ansible');
    daemon = await TestDaemon.start();
    ana = daemon.user(userLine('ana'), DOCKER_LINE);
  });
  after(async () => {
    await daemon?.remove();
    if (id !== '') await sweep([id]);
  });

  const breaking = recipe(
    'wn',
    `${writes('/etc/half', 'done\n')}
    - name: A disk that is not there
      ansible.builtin.command: /bin/ls /dev/no-such-disk
    - name: Never reached
      ansible.builtin.file: {path: /etc/never, state: touch}`,
  );

  it('a failing recipe leaves its machine unconfigured with a log to read; the others are configured', async () => {
    id = await ana.create(cluster(recipe('front', writes('/etc/role', 'front\n')) + breaking, { front: 1, wn: 1 }));
    const words = await ana.reaches(id, 'unconfigured');
    expect(words.vms).to.deep.equal({ '0': 'configured', '1': 'unconfigured' });
    const { text } = await ana.get(`/infrastructures/${id}/vms/1/contmsg`);
    expect(text).to.contain('A disk that is not there').and.contain('/dev/no-such-disk');
    expect(text).to.contain('No such file or directory').and.not.contain('Never reached');
    expect(await execIn((await machineOf(id, '1')).id, 'cat /etc/half; ls /etc/never 2>&1 || true')).to.match(
      /^done\n.*No/,
    );
    expect(await execIn((await machineOf(id, '0')).id, 'cat /etc/role')).to.equal('front\n');
  });

  it('a mended recipe configures it', async () => {
    const mended = recipe('wn', writes('/etc/mended', 'yes\n'));
    expect((await ana.put(`/infrastructures/${id}/reconfigure`, { body: mended })).status).to.equal(200);
    await ana.reaches(id, 'configured');
    expect(await execIn((await machineOf(id, '1')).id, 'cat /etc/mended')).to.equal('yes\n');
  });

  it('a machine that somebody removed is off, with the reason; the others stay as they are', async () => {
    await removeMachine((await machineOf(id, '1')).id);
    await until(async () => (await ana.state(id)).vms['1'] === 'off', 'the state off', 30_000);
    expect((await ana.state(id)).vms['0']).to.equal('configured');
    const { text } = await ana.get(`/infrastructures/${id}/contmsg`);
    expect(text).to.match(/container is not found/);
    const stopped = await ana.put(`/infrastructures/${id}/vms/1/stop`);
    expect(stopped.status, stopped.text).to.equal(400);
    expect(stopped.text).to.match(/^Error in stop op in VM: Error stopping the VM: .*[Nn]o such container/);
  });

  it('it can be removed and replaced', async () => {
    expect((await ana.delete(`/infrastructures/${id}/vms/1?context=no`)).status).to.equal(200);
    expect((await ana.state(id)).vms).to.deep.equal({ '0': 'configured' });
    const added = await ana.post(`/infrastructures/${id}?context=no`, oneWorkerMore);
    expect([added.status, added.text]).to.satisfy(() => added.status === 200 && added.text.endsWith('/vms/2'));
  });

  it('everything can be destroyed although the machines are gone', async () => {
    for (const machine of await machinesOf(id)) await removeMachine(machine.id);
    const answer = await ana.delete(`/infrastructures/${id}`);
    expect([answer.status, answer.text]).to.deep.equal([200, '']);
    expect(await networksOf(id)).to.deep.equal([]);
    expect((await ana.get('/infrastructures')).text).to.equal('');
    expect(daemon.log()).to.not.match(/Uncaught|Unhandled|unexpectedly/);
  });
});
