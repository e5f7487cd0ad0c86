// SPDX-License-Identifier: Apache-2.0
// Failures: their status and text by route, and how they are written (rest-api.md §5, §6).
import { expect } from 'chai';
import { ImError } from '../../../src/domain/index.js';
import { storeDown } from '../fake-manager.js';
import { OTHER, type RestService, startRest } from './rest-service.js';

const NO_IM = 'type = Dummy';
const WRONG = 'type = InfrastructureManager; username = __OPENID__x';

describe('REST: failures', () => {
  let service: RestService;
  let id: string;
  beforeEach(async () => {
    service = await startRest();
    id = await service.create();
  });
  afterEach(() => service.stop());

  // Method, path, prefix, status for wrong credentials.
  const routes: readonly [string, string, string, number][] = [
    ['GET', '/infrastructures', 'Error Getting Inf. List: ', 401],
    ['POST', '/infrastructures', 'Error Creating Inf.: ', 401],
    ['PUT', '/infrastructures', 'Error Importing Inf.: ', 401],
    ['GET', '/infrastructures/ID', 'Error Getting Inf. info: ', 401],
    ['DELETE', '/infrastructures/ID', 'Error Destroying Inf: ', 401],
    ['POST', '/infrastructures/ID', 'Error Adding resources: ', 401],
    ['GET', '/infrastructures/ID/radl', 'Error Getting Inf. prop: ', 401],
    ['GET', '/infrastructures/ID/state', 'Error Getting Inf. prop: ', 401],
    ['GET', '/infrastructures/ID/contmsg', 'Error Getting Inf. prop: ', 401],
    ['GET', '/infrastructures/ID/data', 'Error Getting Inf. prop: ', 401],
    ['GET', '/infrastructures/ID/authorization', 'Error Getting Inf. prop: ', 401],
    ['PUT', '/infrastructures/ID/reconfigure', 'Error reconfiguring infrastructure: ', 401],
    ['PUT', '/infrastructures/ID/start', 'Error in start operation: ', 401],
    ['PUT', '/infrastructures/ID/stop', 'Error in stop operation: ', 401],
    ['GET', '/infrastructures/ID/vms/0', 'Error Getting VM. info: ', 401],
    ['GET', '/infrastructures/ID/vms/0/state', 'Error Getting VM. property: ', 401],
    ['GET', '/infrastructures/ID/vms/0/contmsg', 'Error Getting VM. property: ', 401],
    ['PUT', '/infrastructures/ID/vms/0', 'Error modifying resources: ', 401],
    ['DELETE', '/infrastructures/ID/vms/0', 'Error Removing resources: ', 401],
    ['PUT', '/infrastructures/ID/vms/0/start', 'Error in start op in VM: ', 401],
    ['PUT', '/infrastructures/ID/vms/0/stop', 'Error in stop op in VM: ', 401],
    ['PUT', '/infrastructures/ID/vms/0/reboot', 'Error in reboot op in VM: ', 401],
    ['PUT', '/infrastructures/ID/vms/0/disks/0/snapshot?image_name=x', 'Error creating snapshot: ', 401],
    ['GET', '/clouds/dummy/images', 'Error getting cloud info: ', 401],
    ['GET', '/clouds/dummy/quotas', 'Error getting cloud info: ', 401],
    ['GET', '/stats', 'Error getting stats: ', 401],
  ];
  for (const [method, template, prefix, wrongStatus] of routes) {
    it(`${method} ${template} keeps its prefix and statuses`, async () => {
      const path = template.replace('ID', id);
      const call = (authorization: string, at = path) => service.call(method, at, { Authorization: authorization });

      expect(await service.anonymous(method, path)).to.include({
        status: 401,
        body: 'No authentication data provided',
      });
      expect(await call(NO_IM)).to.include({
        status: 401,
        body: `${prefix}No credentials provided for the InfrastructureManager.`,
      });
      const wrong = { status: wrongStatus, body: `${prefix}Invalid username used for the InfrastructureManager.` };
      expect(await call(WRONG)).to.include(wrong);
      if (path === template) return;
      const foreign = { status: 403, body: `${prefix}Access to this infrastructure not granted.` };
      expect(await call(OTHER)).to.include(foreign);
      const unknown = { status: 404, body: `${prefix}Invalid infrastructure ID or access not granted.` };
      expect(await call(OTHER, template.replace('ID', 'none'))).to.include(unknown);
      if (!template.includes('/vms/0')) return;
      const noVm = { status: 404, body: `${prefix}Invalid VM ID` };
      expect(await service.call(method, path.replace('/vms/0', '/vms/abc'))).to.include(noVm);
    });
  }

  it('disabled calls are 403', async () => {
    service.manager.isReadOnly = true;
    for (const [method, path, prefix] of [
      ['POST', '/infrastructures', 'Error Creating Inf.: '],
      ['PUT', '/infrastructures', 'Error Importing Inf.: '],
      ['DELETE', `/infrastructures/${id}`, 'Error Destroying Inf: '],
      ['GET', `/infrastructures/${id}/data?delete=1`, 'Error Getting Inf. prop: '],
    ] as const) {
      const body = `${prefix}Function currently disabled.`;
      expect(await service.call(method, path)).to.include({ status: 403, body });
    }
  });

  const failures: readonly [string, () => unknown, string, number, string][] = [
    [
      'a state that does not fit',
      () => new ImError('incorrect-state', 'Invalid State to perform this operation.'),
      '',
      409,
      'Error Getting VM. info: Invalid State to perform this operation.',
    ],
    [
      'any other failure, without the dot',
      () => new ImError('bad-request', 'no good'),
      '',
      400,
      'Error Getting VM info: no good',
    ],
    ['a provider', () => new ImError('provider', 'cloud says no'), '', 400, 'Error Getting VM info: cloud says no'],
    [
      'a store that is down, with the advice to come back',
      storeDown,
      '5',
      503,
      'Error Getting VM info: The database does not answer.',
    ],
    [
      'a defect, without its inside',
      () => new TypeError('x is undefined at CANARY'),
      '',
      500,
      'Error Getting VM. info: Internal error. The log of the service has the details under request req-2.',
    ],
  ];
  for (const [what, failure, retryAfter, status, body] of failures) {
    it(`tells of ${what}`, async () => {
      service.manager.failure = failure();
      const answer = await service.call('GET', `/infrastructures/${id}/vms/0`);
      expect(answer).to.include({ status, body });
      expect(answer.headers['retry-after'] ?? '').to.equal(retryAfter);
    });
  }

  it('a defect is logged with its request', async () => {
    service.manager.failure = new TypeError('broken inside');
    await service.call('GET', '/infrastructures');
    expect(service.logged.join('\n')).to.contain('GetInfrastructures failed unexpectedly: broken inside');
  });

  describe('are written', () => {
    const message = 'Error Getting Inf. info: Invalid infrastructure ID or access not granted.';
    const get = (accept?: string) =>
      service.call('GET', '/infrastructures/none', accept === undefined ? {} : { Accept: accept });

    it('as plain text by default', async () => {
      for (const accept of [undefined, '*/*', 'application/xml', 'text/plain']) {
        expect(await get(accept)).to.include({ status: 404, type: 'text/plain; charset=utf-8', body: message });
      }
    });

    it('as JSON with exactly message and code, wherever JSON stands in Accept', async () => {
      for (const accept of ['application/json', 'text/html, application/json;q=0.1']) {
        expect(await get(accept)).to.include({ type: 'application/json', body: `{"message":"${message}","code":404}` });
      }
    });

    it('as HTML', async () => {
      const answer = await get('text/html, text/plain');
      expect(answer.type).to.equal('text/html; charset=utf-8');
      expect(answer.body).to.equal(`<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html>
    <head>
        <title>Error 404.</title>
    </head>
    <body>
        <h1>Code: 404.</h1>
        <h1>Message: ${message}</h1>
    </body>
</html>
`);
    });

    it('as problem details on demand', async () => {
      const answer = await get('application/problem+json');
      expect(answer.type).to.equal('application/problem+json');
      expect(JSON.parse(answer.body)).to.deep.equal({
        type: 'urn:im:error:infrastructure-not-found',
        title: 'infrastructure not found',
        status: 404,
        detail: message,
        code: 'infrastructure-not-found',
        requestId: 'req-2',
      });
    });

    it('without markup of the client inside HTML', async () => {
      const answer = await service.call('GET', '/clouds/%3Cscript%3Ealert(1)%3C%2Fscript%3E/images', {
        Accept: 'text/html',
      });
      expect(answer.status).to.equal(400);
      expect(answer.body).to.contain('&lt;script&gt;').and.not.to.contain('<script>');
    });
  });

  describe('of the Authorization header', () => {
    const cases: readonly [string, string, string][] = [
      ['empty', '', 'No authentication data provided'],
      ['only blanks', '   ', 'No authentication data provided'],
      ['a bad id', 'id = 1a; type = InfrastructureManager', 'Incorrect value in auth item id: 1a'],
      ['broken base64', 'Basic %%%', 'Malformed authorization: the Basic credentials are not base64.'],
      ['broken JSON', '[{"password": "CANARY', 'Malformed authorization: it is not valid JSON (position 21).'],
      ['garbage', 'just some words', 'Error Getting Inf. List: No credentials provided for the InfrastructureManager.'],
      [
        'no name',
        'type = InfrastructureManager',
        'Error Getting Inf. List: No username nor token for the InfrastructureManager.',
      ],
    ];
    for (const [what, authorization, body] of cases) {
      it(`${what}: 401`, async () => {
        const answer = await service.call('GET', '/infrastructures', { Authorization: authorization });
        expect(answer).to.include({ status: 401, body });
      });
    }

    it('are none for Basic, Bearer-less JSON and the line form alike', async () => {
      for (const authorization of [
        `Basic ${Buffer.from('u1:p1').toString('base64')}`,
        '{"type": "InfrastructureManager", "username": "u1", "password": "p1"}',
        'type=InfrastructureManager;username=u1;password=p1',
      ]) {
        const answer = await service.call('GET', '/infrastructures', { Authorization: authorization });
        expect(answer).to.include({ status: 200, body: `${service.base}/infrastructures/${id}` });
      }
    });

    it('are none for UTF-8 names', async () => {
      const name = Buffer.from('type = InfrastructureManager; username = José', 'utf8').toString('latin1');
      await service.call('GET', '/infrastructures', { Authorization: name });
      expect(service.manager.lastCall?.items[0]).to.include({ username: 'José' });
    });
  });

  it('never put secrets into the log', async () => {
    const authorization = 'type = InfrastructureManager; username = u1; password = CANARY; token2 = CANARY';
    await service.call('POST', '/infrastructures', { Authorization: authorization }, "system a (\n  x = 'CANARY'");
    await service.call('GET', '/infrastructures', { Authorization: '[{"password": "CANARY' });
    expect(service.logged.length).to.be.greaterThan(0);
    expect(service.logged.join('\n')).not.to.contain('CANARY');
  });
});
