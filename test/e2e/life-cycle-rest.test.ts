// SPDX-License-Identifier: Apache-2.0
// The life of an infrastructure over REST, as a user lives it: real containers, real SSH, real Ansible.
import { expect } from 'chai';
import { member } from '../../scripts/quickstart/json.js';
import { type Answer, idOf, linesOf, type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { DOCKER_LINE, execIn, hasFile, machineOf, machinesOf, networksOf, sweep } from '../support/docker-cloud.js';
import { needPeers } from '../support/peers.js';
import { until } from '../support/waiting.js';
import { cluster, oneWorkerMore, recipe, writes } from './documents.js';

const DOCUMENT = cluster(
  recipe('front', writes('/etc/role', '{{ IM_NODE_HOSTNAME }} leads {{ groups["wn"] | length }}\n')) +
    recipe('wn', writes('/etc/role', '{{ IM_NODE_HOSTNAME }} follows {{ IM_MASTER_HOSTNAME }}\n')) +
    'contextualize (\n  system wn configure wn step 1\n  system front configure front step 2\n)\n',
  { front: 1, wn: 1 },
);

describe('the life of an infrastructure over REST', () => {
  let daemon: TestDaemon;
  let ana: RestUser;
  let created: Answer;
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

  const info = (path: string, accept?: string): Promise<Answer> =>
    ana.get(`/infrastructures/${id}${path}`, accept === undefined ? {} : { accept });
  const role = async (vm: string): Promise<string> => execIn((await machineOf(id, vm)).id, 'cat /etc/role');

  it('tells its version without credentials', async () => {
    const answer = await daemon.user().get('/version');
    expect(answer.text).to.match(/^3\.\d+\.\d+$/);
  });

  it('answers an asynchronous create at once with the URI, and the id in a header', async () => {
    created = await ana.post('/infrastructures?async=true', DOCUMENT, { accept: 'application/json' });
    expect(created.status, created.text).to.equal(200);
    id = idOf(String(created.json('uri')));
    expect(created.json('uri')).to.equal(`${daemon.baseUrl}/infrastructures/${id}`);
    expect(created.headers.get('InfID')).to.equal(id);
  });

  it('lists it, and its virtual machines as soon as they are placed', async () => {
    const list = await ana.get('/infrastructures');
    expect(linesOf(list.text)).to.deep.equal([created.json('uri')]);
    expect(list.headers.get('content-type')).to.match(/^text\/uri-list/);
    await until(async () => (await ana.vms(id)).length === 2, 'both VMs', 30_000);
    expect((await info('')).text).to.equal(`${created.json('uri')}/vms/0\n${created.json('uri')}/vms/1`);
  });

  it('is pending or running until every machine is configured', async () => {
    const seen = new Set<string>();
    await until(
      async () => {
        const { state } = await ana.state(id);
        seen.add(state);
        return !['pending', 'running'].includes(state);
      },
      'the end of the configuration',
      120_000,
    );
    const words = await ana.reaches(id, 'configured');
    expect(words.vms).to.deep.equal({ '0': 'configured', '1': 'configured' });
    expect([...seen]).to.include('running');
  });

  it('has done on the machines what the recipes say', async () => {
    expect(await role('0')).to.equal('front leads 1\n');
    expect(await role('1')).to.equal('wn-1 follows front\n');
  });

  it('shows the log of the configuration as a whole, its head alone, and by machine', async () => {
    const whole = (await info('/contmsg')).text;
    expect(whole).to.match(/^VM 0:$/m);
    expect(whole).to.match(/^VM 1:$/m);
    expect(whole).to.contain('Write /etc/role');
    const head = (await info('/contmsg?headeronly=true')).text;
    expect(whole.startsWith(head)).to.equal(true);
    // A line of its own begins the log of a VM; lines of the run may name one too, as when it is waited for.
    expect(head).to.not.match(/^VM 0:$/m);
    expect(head).to.not.contain('Write /etc/role');
    const ofOne = (await info('/vms/1/contmsg')).text;
    expect(ofOne).to.contain('Write /etc/role');
    expect(whole).to.contain(ofOne.trimEnd());
  });

  it('gives the document back as RADL', async () => {
    const text = (await info('/radl')).text;
    expect(text)
      .to.match(/^system front \(/m)
      .and.contain('deploy wn 1');
    expect((await info('/radl', 'application/json')).json('radl')).to.equal(text);
  });

  it('describes a machine as it runs, as text, as JSON, and by property', async () => {
    const text = (await info('/vms/0')).text;
    expect(text).to.contain("state = 'configured'").and.contain("provider.type = 'Docker'");
    const parts = (await info('/vms/0', 'application/json')).json('radl');
    const systems = (Array.isArray(parts) ? parts : []).filter((part) => member(part, 'class') === 'system');
    expect(systems.map((system) => [member(system, 'id'), member(system, 'state')])).to.deep.equal([
      ['front', 'configured'],
    ]);
    const address = (await info('/vms/0/net_interface.1.ip')).text;
    expect(address).to.match(/^\d+\.\d+\.\d+\.\d+$/);
    expect(await execIn((await machineOf(id, '0')).id, 'hostname -I')).to.contain(address);
    expect((await info('/vms/0/instance_id', 'application/json')).json('instance_id')).to.equal(
      (await machineOf(id, '0')).id,
    );
    expect((await info('/vms/0/disk.0.os.credentials.password')).text).to.have.length.greaterThan(7);
    expect((await info('/vms/0/cpu.colour')).text).to.equal('Incorrect property cpu.colour for VM ID 0');
  });

  it('adds a machine, which is configured, and of which the others know', async () => {
    const added = await ana.post(`/infrastructures/${id}`, oneWorkerMore);
    expect(added.status, added.text).to.equal(200);
    expect(linesOf(added.text)).to.deep.equal([`${created.json('uri')}/vms/2`]);
    expect(added.headers.get('InfID')).to.equal(id);
    const words = await ana.reaches(id, 'configured');
    expect(Object.keys(words.vms)).to.deep.equal(['0', '1', '2']);
    expect(await role('2')).to.equal('wn-2 follows front\n');
    expect(await role('0')).to.equal('front leads 2\n');
    expect(await execIn((await machineOf(id, '0')).id, 'getent hosts wn-2')).to.contain(
      (await info('/vms/2/net_interface.0.ip')).text,
    );
  });

  it('removes a machine for good', async () => {
    const removed = await ana.delete(`/infrastructures/${id}/vms/1`);
    expect([removed.status, removed.text]).to.deep.equal([200, '']);
    expect(await ana.vms(id)).to.deep.equal(['0', '2']);
    expect((await machinesOf(id)).map(({ vm }) => vm)).to.deep.equal(['0', '2']);
    const again = await ana.delete(`/infrastructures/${id}/vms/1`);
    expect([again.status, again.text]).to.deep.equal([404, 'Error Removing resources: Deleted VM.']);
    await ana.reaches(id, 'configured');
  });

  it('stops, starts and reboots one machine', async () => {
    const operate = async (operation: string): Promise<void> => {
      const answer = await ana.put(`/infrastructures/${id}/vms/2/${operation}`);
      expect([answer.status, answer.text], operation).to.deep.equal([200, '']);
    };
    await operate('stop');
    expect((await machineOf(id, '2')).state).to.equal('exited');
    expect((await ana.state(id)).vms['2']).to.equal('stopped');
    await operate('start');
    expect((await machineOf(id, '2')).state).to.equal('running');
    expect((await ana.state(id)).vms['2']).to.equal('configured');
    const { id: container } = await machineOf(id, '2');
    const startedAt = await execIn(container, 'stat -c %Y /proc/1');
    await until(async () => (await execIn(container, 'date +%s')) > startedAt, 'the clock to move on');
    await operate('reboot');
    expect(await execIn(container, 'stat -c %Y /proc/1')).to.not.equal(startedAt);
    expect(await role('2')).to.equal('wn-2 follows front\n');
  });

  it('stops and starts all of them', async () => {
    const stopped = await ana.put(`/infrastructures/${id}/stop`);
    expect([stopped.status, stopped.text]).to.deep.equal([200, '']);
    expect((await machinesOf(id)).map(({ state }) => state)).to.deep.equal(['exited', 'exited']);
    expect(await ana.state(id)).to.deep.equal({ state: 'stopped', vms: { '0': 'stopped', '2': 'stopped' } });
    const started = await ana.put(`/infrastructures/${id}/start`);
    expect([started.status, started.text]).to.deep.equal([200, '']);
    expect((await machinesOf(id)).map(({ state }) => state)).to.deep.equal(['running', 'running']);
    expect((await ana.state(id)).state).to.equal('configured');
  });

  it('says why a machine cannot be altered', async () => {
    const other = await ana.put(`/infrastructures/${id}/vms/2`, { body: 'system front (cpu.count = 2)' });
    expect([other.status, other.text]).to.deep.equal([
      400,
      'Error modifying resources: Incorrect RADL no system with name wn provided.',
    ]);
    const fixed = await ana.put(`/infrastructures/${id}/vms/2`, { body: 'system wn (cpu.count = 2)' });
    expect([fixed.status, fixed.text]).to.deep.equal([
      400,
      'Error modifying resources: Error modifying the information about the VM 2: Not supported',
    ]);
  });

  it('configures again with a changed recipe', async () => {
    const refused = await ana.put(`/infrastructures/${id}/reconfigure`, {
      body: 'configure wn (\n@begin\n- a: [\n@end\n)',
    });
    expect(refused.status).to.equal(400);
    expect(refused.text).to.match(/^Error reconfiguring infrastructure: Error parsing YAML: ./);
    const changed = recipe('wn', writes('/etc/second-role', 'changed\n'));
    const answer = await ana.put(`/infrastructures/${id}/reconfigure`, { body: changed });
    expect([answer.status, answer.text]).to.deep.equal([200, '']);
    expect(answer.headers.get('InfID')).to.equal(id);
    expect((await ana.state(id)).state).to.equal('running');
    await ana.reaches(id, 'configured');
    expect(await execIn((await machineOf(id, '2')).id, 'cat /etc/second-role')).to.equal('changed\n');
    expect(await hasFile((await machineOf(id, '0')).id, '/etc/second-role')).to.equal(false);
    expect((await info('/radl')).text).to.contain('/etc/second-role');
  });

  it('destroys everything that it made', async () => {
    const answer = await ana.delete(`/infrastructures/${id}`);
    expect([answer.status, answer.text]).to.deep.equal([200, '']);
    expect(await machinesOf(id)).to.deep.equal([]);
    expect(await networksOf(id)).to.deep.equal([]);
    expect((await ana.get('/infrastructures')).text).to.equal('');
    expect([(await info('/state')).status, (await info('/state')).text]).to.deep.equal([
      404,
      'Error Getting Inf. prop: Invalid infrastructure ID or access not granted.',
    ]);
    const again = await ana.delete(`/infrastructures/${id}`);
    expect([again.status, again.text]).to.deep.equal([
      404,
      'Error Destroying Inf: Invalid infrastructure ID or access not granted.',
    ]);
  });
});
