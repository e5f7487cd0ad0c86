// SPDX-License-Identifier: Apache-2.0
// The life of an infrastructure over XML-RPC with Python's own client: real containers, real SSH, real Ansible.
import { expect } from 'chai';
import { member } from '../../scripts/quickstart/json.js';
import { TestDaemon } from '../support/daemon.js';
import { execIn, machineOf, machinesOf, networksOf, sweep } from '../support/docker-cloud.js';
import { needPeers, testEngine } from '../support/peers.js';
import { PythonXmlRpc } from '../support/python-xmlrpc.js';
import { until } from '../support/waiting.js';
import { cluster, oneWorkerMore, recipe, writes } from './documents.js';

const AUTH = [
  { type: 'InfrastructureManager', username: 'ana', password: 'ana-pass' },
  { id: 'docker', type: 'Docker', host: testEngine().host },
];
const OTHER_AUTH = [{ type: 'InfrastructureManager', username: 'ben', password: 'ben-pass' }];

const DOCUMENT = cluster(
  recipe('front', writes('/etc/role', '{{ IM_NODE_HOSTNAME }} & <{{ groups["wn"] | length }}>\n')),
  { front: 1, wn: 1 },
);

describe('the life of an infrastructure over XML-RPC', () => {
  let daemon: TestDaemon;
  let im: PythonXmlRpc;
  let id = '';

  before(async function () {
    await needPeers(this, 'node image', 'ansible');
    daemon = await TestDaemon.start({ ACTIVATE_REST: 'False' });
    im = new PythonXmlRpc(`http://127.0.0.1:${daemon.xmlrpcPort}`);
  });
  after(async () => {
    im?.close();
    await daemon?.remove();
    if (id !== '') await sweep([id]);
  });

  const stateOf = async (): Promise<unknown> => im.value('GetInfrastructureState', id, AUTH);
  const reaches = (wanted: string): Promise<void> =>
    until(async () => member(await stateOf(), 'state') === wanted, `the state ${wanted}`, 120_000);

  it('tells its version', async () => {
    expect(await im.value('GetVersion')).to.match(/^3\.\d+\.\d+$/);
  });

  it('creates, and answers when the machines are launched', async () => {
    id = String(await im.value('CreateInfrastructure', DOCUMENT, AUTH));
    expect(await im.value('GetInfrastructureList', AUTH)).to.deep.equal([id]);
    expect(await im.value('GetInfrastructureInfo', id, AUTH)).to.deep.equal(['0', '1']);
    expect((await machinesOf(id)).map(({ state }) => state)).to.deep.equal(['running', 'running']);
  });

  it('configures them as the recipe says', async () => {
    await reaches('configured');
    expect(await stateOf()).to.deep.equal({ state: 'configured', vm_states: { '0': 'configured', '1': 'configured' } });
    expect(await execIn((await machineOf(id, '0')).id, 'cat /etc/role')).to.equal('front & <1>\n');
  });

  it('shows logs and documents', async () => {
    const log = String(await im.value('GetInfrastructureContMsg', id, AUTH));
    expect(log)
      .to.match(/^VM 0:$/m)
      .and.contain('Write /etc/role');
    expect(await im.value('GetInfrastructureContMsg', id, AUTH, true)).to.not.contain('Write /etc/role');
    expect(await im.value('GetVMContMsg', id, 0, AUTH)).to.contain('Write /etc/role');
    expect(await im.value('GetInfrastructureRADL', id, AUTH)).to.contain('& <{{ groups');
    expect(await im.value('GetVMInfo', id, '0', AUTH)).to.contain("state = 'configured'");
    expect(await im.value('GetInfrastructureOwners', id, AUTH)).to.deep.equal(['ana']);
  });

  it('gives properties in their own types', async () => {
    expect(await im.value('GetVMProperty', id, '0', 'state', AUTH)).to.equal('configured');
    expect(await im.value('GetVMProperty', id, 0, 'cpu.count', AUTH)).to.equal(1);
    expect(await im.value('GetVMProperty', id, '0', 'instance_id', AUTH)).to.equal((await machineOf(id, '0')).id);
    expect(await im.refusal('GetVMProperty', id, '0', 'cpu.colour', AUTH)).to.equal(
      'Incorrect property cpu.colour for VM ID 0',
    );
  });

  it('adds and removes machines without configuring when asked so', async () => {
    expect(await im.value('AddResource', id, oneWorkerMore, AUTH, false)).to.deep.equal([2]);
    expect(await im.value('GetInfrastructureInfo', id, AUTH)).to.deep.equal(['0', '1', '2']);
    expect(await im.value('RemoveResource', id, '1,2', AUTH, false)).to.equal(2);
    expect(await im.value('GetInfrastructureInfo', id, AUTH)).to.deep.equal(['0']);
    expect((await machinesOf(id)).map(({ vm }) => vm)).to.deep.equal(['0']);
    expect(await im.refusal('RemoveResource', id, ['1'], AUTH)).to.equal('Deleted VM.');
  });

  it('stops, starts and reboots machines', async () => {
    expect(await im.value('StopVM', id, 0, AUTH)).to.equal('');
    expect((await machineOf(id, '0')).state).to.equal('exited');
    expect(await im.value('StartVM', id, '0', AUTH)).to.equal('');
    expect(await im.value('RebootVM', id, '0', AUTH)).to.equal('');
    expect(await im.value('StopInfrastructure', id, AUTH)).to.equal('');
    expect(member(await stateOf(), 'state')).to.equal('stopped');
    expect(await im.value('StartInfrastructure', id, AUTH)).to.equal('');
    expect((await machineOf(id, '0')).state).to.equal('running');
  });

  it('says why a machine cannot be altered', async () => {
    expect(await im.refusal('AlterVM', id, 0, 'system wn (cpu.count = 2)', AUTH)).to.equal(
      'Incorrect RADL no system with name front provided.',
    );
    expect(await im.refusal('AlterVM', id, 0, 'system front (cpu.count = 2)', AUTH)).to.equal(
      'Error modifying the information about the VM 0: Not supported',
    );
  });

  it('configures again with a changed recipe', async () => {
    const changed = recipe('front', writes('/etc/role', 'changed\n'));
    expect(await im.value('Reconfigure', id, changed, AUTH, [0])).to.equal('');
    await reaches('configured');
    expect(await execIn((await machineOf(id, '0')).id, 'cat /etc/role')).to.equal('changed\n');
  });

  it('keeps others out, and answers wrong calls with faults', async () => {
    expect(await im.refusal('GetInfrastructureState', id, OTHER_AUTH)).to.equal(
      'Access to this infrastructure not granted.',
    );
    expect(await im.refusal('GetInfrastructureState', 'none', AUTH)).to.equal(
      'Invalid infrastructure ID or access not granted.',
    );
    expect((await im.call('NoSuchMethod')).fault).to.deep.equal([
      1,
      '<class \'Exception\'>:method "NoSuchMethod" is not supported',
    ]);
    expect((await im.call('GetVMInfo', id, '0')).fault).to.deep.equal([
      1,
      "<class 'TypeError'>:GetVMInfo() missing 1 required positional argument: 'auth_data'",
    ]);
  });

  it('destroys everything that it made', async () => {
    expect(await im.value('DestroyInfrastructure', id, AUTH)).to.equal('');
    expect([await machinesOf(id), await networksOf(id)]).to.deep.equal([[], []]);
    expect(await im.value('GetInfrastructureList', AUTH)).to.deep.equal([]);
    expect(await im.refusal('DestroyInfrastructure', id, AUTH)).to.equal(
      'Invalid infrastructure ID or access not granted.',
    );
  });
});
