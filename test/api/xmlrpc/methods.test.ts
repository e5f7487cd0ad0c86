// SPDX-License-Identifier: Apache-2.0
// The methods as a real client of the time sees them: Python's xmlrpc.client (xmlrpc-api.md §2-4, 6).
import { expect } from 'chai';
import { methods } from '../../../src/api/xmlrpc/methods.js';
import { RADL } from '../rest/rest-service.js';
import { A, startXmlRpc, type XmlRpcService } from './xmlrpc-service.js';

const NO_CREDENTIALS = 'No credentials provided for the InfrastructureManager.';

describe('XML-RPC methods', () => {
  let service: XmlRpcService;
  beforeEach(async () => {
    service = await startXmlRpc();
  });
  afterEach(() => service.stop());

  it('are the 29 of the reference, and the two names of its documentation', () => {
    expect([...methods.keys()]).to.have.members([
      ...[
        'GetVersion',
        'GetInfrastructureList',
        'CreateInfrastructure',
        'DestroyInfrastructure',
        'StartInfrastructure',
      ],
      ...['StopInfrastructure', 'GetInfrastructureInfo', 'GetInfrastructureState', 'GetInfrastructureContMsg'],
      ...['GetInfrastructureRADL', 'GetInfrastructureOwners', 'ChangeInfrastructureAuth', 'GetVMInfo', 'GetVMProperty'],
      ...['GetVMContMsg', 'AlterVM', 'AddResource', 'RemoveResource', 'StartVM', 'StopVM', 'RebootVM', 'Reconfigure'],
      ...['ExportInfrastructure', 'ImportInfrastructure', 'CreateDiskSnapshot', 'GetCloudImageList', 'GetCloudQuotas'],
      ...['EstimateResources', 'GetStats', 'EstimateResouces', 'GetStat'],
    ]);
  });

  it('run a life cycle', async () => {
    const answers = await service.python(
      ['GetVersion'],
      ['CreateInfrastructure', RADL, A],
      ['GetInfrastructureList', A],
      ['GetInfrastructureInfo', 'inf-1', A],
      ['GetInfrastructureState', 'inf-1', A],
      ['AddResource', 'inf-1', RADL, A],
      ['RemoveResource', 'inf-1', '2,3', A, false],
      ['StopVM', 'inf-1', 0, A],
      ['GetVMProperty', 'inf-1', '0', 'state', A],
      ['StartVM', 'inf-1', '0', A],
      ['RebootVM', 'inf-1', 0, A],
      ['StopInfrastructure', 'inf-1', A],
      ['StartInfrastructure', 'inf-1', A],
      ['Reconfigure', 'inf-1', '', A],
      ['GetInfrastructureOwners', 'inf-1', A],
      ['DestroyInfrastructure', 'inf-1', A],
      ['GetInfrastructureInfo', 'inf-1', A],
    );
    expect(answers.map((answer) => answer.result)).to.deep.equal([
      [true, '3.0.0'],
      [true, 'inf-1'],
      [true, ['inf-1']],
      [true, ['0', '1']],
      [true, { state: 'configured', vm_states: { 0: 'configured', 1: 'configured' } }],
      [true, [2, 3]],
      [true, 2],
      [true, ''],
      [true, 'stopped'],
      [true, ''],
      [true, ''],
      [true, ''],
      [true, ''],
      [true, ''],
      [true, ['u1']],
      [true, ''],
      [false, 'Invalid infrastructure ID or access not granted.'],
    ]);
  });

  it('keep the types of properties apart', async () => {
    const property = (name: string) => ['GetVMProperty', 'inf-1', 0, name, A] as const;
    const [, ...answers] = await service.python(
      ['CreateInfrastructure', RADL, A],
      property('cpu.count'),
      property('cpu.performance'),
      property('memory.size'),
      property('net_interface.0.additional_ips'),
      property('disk.0.applications'),
      property('nope'),
    );
    expect(answers.map(({ result, types }) => [result?.[1], types?.[1]])).to.deep.equal([
      [1, 'int'],
      [1.5, 'float'],
      [4_000_000_000, 'int'],
      [['a', 'b'], 'list'],
      [{ app1: { name: 'app1', version: '1.0' } }, 'dict'],
      ['Incorrect property nope for VM ID 0', 'str'],
    ]);
  });

  it('send logs without what XML cannot hold, and the rest of them unchanged', async () => {
    const [, answer, head] = await service.python(
      ['CreateInfrastructure', RADL, A],
      ['GetInfrastructureContMsg', 'inf-1', A],
      ['GetInfrastructureContMsg', 'inf-1', A, true],
    );
    expect(answer?.result).to.deep.equal([true, `head\nVM 0:\nbell  & <tag> ]]> é\n${'*'.repeat(75)}\n`]);
    expect(head?.result).to.deep.equal([true, 'head\n']);
  });

  it('show a machine as RADL, or as RADL JSON when configured', async () => {
    const [, number, text] = await service.python(
      ['CreateInfrastructure', RADL, A],
      ['GetVMInfo', 'inf-1', 0, A],
      ['GetVMInfo', 'inf-1', '0', A],
    );
    expect(number?.result).to.deep.equal(text?.result);
    expect(String(number?.result?.[1])).to.contain("net_interface.0.ip = '10.0.0.1'");
    await service.stop();
    service = await startXmlRpc({ vmInfoJson: true });
    const [, json] = await service.python(['CreateInfrastructure', RADL, A], ['GetVMInfo', 'inf-1', 0, A]);
    expect(JSON.parse(String(json?.result?.[1]))[0]).to.include({ class: 'system', id: 'node' });
    expect(json?.result?.[1]).to.match(/^\[\n {2}\{\n {4}"class": "system",/);
  });

  it('treat nil as not given', async () => {
    const [, answer] = await service.python(
      ['CreateInfrastructure', RADL, A, null],
      ['AddResource', 'inf-1', RADL, A, null],
      ['Reconfigure', 'inf-1', null, A, null],
    );
    expect(answer?.result).to.deep.equal([true, [2, 3]]);
    expect(service.manager.calls).to.deep.equal(['createInfrastructure', 'addResources', 'reconfigure']);
    await service.python(['AddResource', 'inf-1', '', A, null]);
    expect(service.manager.lastArguments).to.deep.equal([{ isContextualized: true }]);
    await service.python(['AddResource', 'inf-1', '', A, 0]);
    expect(service.manager.lastArguments).to.deep.equal([{ isContextualized: false }]);
    await service.python(['GetStats', null, '', A]);
    expect(service.manager.lastArguments).to.deep.equal([{}]);
  });

  const bad: readonly [string, readonly [string, ...unknown[]], string][] = [
    ['no credentials', ['GetInfrastructureList', []], NO_CREDENTIALS],
    ['credentials as text', ['GetInfrastructureList', 'type = InfrastructureManager'], NO_CREDENTIALS],
    ['credentials as one struct', ['GetInfrastructureList', A[0]], NO_CREDENTIALS],
    [
      'credentials that are no structs',
      ['GetInfrastructureList', [...A, 'x']],
      'Malformed authorization: item 3 of the authorization data must be an object of texts.',
    ],
    ['a bad id', ['GetInfrastructureList', [{ ...A[0], id: '9x' }]], 'Incorrect value in auth item id: 9x'],
    [
      'a name of OIDC',
      ['GetInfrastructureList', [{ ...A[0], username: '__OPENID__u' }]],
      'Invalid username used for the InfrastructureManager.',
    ],
    ['an id that is an integer', ['GetInfrastructureInfo', 12, A], 'Invalid infrastructure ID or access not granted.'],
    ['a document that is an integer', ['CreateInfrastructure', 17, A], 'Parameter radl_data must be a string.'],
    ['a document that is nil', ['CreateInfrastructure', null, A], 'Parameter radl_data must be a string.'],
    [
      'a document with a wrong deploy',
      ['CreateInfrastructure', 'system a ()\ndeploy b 1', A],
      'Line 2: Invalid system id in the deploy.',
    ],
    ['a flag that is a text', ['CreateInfrastructure', '', A, 'false'], 'Parameter async_call must be a boolean.'],
    [
      'removal by a fraction',
      ['RemoveResource', 'inf-1', 1.5, A],
      'Incorrect parameter type to RemoveResource function: expected: str, int or list of str.',
    ],
    [
      'removal by a struct',
      ['RemoveResource', 'inf-1', { a: 1 }, A],
      'Incorrect parameter type to RemoveResource function: expected: str, int or list of str.',
    ],
    ['removal of nothing', ['RemoveResource', 'inf-1', '', A], 'Invalid VM ID'],
    ['a VM that is none', ['GetVMInfo', 'inf-1', 'x', A], 'Invalid VM ID'],
    ['a VM of odd type', ['GetVMInfo', 'inf-1', [0], A], 'Invalid VM ID'],
    ['a bad list of machines', ['Reconfigure', 'inf-1', '', A, ['a']], 'Incorrect vm_list format.'],
    ['an unknown cloud', ['GetCloudQuotas', 'xx', A], 'Cloud ID xx not found.'],
    ['a bad date', ['GetStats', 'yesterday', '', A], 'Incorrect format in init_date parameter: YYYY/MM/dd'],
    [
      'data that is no export',
      ['ImportInfrastructure', '{"x": 1}', A],
      "Error importing the infrastructure, incorrect data: 'id'",
    ],
  ];
  it('fail with false and the text of the failure, without prefix', async () => {
    const [, ...answers] = await service.python(['CreateInfrastructure', RADL, A], ...bad.map(([, call]) => call));
    expect(answers.map((answer, index) => [bad[index]?.[0], answer.result ?? answer.fault])).to.deep.equal(
      bad.map(([what, , text]) => [what, [false, text]]),
    );
  });

  it('take credentials with values that are no texts', async () => {
    const [answer] = await service.python(['GetInfrastructureList', [A[0], { type: 'Dummy', extra: 7, flag: true }]]);
    expect(answer?.result).to.deep.equal([true, []]);
    expect(service.manager.lastCall?.items[1]).to.deep.equal({ type: 'Dummy', extra: '7', flag: 'true' });
  });

  it('take machines to remove in every form', async () => {
    const six = RADL.replace('deploy node 2', 'deploy node 6');
    const [, ...answers] = await service.python(
      ['CreateInfrastructure', six, A],
      ['RemoveResource', 'inf-1', '0', A],
      ['RemoveResource', 'inf-1', 1, A],
      ['RemoveResource', 'inf-1', ['2', 3], A, null],
      ['RemoveResource', 'inf-1', '4,5', A, true],
      ['RemoveResource', 'inf-1', '5', A],
    );
    expect(answers.map((answer) => answer.result)).to.deep.equal([
      [true, 1],
      [true, 1],
      [true, 2],
      [true, 2],
      [false, 'Deleted VM.'],
    ]);
  });

  it('take TOSCA beside RADL, and no RADL in JSON', async () => {
    const tosca = 'tosca_definitions_version: tosca_simple_yaml_1_0\ntopology_template: {}\n';
    const [text, comment, json, radlJson, radl] = await service.python(
      ['CreateInfrastructure', tosca, A],
      ['AddResource', 'none', `# a template\n\n${tosca}`, A],
      ['EstimateResources', '{"tosca_definitions_version": "tosca_simple_yaml_1_0"}', A],
      ['CreateInfrastructure', '[{"class": "system", "id": "a"}]', A],
      ['CreateInfrastructure', "system a ( disk.0.image.url = 'tosca_definitions_version: x' )", A],
    );
    // The use cases of these tests only say that a TOSCA document has reached them.
    expect(text?.result).to.deep.equal([false, 'Error parsing TOSCA template: not here']);
    expect(comment?.result?.[1]).to.equal('Invalid infrastructure ID or access not granted.');
    expect(json?.result?.[0]).to.equal(true);
    expect(radlJson?.result?.[0]).to.equal(false);
    expect(radl?.result?.[0]).to.equal(true);
    expect(service.manager.calls).to.deep.equal(['addResources', 'estimate', 'createInfrastructure']);
  });

  it('change owners, also with the bare struct of old clients', async () => {
    const second = { type: 'InfrastructureManager', username: 'u2', password: 'p2' };
    const third = { ...second, username: 'u3' };
    const [, one, two, owners, ...wrong] = await service.python(
      ['CreateInfrastructure', RADL, A],
      ['ChangeInfrastructureAuth', 'inf-1', [second], false, A],
      ['ChangeInfrastructureAuth', 'inf-1', third, null, A],
      ['GetInfrastructureOwners', 'inf-1', A],
      ['ChangeInfrastructureAuth', 'inf-1', [{ type: 'Dummy' }], false, A],
      ['ChangeInfrastructureAuth', 'inf-1', 'u4', false, A],
      ['ChangeInfrastructureAuth', 'inf-1', null, false, A],
    );
    expect(one?.result).to.deep.equal([true, '']);
    expect(two?.result).to.deep.equal([true, '']);
    expect(owners?.result).to.deep.equal([true, ['u1', 'u2', 'u3']]);
    const refusal = [false, `Invalid new infrastructure data provided: ${NO_CREDENTIALS}`];
    expect(wrong.map(({ result }) => result)).to.deep.equal([refusal, refusal, refusal]);
  });

  it('alter machines and make images', async () => {
    const [, altered, snapshot] = await service.python(
      ['CreateInfrastructure', RADL, A],
      ['AlterVM', 'inf-1', '0', 'system node (cpu.count = 3)', A],
      ['CreateDiskSnapshot', 'inf-1', 0, 1, 'snap', true, A],
    );
    expect(String(altered?.result?.[1])).to.contain('cpu.count = 3');
    expect(snapshot?.result).to.deep.equal([true, 'mock0://linux.for.ev.er/snap']);
    expect(service.manager.lastArguments).to.deep.equal([0, 1, 'snap', true]);
  });

  it('export and import', async () => {
    const [, exported, moved] = await service.python(
      ['CreateInfrastructure', RADL, A],
      ['ExportInfrastructure', 'inf-1', null, A],
      ['ExportInfrastructure', 'inf-1', true, A],
    );
    expect(exported?.result).to.deep.equal(moved?.result);
    const [imported] = await service.python(['ImportInfrastructure', exported?.result?.[1], A]);
    expect(imported?.result).to.deep.equal([true, 'inf-1']);
  });

  it('answer clouds, estimates and statistics as structs with integers', async () => {
    const answers = await service.python(
      ['GetCloudImageList', 'dummy', A, { distribution: 'ubuntu' }],
      ['GetCloudQuotas', 'dummy', A],
      ['EstimateResources', RADL, A],
      ['EstimateResouces', RADL, A],
      ['GetStats', '2026/01/01', '', A],
      ['GetStat', '', '', A],
    );
    const estimate = { dummy: { cloudType: 'Dummy', compute: [{ cpuCores: 1, memoryInMegabytes: 512 }], storage: [] } };
    const row = {
      creation_date: '2026-11-20 08:54:37',
      tosca_name: 'a,"b"',
      vm_count: 1,
      hybrid: false,
      deleted: true,
    };
    expect(answers.map((answer) => answer.result)).to.deep.equal([
      [true, [{ uri: 'mock0://linux.for.ev.er/image1', name: 'Image Name1' }]],
      [true, { cores: { used: 1, limit: 10 } }],
      [true, estimate],
      [true, estimate],
      [true, [row]],
      [true, [row]],
    ]);
  });

  it('refuse wrong calls with a fault of code 1 and the words of Python', async () => {
    const answers = await service.python(
      ['NoSuch'],
      ['system.listMethods'],
      ['GetVersion', 'extra'],
      ['GetInfrastructureList'],
      ['GetVMInfo', 'a', 'b'],
      ['GetVMInfo'],
      ['GetVMInfo', 'a'],
      ['CreateInfrastructure', 1, 2, 3, 4],
    );
    expect(answers.map(({ fault }) => fault)).to.deep.equal([
      `<class 'Exception'>:method "NoSuch" is not supported`,
      `<class 'Exception'>:method "system.listMethods" is not supported`,
      "<class 'TypeError'>:GetVersion() takes 0 positional arguments but 1 was given",
      "<class 'TypeError'>:GetInfrastructureList() missing 1 required positional argument: 'auth_data'",
      "<class 'TypeError'>:GetVMInfo() missing 1 required positional argument: 'auth_data'",
      "<class 'TypeError'>:GetVMInfo() missing 3 required positional arguments: 'inf_id', 'vm_id', and 'auth_data'",
      "<class 'TypeError'>:GetVMInfo() missing 2 required positional arguments: 'vm_id' and 'auth_data'",
      "<class 'TypeError'>:CreateInfrastructure() takes from 2 to 3 positional arguments but 4 were given",
    ]);
    expect(answers.every(({ code }) => code === 1)).to.equal(true);
  });

  it('answer a defect without its inside, and log it', async () => {
    service.manager.failure = new TypeError('CANARY is undefined');
    const [answer] = await service.python(['GetInfrastructureList', A]);
    expect(answer?.result).to.deep.equal([
      false,
      'Internal error. The log of the service has the details under request req-1.',
    ]);
    expect(service.logged.join('\n')).to.contain('GetInfrastructureList failed unexpectedly');
  });

  it('never put secrets into the log, and are counted by name', async () => {
    await service.python(['GetInfrastructureList', [{ ...A[0], password: 'CANARY' }]], ['NoSuchCANARY']);
    expect(service.logged.length).to.be.greaterThan(0);
    expect(service.logged.join('\n')).not.to.contain('CANARY');
    expect(service.observed.map(({ route }) => route)).to.deep.equal([
      'xmlrpc:GetInfrastructureList',
      'xmlrpc:unknown',
    ]);
  });
});
