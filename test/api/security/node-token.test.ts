// SPDX-License-Identifier: Apache-2.0
// The token that nodes get (IM_INFRASTRUCTURE_AUTH, BEARER_TOKEN): what it opens, over every function of both APIs, and when it ends.
import { expect } from 'chai';
import { parseAuthHeader } from '../../../src/auth/index.js';
import { type AuthItem, ImError, isInfrastructureToken } from '../../../src/domain/index.js';
import type { Call } from '../../../src/manager/index.js';
import { parseRadl, printRadl } from '../../../src/radl/index.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { callOf, demolish, type House, instantContextualizer, startHouse } from '../../support/operations-house.js';
import { failureOf, until } from '../../support/waiting.js';
import { type RestService, startRest } from '../rest/rest-service.js';
import { type Door, restDoors, xmlRpcDoors } from './doors.js';

const SECRET = 'CANARY-login';
const DOCUMENT = `network pub (outbound = 'yes' and proxy_host = 'u:${SECRET}@bastion.example:22' and proxy_key = '${SECRET}')
system node (
  net_interface.0.connection = 'pub' and
  disk.0.image.url = 'mem://1' and
  disk.0.os.credentials.username = 'ubuntu' and
  disk.0.os.credentials.password = '${SECRET}'
)
deploy node 1
`;
const CLOUD = { id: 'mem', type: 'Memory' };
const im = (item: AuthItem): AuthItem => ({ type: 'InfrastructureManager', ...item });
const refusalOf = async (task: Promise<unknown>): Promise<ImError> => {
  const failure = await failureOf(task);
  if (failure instanceof ImError) return failure;
  throw failure;
};
const callWith = (...items: readonly AuthItem[]): Call => ({ ...callOf(), items });

/** Everything that nodes need: reading their infrastructure, adding and removing machines, power. */
const OPEN: ReadonlySet<string> = new Set([
  'GET /infrastructures',
  'GET /infrastructures/{infId}',
  'POST /infrastructures/{infId}',
  'GET /infrastructures/{infId}/state',
  'GET /infrastructures/{infId}/radl',
  'GET /infrastructures/{infId}/contmsg',
  'PUT /infrastructures/{infId}/start',
  'PUT /infrastructures/{infId}/stop',
  'GET /infrastructures/{infId}/vms/{vmId}',
  'DELETE /infrastructures/{infId}/vms/{vmId}',
  'GET /infrastructures/{infId}/vms/{vmId}/contmsg',
  'GET /infrastructures/{infId}/vms/{vmId}/{property}',
  'PUT /infrastructures/{infId}/vms/{vmId}/start',
  'PUT /infrastructures/{infId}/vms/{vmId}/stop',
  'PUT /infrastructures/{infId}/vms/{vmId}/reboot',
  ...[
    'GetInfrastructureList',
    'GetInfrastructureInfo',
    'GetInfrastructureState',
    'GetInfrastructureRADL',
    'GetInfrastructureContMsg',
    'AddResource',
    'RemoveResource',
    'StartInfrastructure',
    'StopInfrastructure',
    'GetVMInfo',
    'GetVMProperty',
    'GetVMContMsg',
    'StartVM',
    'StopVM',
    'RebootVM',
  ].map((name) => `XML-RPC ${name}`),
]);

