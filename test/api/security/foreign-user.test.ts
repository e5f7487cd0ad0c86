// SPDX-License-Identifier: Apache-2.0
// One owner check for everything: user B against every route of user A, taken from the served description of the API (OWASP API1).
import { expect } from 'chai';
import { parseRadl, printRadl } from '../../../src/radl/index.js';
import { MemoryCloud } from '../../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../../support/operations-house.js';
import { until } from '../../support/waiting.js';
import { type Answer, type RestService, startRest } from '../rest/rest-service.js';
import { xmlRpcDoors } from './doors.js';

const CANARY = 'CANARY-of-ana';
const DOCUMENT = `network pub (outbound = 'yes')
system node (
  net_interface.0.connection = 'pub' and
  disk.0.image.url = 'mem://1' and
  disk.0.os.credentials.username = 'ubuntu' and
  disk.0.os.credentials.password = '${CANARY}'
)
deploy node 1
`;

const authorizationOf = (username: string): string =>
  `type = InfrastructureManager; username = ${username}; password = ${username}-pass\\nid = mem; type = Memory`;

/** A route of the description, ready to be called on somebody's infrastructure. */
interface DescribedRoute {
  readonly method: string;
  readonly template: string;
  readonly isPublic: boolean;
}

describe('somebody else', () => {
  let cloud: MemoryCloud;
  let house: House;
  let service: RestService;
  let id: string;
  let routes: readonly DescribedRoute[];

  before(async () => {
    cloud = new MemoryCloud();
    house = await startHouse({ types: [cloud.connectorType()] });
    service = await startRest({}, { manager: house.manager });
    const created = await house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync: false });
    id = created.infrastructureId;
    const state = () => house.manager.infrastructureState(callOf(), id);
    await until(async () => (await state()).state === 'configured', 'the configuration');
    const { paths } = JSON.parse((await service.anonymous('GET', '/openapi.json')).body);
    routes = Object.entries<Record<string, { security?: unknown[] }>>(paths).flatMap(([template, item]) =>
      Object.entries(item).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        template,
        isPublic: security?.length === 0,
      })),
    );
  });
  after(async () => {
    await service.stop();
    await demolish(house);
  });

  const ELEMENTS: Readonly<Record<string, string>> = {
    vmId: '0',
    revision: '1',
    diskNum: '0',
    property: 'state',
    cloudId: 'mem',
  };

  /** Calls a route on A's infrastructure, with everything that it needs. */
  function call({ method, template }: DescribedRoute, headers: Record<string, string>): Promise<Answer> {
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      name === 'infId' ? id : (ELEMENTS[name] ?? 'x'),
    );
    const json = template.endsWith('/authorization')
      ? '{"username": "eva", "password": "eva-pass"}'
      : template.endsWith('/adopt')
        ? '{"cloud": "mem", "machine": "m", "system": "node"}'
        : method === 'PATCH'
          ? '{"desiredState": "STOPPED"}'
          : undefined;
    const body = json ?? DOCUMENT;
    const type = json === undefined ? 'text/plain' : 'application/json';
    const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
    const query = '?image_name=i&overwrite=yes&delete=yes&force=yes&step=1';
    return service.anonymous(
      method,
      path + query,
      { ...headers, ...(hasBody && { 'Content-Type': type }) },
      hasBody ? body : undefined,
    );
  }

  const ownRoutes = (): readonly DescribedRoute[] => routes.filter(({ template }) => template.includes('{infId}'));

  /** Everything that A has, as rows. */
  async function everything(): Promise<string> {
    const infrastructure = await house.store.getInfrastructure(id);
    const vms = await house.store.listVms(id, { includeDestroyed: true });
    return JSON.stringify([
      infrastructure && { ...infrastructure, radl: printRadl(infrastructure.radl) },
      vms.map((vm) => ({ ...vm, info: printRadl(vm.info), requested: printRadl(vm.requested) })),
      (await house.store.listOperations({ infrastructureId: id })).length,
      [...cloud.vms.keys()],
    ]);
  }

  it('is refused on every route of an infrastructure, sees nothing of it and changes nothing', async () => {
    const before = await everything();
    expect(ownRoutes().length).to.be.greaterThan(20);
    for (const route of ownRoutes()) {
      const name = `${route.method} ${route.template}`;
      const answer = await call(route, { Authorization: authorizationOf('eva') });
      expect(answer.status, `${name}: ${answer.body}`).to.equal(403);
      expect(answer.body, name).to.contain('Access to this infrastructure not granted.');
      expect(answer.body, name).not.to.contain(CANARY);
    }
    expect(await everything()).to.equal(before);
  });

  it('is refused without credentials, and with wrong ones of the owner', async () => {
    const before = await everything();
    for (const route of routes.filter(({ isPublic }) => !isPublic)) {
      const name = `${route.method} ${route.template}`;
      expect((await call(route, {})).status, name).to.equal(401);
      if (!route.template.includes('{infId}')) continue;
      const wrong = authorizationOf('ana').replace('ana-pass', 'guess');
      expect((await call(route, { Authorization: wrong })).status, name).to.equal(403);
    }
    expect(await everything()).to.equal(before);
  });

  it('is refused by every method of XML-RPC, with credentials and without', async () => {
    const methods = xmlRpcDoors(house.manager, () => ({ infrastructureId: id, document: DOCUMENT, cloudId: 'mem' }));
    expect(methods.length).to.be.at.least(29);
    const eva = [{ type: 'InfrastructureManager', username: 'eva', password: 'eva-pass' }];
    const before = await everything();
    for (const { name, isOfInfrastructure, isPublic, knock } of methods) {
      if (isOfInfrastructure) {
        const answer = await knock(eva);
        expect(answer.isRefused, `${name}: ${answer.text}`).to.equal(true);
        expect(answer.text, name).to.contain('Access to this infrastructure not granted.').and.not.to.contain(CANARY);
      }
      if (isPublic) continue;
      const answer = await knock([]);
      expect(answer.isRefused, `${name}: ${answer.text}`).to.equal(true);
      expect(answer.text, name).to.contain('No credentials provided for the InfrastructureManager.');
    }
    expect(await everything()).to.equal(before);
  });

  it('cannot tell by a token that opens one machine only', async () => {
    const script = await house.manager.vmCommand(callOf(), id, 0, 1);
    const token = /token = (\S+)"/.exec(script ?? '')?.[1] ?? '';
    expect(token).not.to.equal('');
    const before = await everything();
    for (const route of ownRoutes().filter(({ template }) => !template.endsWith('/command'))) {
      const answer = await call(route, { Authorization: `type = InfrastructureManager; token = ${token}` });
      expect(answer.status, `${route.method} ${route.template}`).to.be.oneOf([400, 401]);
      expect(answer.body).not.to.contain(CANARY);
    }
    expect(await everything()).to.equal(before);
  });

  it('sees nothing of it in lists and statistics', async () => {
    const own = { Authorization: authorizationOf('ana') };
    const other = { Authorization: authorizationOf('eva') };
    for (const path of ['/infrastructures', '/infrastructures?limit=5', '/infrastructures?filter=node', '/stats']) {
      expect((await service.anonymous('GET', path, own)).body, path).to.contain(id);
      const seen = await service.anonymous('GET', path, other);
      expect(seen.status, path).to.equal(200);
      expect(seen.body, path).not.to.contain(id);
    }
  });

  it('cannot take it over by importing it', async () => {
    const exported = await house.manager.exportInfrastructure(callOf(), id, { isDeleted: false });
    const before = await everything();
    const answer = await service.anonymous(
      'PUT',
      '/infrastructures',
      { Authorization: authorizationOf('eva') },
      exported,
    );
    expect(answer.status, answer.body).to.equal(200);
    expect(answer.body).not.to.contain(id);
    expect(await everything()).to.equal(before);
  });

  it('is let in as an administrator', async () => {
    const admin = { Authorization: 'type = InfrastructureManager; username = root; password = root' };
    for (const route of ownRoutes().filter(({ method }) => method === 'GET')) {
      // Goes on for ever.
      if (route.template.endsWith('/events')) continue;
      const { status, body } = await call(route, admin);
      // `data` comes last: with delete=yes it takes the infrastructure away.
      expect(body, route.template).not.to.contain('not granted');
      expect(status, route.template).not.to.be.oneOf([401, 500]);
      if (route.template.endsWith('/data')) break;
    }
  });
});
