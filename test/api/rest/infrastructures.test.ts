// SPDX-License-Identifier: Apache-2.0
// Routes of infrastructures: what they answer, in which form, and what they hand to the use cases (rest-api.md §9.1-9.10).
import { expect } from 'chai';
import { AUTH, OTHER, RADL, type RestService, startRest } from './rest-service.js';

describe('REST: infrastructures', () => {
  let service: RestService;
  beforeEach(async () => {
    service = await startRest();
  });
  afterEach(() => service.stop());

  describe('GET /infrastructures', () => {
    it('answers an empty body when there are none', async () => {
      const answer = await service.call('GET', '/infrastructures');
      expect(answer).to.include({ status: 200, type: 'text/uri-list; charset=utf-8', body: '' });
      expect(answer.headers['content-length']).to.equal('0');
    });

    it('lists URIs, one per line, without a final line end', async () => {
      const ids = [await service.create(), await service.create()];
      const answer = await service.call('GET', '/infrastructures', { Accept: '*/*' });
      expect(answer.body).to.equal(
        `${service.base}/infrastructures/${ids[1]}\n${service.base}/infrastructures/${ids[0]}`,
      );
    });

    it('lists URIs as JSON', async () => {
      const id = await service.create();
      const answer = await service.call('GET', '/infrastructures', { Accept: 'application/json' });
      expect(answer.type).to.equal('application/json');
      expect(answer.body).to.equal(`{"uri-list":[{"uri":"${service.base}/infrastructures/${id}"}]}`);
    });

    it('hands the filter over', async () => {
      await service.call('GET', '/infrastructures?filter=.*name%20%3D.*');
      expect(service.manager.lastArguments).to.deep.equal(['.*name =.*']);
      await service.call('GET', '/infrastructures?filter=');
      expect(service.manager.lastArguments).to.deep.equal([undefined]);
    });

    it('gives the use case the items, the request id and the base URL, and nothing else', async () => {
      await service.call('GET', '/infrastructures');
      const { signal, ...call } = service.manager.lastCall!;
      expect(call).to.deep.equal({
        items: [
          { type: 'InfrastructureManager', username: 'u1', password: 'p1' },
          { id: 'dummy', type: 'Dummy' },
        ],
        requestId: 'req-1',
        serviceUrl: service.base,
      });
      expect(signal.aborted).to.equal(false);
    });
  });

  describe('POST /infrastructures', () => {
    it('answers the URI and names the infrastructure in InfID', async () => {
      const answer = await service.call('POST', '/infrastructures', { 'Content-Type': 'text/plain' }, RADL);
      expect(answer).to.include({ status: 200, body: `${service.base}/infrastructures/inf-1` });
      expect(answer.headers.infid).to.equal('inf-1');
    });

    it('answers JSON', async () => {
      const answer = await service.call('POST', '/infrastructures', { Accept: 'application/json' }, RADL);
      expect(answer.body).to.equal(`{"uri":"${service.base}/infrastructures/inf-1"}`);
    });

    it('takes RADL in JSON', async () => {
      const document = [
        { class: 'network', id: 'net' },
        { class: 'system', id: 'node' },
        { class: 'deploy', system: 'node', vm_number: 1 },
      ];
      const headers = { 'Content-Type': 'application/json; charset=utf-8' };
      const answer = await service.call('POST', '/infrastructures', headers, JSON.stringify(document));
      expect(answer.status).to.equal(200);
      expect((await service.call('GET', '/infrastructures/inf-1')).body).to.match(/vms\/0$/);
    });

    for (const type of [undefined, 'text/plain', '*/*', 'text/*', 'application/json', 'text/yaml', 'image/png']) {
      it(`takes an empty body of type ${type ?? 'none'} as an empty document`, async () => {
        const answer = await service.call(
          'POST',
          '/infrastructures',
          type === undefined ? {} : { 'Content-Type': type },
          '',
        );
        expect(answer.status).to.equal(200);
      });
    }

    it('reads the flags', async () => {
      for (const [word, isAsync] of [
        ['yes', true],
        ['TRUE', true],
        ['on', true],
        ['0', false],
        ['n', false],
      ] as const) {
        await service.call('POST', `/infrastructures?async=${word}`, {}, RADL);
        expect(service.manager.lastArguments).to.deep.equal([{ isAsync }]);
      }
      await service.call('POST', '/infrastructures?async=no&async=yes&unknown=1', {}, RADL);
      expect(service.manager.lastArguments).to.deep.equal([{ isAsync: true }]);
    });

    for (const word of ['perhaps', '']) {
      it(`refuses async=${word}, naming parameter, value and what is allowed, before anything is done`, async () => {
        const answer = await service.call(
          'POST',
          `/infrastructures?async=${word}`,
          { Accept: 'application/json' },
          RADL,
        );
        expect(answer.status).to.equal(400);
        const { message, code, detail } = JSON.parse(answer.body);
        expect(message).to.contain('async').and.to.contain(`'${word}'`).and.to.contain('yes, true');
        expect(code).to.equal(400);
        expect(detail[0].loc).to.deep.equal(['query', 'async']);
        expect(service.manager.calls).to.deep.equal([]);
      });
    }

    it('estimates with dry_run, as JSON without a wrapper', async () => {
      const answer = await service.call('POST', '/infrastructures?dry_run=1&async=1', { Accept: '*/*' }, RADL);
      expect(answer).to.include({ status: 200, type: 'application/json' });
      expect(JSON.parse(answer.body)).to.have.property('dummy');
      expect(answer.headers.infid).to.equal(undefined);
      expect(service.manager.calls).to.deep.equal(['estimate']);
    });

    it('refuses text for an estimate', async () => {
      const answer = await service.call('POST', '/infrastructures?dry_run=true', { Accept: 'text/plain' }, RADL);
      expect(answer).to.include({ status: 415, body: 'Unsupported Accept Media Types: text/plain' });
    });

    it('judges Accept before it creates anything', async () => {
      const answer = await service.call('POST', '/infrastructures', { Accept: 'text/html' }, RADL);
      expect(answer.status).to.equal(415);
      expect(service.manager.calls).to.deep.equal([]);
    });

    const bodies: readonly [string, string, string | Buffer, number, string][] = [
      ['an unknown type', 'application/pdf', 'x', 415, "Unsupported Media Type ['application/pdf']"],
      [
        'what curl -d sends',
        'application/x-www-form-urlencoded',
        'x',
        415,
        "Unsupported Media Type ['application/x-www-form-urlencoded']",
      ],
      ['RADL that ends early', 'text/plain', 'system a (', 400, 'Error parsing request body: '],
      ['broken JSON', 'application/json', '[{"class": ', 400, 'Error parsing request body: '],
      ['JSON that is no RADL', 'application/json', '{"a": 1}', 400, 'Error parsing request body: '],
      [
        'TOSCA that cannot be read',
        'text/yaml',
        'a: b',
        400,
        'Error parsing request body: Error parsing TOSCA template: ',
      ],
      ['bytes that are not UTF-8', 'text/plain', Buffer.from([0x73, 0xff, 0xfe]), 400, 'Error parsing request body: '],
    ];
    for (const [what, type, body, status, text] of bodies) {
      it(`refuses ${what}`, async () => {
        const answer = await service.call('POST', '/infrastructures', { 'Content-Type': type }, body);
        expect(answer.status).to.equal(status);
        expect(answer.body).to.satisfy((actual: string) => actual.startsWith(text), answer.body);
        expect(service.manager.calls).to.deep.equal([]);
      });
    }

    it('shows what the check of the document found, under the prefix of the route', async () => {
      const answer = await service.call('POST', '/infrastructures', {}, 'system a ()\ndeploy b 1');
      expect(answer).to.include({ status: 400, body: 'Error Creating Inf.: Line 2: Invalid system id in the deploy.' });
    });
  });

  describe('PUT /infrastructures', () => {
    const data = '{"id": "moved"}';
    for (const [form, body] of [
      ['the object', data],
      ['the object in a JSON string', JSON.stringify(data)],
      ['the whole export answer', JSON.stringify({ data })],
    ] as const) {
      it(`imports ${form}`, async () => {
        const answer = await service.call('PUT', '/infrastructures', { 'Content-Type': 'application/json' }, body);
        expect(answer).to.include({ status: 200, body: `${service.base}/infrastructures/moved` });
        expect(answer.headers.infid).to.equal(undefined);
      });
    }

    it('needs no Content-Type, and refuses another one', async () => {
      expect((await service.call('PUT', '/infrastructures', {}, data)).status).to.equal(200);
      const answer = await service.call('PUT', '/infrastructures', { 'Content-Type': 'text/plain' }, data);
      expect(answer).to.include({ status: 415, body: "Unsupported Media Type ['text/plain']" });
    });

    it('shows why data cannot be imported', async () => {
      const answer = await service.call('PUT', '/infrastructures', {}, '{"id": ');
      expect(answer.status).to.equal(400);
      expect(answer.body).to.match(/^Error Importing Inf\.: Error importing the infrastructure, incorrect data: /);
    });
  });

  describe('one infrastructure', () => {
    let path: string;
    beforeEach(async () => {
      path = `/infrastructures/${await service.create()}`;
    });

    it('lists its machines', async () => {
      const url = service.base + path;
      expect((await service.call('GET', path)).body).to.equal(`${url}/vms/0\n${url}/vms/1`);
      const json = await service.call('GET', path, { Accept: 'application/json' });
      expect(JSON.parse(json.body)).to.deep.equal({ 'uri-list': [{ uri: `${url}/vms/0` }, { uri: `${url}/vms/1` }] });
    });

    it('adds machines, with InfID only when they are configured', async () => {
      const added = await service.call('POST', path, {}, RADL);
      expect(added.body).to.equal(`${service.base}${path}/vms/2\n${service.base}${path}/vms/3`);
      expect(added.headers.infid).to.equal('inf-1');
      expect(service.manager.lastArguments).to.deep.equal([{ isContextualized: true }]);
      const plain = await service.call('POST', `${path}?context=no`, {}, RADL);
      expect(plain.headers.infid).to.equal(undefined);
      expect(service.manager.lastArguments).to.deep.equal([{ isContextualized: false }]);
    });

    it('is destroyed with an empty answer, whatever Accept says', async () => {
      const answer = await service.call('DELETE', `${path}?force=1&async=yes`, { Accept: 'application/json' });
      expect(answer).to.include({ status: 200, type: 'text/plain; charset=utf-8', body: '' });
      expect(service.manager.lastArguments).to.deep.equal([{ isForced: true, isAsync: true }]);
      const again = await service.call('DELETE', path, { Accept: 'text/html' });
      expect(again.status).to.equal(404);
      expect(again.body).to.contain(
        '<h1>Message: Error Destroying Inf: Invalid infrastructure ID or access not granted.</h1>',
      );
    });

    it('shows its log, whole or only the head', async () => {
      expect((await service.call('GET', `${path}/contmsg`)).body).to.match(/^head\nVM 0:\n/);
      expect((await service.call('GET', `${path}/contmsg?headeronly=yes`)).body).to.equal('head\n');
      const json = await service.call('GET', `${path}/contmsg`, { Accept: 'application/json' });
      expect(JSON.parse(json.body).contmsg).to.match(/^head\nVM 0:\n/);
    });

    it('shows its document as text, in JSON too', async () => {
      const text = (await service.call('GET', `${path}/radl`)).body;
      expect(text).to.contain('system node').and.to.contain('deploy node 2');
      const json = await service.call('GET', `${path}/radl`, { Accept: 'application/json' });
      expect(JSON.parse(json.body)).to.deep.equal({ radl: text });
    });

    it('shows its state as JSON only', async () => {
      for (const headers of [
        {},
        { Accept: '*/*' },
        { Accept: 'application/*' },
        { Accept: 'text/plain, application/json' },
      ]) {
        const answer = await service.call('GET', `${path}/state`, headers);
        expect(answer).to.include({ status: 200, type: 'application/json' });
        expect(answer.body).to.equal(
          '{"state":{"state":"configured","vm_states":{"0":"configured","1":"configured"}}}',
        );
      }
      const { calls } = service.manager;
      const before = calls.length;
      for (const type of ['text/plain', 'text/*']) {
        const answer = await service.call('GET', `${path}/state`, { Accept: type });
        expect(answer).to.include({ status: 415, body: `Unsupported Accept Media Types: ['${type}']` });
      }
      expect(calls).to.have.length(before);
    });

    it('has no TOSCA properties, which only those see who may', async () => {
      for (const property of ['tosca', 'outputs']) {
        const answer = await service.call('GET', `${path}/${property}`);
        const body = `'${property}' infrastructure property is not valid in this infrastructure`;
        expect(answer).to.include({ status: 403, body });
        const foreign = await service.call('GET', `${path}/${property}`, { Authorization: OTHER });
        expect(foreign.body).to.equal('Error Getting Inf. prop: Access to this infrastructure not granted.');
      }
    });

    it('is exported as a JSON text inside JSON, and leaves with delete', async () => {
      const answer = await service.call('GET', `${path}/data?delete=true`);
      expect(JSON.parse(JSON.parse(answer.body).data)).to.have.property('id', 'inf-1');
      expect((await service.call('GET', path)).status).to.equal(404);
    });

    it('judges Accept before the export deletes', async () => {
      expect((await service.call('GET', `${path}/data?delete=true`, { Accept: 'text/plain' })).status).to.equal(415);
      expect((await service.call('GET', path)).status).to.equal(200);
    });

    it('shows and changes its owners', async () => {
      const add = await service.call('POST', `${path}/authorization`, {}, '{"username": "u2", "password": "p2"}');
      expect(add).to.include({ status: 200, body: '' });
      expect((await service.call('GET', `${path}/authorization`)).body).to.equal('u1\nu2');
      const headers = { Authorization: OTHER, Accept: 'application/json' };
      expect((await service.call('GET', `${path}/authorization`, headers)).body).to.equal(
        '{"authorization":["u1","u2"]}',
      );
      await service.call(
        'POST',
        `${path}/authorization?overwrite=1`,
        { Authorization: OTHER },
        '{"username": "u2", "password": "p2"}',
      );
      expect((await service.call('GET', path)).status).to.equal(403);
    });

    const owners: readonly [string, string, string, number, string][] = [
      [
        'no name',
        '',
        '{}',
        400,
        'Error modifying infrastructure owner: Invalid new infrastructure data provided: No username nor token for the InfrastructureManager.',
      ],
      [
        'another type',
        '',
        '{"type": "Dummy"}',
        400,
        'Error modifying infrastructure owner: Invalid new infrastructure data provided: No credentials provided for the InfrastructureManager.',
      ],
      [
        'broken JSON',
        '',
        '{"password": "CANARY',
        400,
        'Error parsing auth data: the body is not valid JSON (position 20).',
      ],
      [
        'a list',
        '',
        '[1]',
        400,
        'Error parsing auth data: the body must be a JSON object with "username" and "password", or "token".',
      ],
      ['nothing', '', '', 400, 'Error parsing auth data: the body is empty.'],
      ['text', 'text/plain', 'username = x', 415, "Unsupported Media Type ['text/plain']"],
    ];
    for (const [what, type, body, status, text] of owners) {
      it(`refuses ${what} as new owner`, async () => {
        const headers = type === '' ? {} : { 'Content-Type': type };
        const answer = await service.call('POST', `${path}/authorization`, headers, body);
        expect(answer).to.include({ status, body: text });
      });
    }

    it('names an unknown infrastructure in the plural when owners are changed', async () => {
      const answer = await service.call('POST', '/infrastructures/none/authorization', {}, '{"username": "x"}');
      expect(answer.body).to.equal(
        'Error modifying infrastructure owners: Invalid infrastructure ID or access not granted.',
      );
    });

    it('is reconfigured, all of it or some machines', async () => {
      const answer = await service.call(
        'PUT',
        `${path}/reconfigure?vm_list=0,1`,
        { Accept: 'text/html', 'Content-Type': 'text/yaml' },
        '',
      );
      expect(answer).to.include({ status: 200, body: '' });
      expect(answer.headers.infid).to.equal('inf-1');
      expect(service.manager.lastArguments[1]).to.deep.equal([0, 1]);
      await service.call('PUT', `${path}/reconfigure?vm_list=-1,%200`);
      expect(service.manager.lastArguments[1]).to.deep.equal([-1, 0]);
      await service.call('PUT', `${path}/reconfigure?vm_list=`);
      expect(service.manager.lastArguments[1]).to.equal(undefined);
      for (const list of ['a', '1;2', '1,,2']) {
        const bad = await service.call('PUT', `${path}/reconfigure?vm_list=${list}`);
        expect(bad).to.include({ status: 400, body: 'Incorrect vm_list format.' });
      }
    });

    it('is stopped and started', async () => {
      expect(await service.call('PUT', `${path}/stop`)).to.include({ status: 200, body: '' });
      expect((await service.call('GET', `${path}/vms/0/state`)).body).to.equal('stopped');
      expect(await service.call('PUT', `${path}/start`)).to.include({ status: 200, body: '' });
      expect((await service.call('GET', `${path}/vms/0/state`)).body).to.equal('configured');
    });

    for (const [method, suffix, text] of [
      ['GET', '/colour', 'Incorrect infrastructure property'],
      ['GET', '/vms', 'Incorrect infrastructure property'],
      ['PUT', '/restart', 'Operation not found'],
    ] as const) {
      it(`knows no ${method} ${suffix}`, async () => {
        expect(await service.call(method, path + suffix)).to.include({ status: 404, body: text });
        const answer = await service.call(method, path + suffix, { Accept: 'application/json' });
        const { detail, ...body } = JSON.parse(answer.body);
        expect(body).to.deep.equal({ message: text, code: 404 });
        expect(detail[0]).to.include({ type: 'literal_error', input: suffix.slice(1) });
      });
    }
  });

  it('polling clients get 304 as long as nothing changes', async () => {
    const id = await service.create();
    const first = await service.call('GET', `/infrastructures/${id}/state`);
    const headers = { Authorization: AUTH, 'If-None-Match': first.headers.etag ?? '' };
    const second = await service.call('GET', `/infrastructures/${id}/state`, headers);
    expect(second).to.include({ status: 304, body: '' });
    await service.call('DELETE', `/infrastructures/${id}/vms/0`);
    expect((await service.call('GET', `/infrastructures/${id}/state`, headers)).status).to.equal(200);
  });
});
