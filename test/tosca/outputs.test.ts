// SPDX-License-Identifier: Apache-2.0
// Outputs out of what is known of the machines.
import { expect } from 'chai';
import { evaluateOutputs, parseTosca, type VmView } from '../../src/tosca/index.js';
import { document, environment, infrastructure, vm } from './support.js';

const NETWORKS = "network private (outbound = 'no')\nnetwork public (outbound = 'yes')\n";
const machine = (number: number, group: string, features: string, facts: Partial<VmView> = {}) =>
  vm(number, `${NETWORKS}system ${group} (${features})`, facts);

async function outputs(values: Readonly<Record<string, string>>, vms: readonly VmView[]) {
  const written = Object.entries(values).map(([name, value]) => `    ${name}: {value: ${value}}\n`);
  const text = document(`  node_templates:
    vm: {type: tosca.nodes.indigo.Compute}
    app: {type: tosca.nodes.DBMS, properties: {port: 33}, requirements: [{host: vm}]}
  outputs:
${written.join('')}`);
  return evaluateOutputs(await parseTosca(text, environment()), infrastructure(vms));
}

const two = [
  machine(0, 'vm', "net_interface.0.connection = 'private' and net_interface.0.ip = '10.0.0.1'"),
  machine(1, 'vm', "net_interface.0.connection = 'private' and net_interface.0.ip = '10.0.0.2'"),
  machine(2, 'vm', "net_interface.0.connection = 'private' and net_interface.0.ip = '10.0.0.3'", { isDestroyed: true }),
];

describe('outputs', () => {
  it('list addresses of machines that are there, or one of them; beyond the end the last one', async () => {
    const { outputs: found } = await outputs(
      {
        all: '{get_attribute: [vm, private_address]}',
        first: '{get_attribute: [vm, private_address, 0]}',
        far: '{get_attribute: [vm, private_address, 2]}',
        last: '{get_attribute: [vm, private_address, -1]}',
        none: '{get_attribute: [vm, public_address]}',
      },
      two,
    );
    expect(found).to.deep.equal({
      all: ['10.0.0.1', '10.0.0.2'],
      first: '10.0.0.1',
      far: '10.0.0.2',
      last: '10.0.0.2',
      none: [null, null],
    });
  });

  it('are null without machines', async () => {
    const { outputs: found } = await outputs(
      { a: '{get_attribute: [vm, private_address, 0]}', b: '{get_attribute: [vm, tosca_id]}' },
      [],
    );
    expect(found).to.deep.equal({ a: null, b: null });
  });

  it('that cannot be evaluated are null and have a reason, the others keep their values', async () => {
    const { outputs: found, failures } = await outputs(
      { bad: '{concat: [x, {get_input: ghost}]}', good: '{get_property: [app, port]}' },
      two,
    );
    expect(found).to.deep.equal({ bad: null, good: 33 });
    expect([...failures]).to.deep.equal([['bad', 'Unknown input "ghost".']]);
  });

  it('show credentials, the key before the password', async () => {
    const login = "disk.0.os.credentials.username = 'u' and disk.0.os.credentials.password = 'p'";
    const key = `${login} and disk.0.os.credentials.private_key = 'K'`;
    const { outputs: found } = await outputs(
      {
        all: '{get_attribute: [vm, endpoint, credential]}',
        token: '{get_attribute: [vm, endpoint, credential, 1, token]}',
      },
      [machine(0, 'vm', login), machine(1, 'vm', key)],
    );
    expect(found).to.deep.equal({
      all: [
        { user: 'u', token: 'p', token_type: 'password' },
        { user: 'u', token: 'K', token_type: 'private_key' },
      ],
      token: 'K',
    });
  });

  it('show what Ansible tasks printed, nested values whole', async () => {
    const log = [
      'Launch task: app_vm_conf_vm',
      '',
      'TASK [role : show] ****',
      'ok: [10.0.0.1_0] => {',
      '    "msg": {',
      '        "inner": {"a": "}"}',
      '    }',
      '}',
      '',
      'TASK [role : fail] ****',
      'fatal: [10.0.0.1_0]: FAILED! => {"msg": "no", "rc": 1}',
      '',
      'TASK [role : quiet] ****',
      'changed: [10.0.0.1_0]',
      '',
    ].join('\n');
    const path = (task: string, what: string) =>
      `{get_attribute: [vm, ansible_output, app_vm_conf_vm, tasks, "role : ${task}", ${what}]}`;
    const { outputs: found } = await outputs(
      {
        show: path('show', 'output'),
        fail: path('fail', 'output'),
        state: path('fail', 'state'),
        quiet: path('quiet', 'output'),
        none: path('x', 'output'),
      },
      [machine(0, 'vm', '', { log })],
    );
    expect(found).to.deep.equal({ show: { inner: { a: '}' } }, fail: 'no', state: 'fatal', quiet: null, none: null });
  });

  it('join missing values as None, as clients know it', async () => {
    const { outputs: found } = await outputs(
      { url: '{concat: ["http://", {get_attribute: [vm, public_address, 0]}, ":", 1.0]}' },
      two,
    );
    expect(found).to.deep.equal({ url: 'http://None:1.0' });
  });
});