describe('the token of an infrastructure', () => {
  let cloud: MemoryCloud;
  let house: House;
  let service: RestService;
  let own: string;
  let other: string;
  let token: string;
  let doors: readonly Door[];
  let target: string;
  const tokens = new Map<string, string>();

  const start = async (directory?: string, masksVmCredentials = false): Promise<void> => {
    house = await startHouse({
      types: [cloud.connectorType()],
      masksVmCredentials,
      ...(directory !== undefined && { directory }),
      contextualizer: {
        ...instantContextualizer,
        run: async (run) => {
          tokens.set(run.infrastructureId, await run.ports.infrastructureToken());
          return instantContextualizer.run(run);
        },
      },
    });
    service = await startRest({}, { manager: house.manager });
    const at = () => ({ infrastructureId: target, document: DOCUMENT, cloudId: 'mem' });
    doors = [...(await restDoors(service, at)), ...xmlRpcDoors(house.manager, at)];
  };
  const create = async (username: string): Promise<string> => {
    const caller = callOf(username);
    const { infrastructureId: id } = await house.manager.createInfrastructure(caller, parseRadl(DOCUMENT), {
      isAsync: false,
    });
    await configured(id, username);
    return id;
  };
  const configured = (id: string, username = 'ana') =>
    until(
      async () => (await house.manager.infrastructureState(callOf(username), id)).state === 'configured',
      'the configuration',
    );

  beforeEach(async () => {
    cloud = new MemoryCloud();
    tokens.clear();
    await start();
    own = await create('ana');
    other = await create('eva');
    token = tokens.get(own) ?? '';
    target = own;
  });
  afterEach(async () => {
    await service.stop();
    await demolish(house);
  });

  const node = (): Call => callWith(im({ token }), CLOUD);
  const info = async (call: Call) => printRadl(await house.manager.vmInfo(call, own, 0));

  it('has a form that nodes and clients can carry, and is kept nowhere', async () => {
    expect(isInfrastructureToken(token)).to.equal(true);
    // A `:` would be taken for a user name and password, quotes and `;` end values of authorization lines.
    expect(token).to.match(/^[\w.-]+$/);
    expect(parseAuthHeader(`type = InfrastructureManager; token = ${token}`)).to.deep.equal([im({ token })]);
    const stored = await house.store.getInfrastructure(own);
    expect(JSON.stringify(stored?.extra)).not.to.contain(token.slice(-20));
    expect(await house.manager.exportInfrastructure(callOf(), own, { isDeleted: false })).not.to.contain('nodeToken');
  });

  it('stays the same from one configuration and one daemon to the next', async () => {
    await house.manager.reconfigure(callOf(), own, parseRadl(''));
    await configured(own);
    expect(tokens.get(own)).to.equal(token);
    await service.stop();
    await house.stop();
    await start(house.directory);
    expect(await house.manager.listVms(node(), own)).to.deep.equal([0]);
    await house.manager.reconfigure(callOf(), own, parseRadl(''));
    await configured(own);
    expect(tokens.get(own)).to.equal(token);
  });

  it('opens what nodes need, and nothing else of its infrastructure', async () => {
    const closed = doors.filter(({ name, isPublic }) => !isPublic && !OPEN.has(name));
    expect(closed.length).to.be.greaterThan(20);
    for (const door of closed) {
      const answer = await door.knock([im({ token }), CLOUD]);
      expect(answer.isRefused, `${door.name}: ${answer.text}`).to.equal(true);
      expect(answer.text, door.name).to.contain('The token of an infrastructure is not enough for this');
      if (door.api === 'rest') expect(answer.status, door.name).to.be.oneOf([400, 403]);
    }
    for (const door of doors.filter(({ name }) => OPEN.has(name))) {
      const answer = await door.knock([im({ token }), CLOUD]);
      expect(answer.text, door.name).not.to.match(/not enough|not granted|Invalid InfrastructureManager/);
    }
    expect([...OPEN].filter((name) => !doors.some((door) => door.name === name))).to.deep.equal([]);
  });

  it('opens no other infrastructure', async () => {
    target = other;
    for (const door of doors.filter(({ isOfInfrastructure }) => isOfInfrastructure)) {
      const answer = await door.knock([im({ token }), CLOUD]);
      expect(answer.isRefused, `${door.name}: ${answer.text}`).to.equal(true);
      expect(answer.text, door.name).to.match(/not granted|not enough/);
    }
    expect(await house.manager.listInfrastructures(node())).to.deep.equal([own]);
    // Beside the credentials of somebody else it takes from them rather than giving to them.
    const mixed = callWith(im({ token }), im({ username: 'eva', password: 'eva-pass' }), CLOUD);
    expect((await refusalOf(house.manager.listVms(mixed, other))).code).to.equal('unauthorized');
    const admin = callWith(im({ username: 'root', password: 'root' }), im({ token }), CLOUD);
    expect((await refusalOf(house.manager.listVms(admin, other))).code).to.equal('unauthorized');
    const two = callWith(im({ token }), im({ token: tokens.get(other) ?? '' }), CLOUD);
    expect((await refusalOf(house.manager.listVms(two, own))).code).to.equal('invalid-credentials');
  });

  it('shows no way into the machines', async () => {
    expect(await info(callOf())).to.contain(SECRET);
    expect(await info(node()))
      .to.contain("disk.0.os.credentials.username = 'ubuntu'")
      .and.not.to.contain(SECRET);
    expect(printRadl(await house.manager.infrastructureRadl(node(), own))).not.to.contain(SECRET);
    for (const property of ['disk.0.os.credentials.password', 'disk.0.os.credentials.new.password']) {
      expect(await house.manager.vmProperty(node(), own, 0, property)).to.equal(undefined);
    }
  });

  it('adds machines out of the documents that it shows, which get the logins that it does not show', async () => {
    const shown = await house.manager.infrastructureRadl(node(), own);
    const text = printRadl(shown)
      .replaceAll('system node', 'system vnode-2')
      .replace(/deploy node \d+/g, 'deploy vnode-2 1')
      .replace(/network pub \([^)]*\)/, 'network pub');
    const options = { isContextualized: true };
    const { vmNumbers } = await house.manager.addResources(node(), own, parseRadl(text), options);
    expect(vmNumbers).to.deep.equal([1]);
    expect(printRadl(await house.manager.vmInfo(callOf(), own, 1))).to.contain(SECRET);
    const operations = await house.manager.listOperations(callOf(), own, 50);
    expect(operations.find(({ kind }) => kind === 'add')?.caller).to.equal('__NODE__ana');
    expect(await house.manager.removeResources(node(), own, ['1'], options)).to.equal(1);
  });

  it('needs clouds to work with: those beside it, or those of an operation that is not ended', async () => {
    const bare = callWith(im({ token }));
    const failure = await failureOf(house.manager.stopVm(bare, own, 0));
    expect(failure).to.include({ code: 'bad-request' });
    expect(failure.message).to.contain('No credentials of Memory');
    expect(await house.manager.listVms(bare, own)).to.deep.equal([0]);

    let open = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    cloud.gate = async (call) => (call === 'switch' ? held : undefined);
    const unfinished = () => house.store.listOperations({ infrastructureId: own, states: ['queued', 'running'] });
    const stopping = house.manager.stopVm(callOf(), own, 0);
    await until(async () => (await unfinished()).length === 1, 'the operation of the owner');
    const starting = house.manager.startVm(bare, own, 0);
    await until(async () => (await unfinished()).length === 2, 'the operation of the node');
    // Nothing of the owner's but the cloud.
    expect((await unfinished())[1]?.credentials).to.deep.equal([im({ token }), CLOUD]);
    open();
    await Promise.all([stopping, starting]);
  });

  it('adds nothing out of TOSCA documents', async () => {
    const document = { kind: 'tosca', text: 'tosca_definitions_version: tosca_simple_yaml_1_0' } as const;
    const failure = await refusalOf(house.manager.addResources(node(), own, document, { isContextualized: true }));
    expect(failure.code).to.equal('unauthorized');
  });

  it('ends when it is wrong, when an owner goes, and with the infrastructure', async () => {
    const refusedNow = async (text = token) =>
      (await refusalOf(house.manager.listVms(callWith(im({ token: text })), own))).code;
    for (const wrong of [
      `${token}x`,
      token.slice(0, -1),
      `${token.slice(0, -1)}-`,
      token.replace(own, other),
      'im-infrastructure.',
    ]) {
      expect(await refusedNow(wrong), wrong).to.equal('invalid-credentials');
    }
    const eva = [im({ username: 'eva', password: 'eva-pass' })];
    await house.manager.changeOwners(callOf(), own, eva, { isOverwrite: false });
    expect(await house.manager.listVms(node(), own)).to.deep.equal([0]);
    await house.manager.changeOwners(callOf(), own, eva, { isOverwrite: true });
    expect(await refusedNow()).to.equal('invalid-credentials');

    await house.manager.reconfigure(callOf('eva'), own, parseRadl(''));
    await configured(own, 'eva');
    const renewed = tokens.get(own) ?? '';
    expect(renewed).not.to.equal(token);
    expect(await house.manager.listVms(callWith(im({ token: renewed })), own)).to.deep.equal([0]);
    await house.manager.destroyInfrastructure(callOf('eva'), own, { isForced: false, isAsync: false });
    expect(await refusedNow(renewed)).to.equal('invalid-credentials');
  });

  it('makes nobody an owner', async () => {
    for (const isOverwrite of [false, true]) {
      const change = house.manager.changeOwners(callOf(), own, [im({ token })], { isOverwrite });
      expect((await refusalOf(change)).message).to.contain('nobody who could own it');
    }
    expect(await house.manager.owners(callOf(), own)).to.deep.equal(['ana']);
  });

  it('is not brought along by an imported document', async () => {
    const exported = JSON.parse(await house.manager.exportInfrastructure(callOf(), own, { isDeleted: true }));
    const stored = { nonce: 'n', hash: 'h', owners: [] };
    const text = JSON.stringify({
      ...exported,
      extra_info: { im: { ...exported.extra_info.im, nodeToken: stored, statistics: { isExported: true } } },
    });
    const { infrastructureId } = await house.manager.importInfrastructure(callOf(), text);
    expect((await house.store.getInfrastructure(infrastructureId))?.extra).not.to.have.any.keys(
      'nodeToken',
      'statistics',
    );
  });

  it('leaves owners what they see, unless MASK_VM_CREDENTIALS hides it from everybody', async () => {
    await service.stop();
    await house.stop();
    await start(house.directory, true);
    expect(await info(callOf()))
      .to.contain("disk.0.os.credentials.username = 'ubuntu'")
      .and.not.to.contain(SECRET);
    expect(printRadl(await house.manager.infrastructureRadl(callOf(), own))).not.to.contain(SECRET);
  });
});
