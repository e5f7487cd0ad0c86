// SPDX-License-Identifier: Apache-2.0
// Routes of machines, clouds and statistics (rest-api.md §9.11-9.20).
import { expect } from 'chai';
import { type RestService, startRest } from './rest-service.js';

const JSON_ONLY = { Accept: 'application/json' };

describe('REST: virtual machines', () => {
  let service: RestService;
  let vm: string;
  beforeEach(async () => {
    service = await startRest();
    vm = `/infrastructures/${await service.create()}/vms/0`;
  });
  afterEach(() => service.stop());

  it('show their live document as text and as JSON', async () => {
    const text = await service.call('GET', vm);
    expect(text).to.include({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(text.body).to.contain("net_interface.0.ip = '10.0.0.1'");
    const { radl } = JSON.parse((await service.call('GET', vm, JSON_ONLY)).body);
    expect(radl[0]).to.include({ class: 'system', id: 'node', 'cpu.count': 1, 'memory.size': 4_000_000_000 });
  });

  const properties: readonly [string, string, string][] = [
    ['cpu.count', '1', '{"cpu.count":1}'],
    ['cpu.performance', '1.5', '{"cpu.performance":1.5}'],
    ['memory.size', '4000000000', '{"memory.size":4000000000}'],
    ['net_interface.0.ip', '10.0.0.1', '{"net_interface.0.ip":"10.0.0.1"}'],
    ['net_interface.0.additional_ips', 'a\nb', '{"net_interface.0.additional_ips":["a","b"]}'],
    ['state', 'configured', '{"state":"configured"}'],
    ['contmsg', '', '{"contmsg":""}'],
  ];
  for (const [name, text, json] of properties) {
    it(`show ${name} as text and with its JSON type`, async () => {
      expect(await service.call('GET', `${vm}/${name}`)).to.include({ status: 200, body: text });
      expect(await service.call('GET', `${vm}/${name}`, JSON_ONLY)).to.include({ status: 200, body: json });
    });
  }

  it('show a group of items as RADL and as an object', async () => {
    const path = `${vm}/disk.0.applications`;
    expect((await service.call('GET', path)).body)
      .to.contain("name = 'app1'")
      .and.to.contain("version = '1.0'");
    const json = await service.call('GET', path, JSON_ONLY);
    expect(json.body).to.equal('{"disk.0.applications":{"app1":{"name":"app1","version":"1.0"}}}');
  });

  it('name a property that they do not have', async () => {
    const message = 'Incorrect property nope for VM ID 0';
    expect(await service.call('GET', `${vm}/nope`)).to.include({ status: 404, body: message });
    expect((await service.call('GET', `${vm}/nope`, JSON_ONLY)).body).to.equal(JSON.stringify({ message, code: 404 }));
  });

  it('refuse a step that is no number', async () => {
    const answer = await service.call('GET', `${vm}/command?step=two`);
    expect(answer.status).to.equal(400);
    expect(answer.body).to.contain('step').and.to.contain("'two'");
  });

  it('are altered, and answer the whole document', async () => {
    const answer = await service.call('PUT', vm, JSON_ONLY, 'system node (cpu.count = 3)');
    expect(answer.status).to.equal(200);
    expect(JSON.parse(answer.body).radl[0]).to.include({ 'cpu.count': 3 });
  });

  it('are removed one by one or several at once, all or none', async () => {
    const base = vm.slice(0, -1);
    expect(await service.call('DELETE', `${base}0,77`)).to.include({
      status: 404,
      body: 'Error Removing resources: Invalid VM ID',
    });
    expect(await service.call('DELETE', `${base}0,1?context=0`, JSON_ONLY)).to.include({ status: 200, body: '' });
    expect(service.manager.lastArguments).to.deep.equal([['0', '1'], { isContextualized: false }]);
    expect(await service.call('DELETE', `${base}1`)).to.include({
      status: 404,
      body: 'Error Removing resources: Deleted VM.',
    });
    expect(await service.call('DELETE', `${base}x`)).to.include({
      status: 404,
      body: 'Error Removing resources: Invalid VM ID',
    });
  });

  it('are stopped, started and rebooted', async () => {
    for (const [operation, state] of [
      ['stop', 'stopped'],
      ['start', 'configured'],
      ['reboot', 'configured'],
    ]) {
      expect(await service.call('PUT', `${vm}/${operation}`, { Accept: 'text/html' })).to.include({
        status: 200,
        body: '',
      });
      expect((await service.call('GET', `${vm}/state`)).body).to.equal(state);
    }
    expect(await service.call('PUT', `${vm}/suspend`)).to.include({ status: 404, body: 'Operation not found' });
    const path = vm.replace(/0$/, '9');
    expect(await service.call('PUT', `${path}/stop`)).to.include({
      status: 404,
      body: 'Error in stop op in VM: Invalid VM ID',
    });
  });

  it('give an image of a disk, always as text', async () => {
    const path = `${vm}/disks/3/snapshot`;
    const answer = await service.call('PUT', `${path}?image_name=b%20c&auto_delete=yes`, JSON_ONLY);
    expect(answer).to.include({ status: 200, type: 'text/plain; charset=utf-8', body: 'mock0://linux.for.ev.er/b c' });
    expect(service.manager.lastArguments).to.deep.equal(['0', 3, 'b c', true]);
  });

  for (const [query, text] of [
    ['disks/0/snapshot', 'Parameter image_name required.'],
    ['disks/0/snapshot?image_name=', 'Parameter image_name required.'],
    [
      'disks/first/snapshot?image_name=x',
      "Error creating snapshot: The disk number must be a whole number, not 'first'.",
    ],
  ] as const) {
    it(`refuse ${query}`, async () => {
      expect(await service.call('PUT', `${vm}/${query}`)).to.include({ status: 400, body: text });
    });
  }
});

describe('REST: clouds', () => {
  let service: RestService;
  before(async () => {
    service = await startRest();
  });
  after(() => service.stop());

  it('list their images as JSON', async () => {
    const answer = await service.call('GET', '/clouds/dummy/images');
    expect(answer.body).to.equal('{"images":[{"uri":"mock0://linux.for.ev.er/image1","name":"Image Name1"}]}');
    await service.call('GET', '/clouds/dummy/images?filters=distribution=ubuntu,version=22.04');
    expect(service.manager.lastArguments[1]).to.deep.equal({ distribution: 'ubuntu', version: '22.04' });
  });

  for (const filters of ['distribution', 'a=b=c', '=b']) {
    it(`refuse the filter ${filters}`, async () => {
      const answer = await service.call('GET', `/clouds/dummy/images?filters=${filters}`);
      expect(answer).to.include({ status: 400, body: 'Invalid format in filters parameter.' });
    });
  }

  it('show their quotas', async () => {
    expect((await service.call('GET', '/clouds/dummy/quotas')).body).to.equal(
      '{"quotas":{"cores":{"used":1,"limit":10}}}',
    );
  });

  it('are named when they are unknown', async () => {
    const answer = await service.call('GET', '/clouds/ghost/quotas');
    expect(answer).to.include({ status: 400, body: 'Error getting cloud info: Cloud ID ghost not found.' });
  });

  it('have no other property', async () => {
    expect(await service.call('GET', '/clouds/dummy/prices')).to.include({
      status: 404,
      body: 'Incorrect cloud property',
    });
  });

  it('are JSON only', async () => {
    expect((await service.call('GET', '/clouds/dummy/images', { Accept: 'text/plain' })).status).to.equal(415);
  });
});

describe('REST: statistics', () => {
  let service: RestService;
  before(async () => {
    service = await startRest();
  });
  after(() => service.stop());

  it('are JSON or CSV', async () => {
    for (const accept of ['application/json', '*/*', 'application/*']) {
      const { stats } = JSON.parse((await service.call('GET', '/stats', { Accept: accept })).body);
      expect(stats[0]).to.include({ vm_count: 1, hybrid: false, deleted: true });
    }
    for (const accept of ['text/csv', 'text/*']) {
      const answer = await service.call('GET', '/stats', { Accept: accept });
      expect(answer.type).to.equal('text/csv; charset=utf-8');
      expect(answer.body).to.equal(
        'creation_date,tosca_name,vm_count,hybrid,deleted\r\n2026-11-20 08:54:37,"a,""b""",1,False,True\r\n',
      );
    }
    expect((await service.call('GET', '/stats', { Accept: 'text/html' })).status).to.equal(415);
  });

  it('take dates in both spellings', async () => {
    await service.call('GET', '/stats?init_date=2026/02/28&end_date=2026-12-31');
    expect(service.manager.lastArguments).to.deep.equal([{ from: '2026-02-28', to: '2026-12-31' }]);
    await service.call('GET', '/stats?init_date=');
    expect(service.manager.lastArguments).to.deep.equal([{}]);
  });

  it('are one empty line of CSV when there are none', async () => {
    const answer = await service.call('GET', '/stats?init_date=2099-01-01', { Accept: 'text/csv' });
    expect(answer.body).to.equal('\r\n');
  });

  for (const query of [
    'init_date=foo',
    'init_date=2020-13-01',
    'init_date=2021-02-29',
    'end_date=2020',
    'end_date=2020-1/2',
  ]) {
    it(`refuse ${query}`, async () => {
      const name = query.slice(0, query.indexOf('='));
      const answer = await service.call('GET', `/stats?${query}`);
      expect(answer).to.include({ status: 400, body: `Incorrect format in ${name} parameter: YYYY/MM/dd` });
    });
  }
});
