// SPDX-License-Identifier: Apache-2.0
// What happens around the routes: paths, methods, CORS, links behind proxies, limits, time-outs, the end of the service (rest-api.md §1-3).

import net from 'node:net';
import { expect } from 'chai';
import { until } from '../../support/waiting.js';
import { AUTH, RADL, type RestService, request, startRest } from './rest-service.js';

describe('REST: paths and methods', () => {
  let service: RestService;
  before(async () => {
    service = await startRest();
  });
  after(() => service.stop());

  it('the version needs no credentials', async () => {
    for (const [accept, type, body] of [
      ['*/*', 'text/plain; charset=utf-8', '3.0.0'],
      ['text/plain;q=0.5, application/json', 'text/plain; charset=utf-8', '3.0.0'],
      ['application/xml, */*;q=0.1', 'text/plain; charset=utf-8', '3.0.0'],
      ['Application/JSON;charset=utf-8', 'application/json', '{"version":"3.0.0"}'],
      ['application/*', 'application/json', '{"version":"3.0.0"}'],
    ] as const) {
      expect(await service.anonymous('GET', '/version', { Accept: accept })).to.include({ status: 200, type, body });
    }
    const refused = await service.anonymous('GET', '/version', { Accept: 'application/xml' });
    expect(refused).to.include({ status: 415, body: 'Unsupported Accept Media Types: application/xml' });
  });

  it('a reader is sent to the path without its final slash', async () => {
    const answer = await service.anonymous('GET', '/version/?a=b');
    expect(answer).to.include({ status: 307, body: '' });
    expect(answer.headers.location).to.equal(`${service.base}/version?a=b`);
  });

  it('a writer with a final slash is served', async () => {
    expect((await service.call('POST', '/infrastructures/', {}, RADL)).status).to.equal(200);
  });

  it('doubled slashes are one', async () => {
    expect((await service.call('GET', '//infrastructures')).status).to.equal(200);
    expect((await service.call('GET', '//version')).body).to.equal('3.0.0');
  });

  it('a proxy-style target is served', async () => {
    expect((await service.anonymous('GET', 'http://elsewhere/version')).body).to.equal('3.0.0');
  });

  it('HEAD is GET without its body', async () => {
    const answer = await service.anonymous('HEAD', '/version');
    expect(answer).to.include({ status: 200, body: '' });
    expect(answer.headers['content-length']).to.equal('5');
    expect((await service.anonymous('HEAD', '/infrastructures')).status).to.equal(401);
  });

  it('OPTIONS lists the methods of a path', async () => {
    const answer = await service.anonymous('OPTIONS', '/infrastructures');
    expect(answer.status).to.equal(200);
    expect(answer.headers.allow).to.equal('GET, POST, PUT, HEAD, OPTIONS');
  });

  it('an unknown path is 404, in the form that is accepted', async () => {
    for (const path of [
      '/nothing',
      '/Version',
      '/infrastructures/a/vms/0/extra/path',
      '/clouds',
      '/clouds/x',
      '/static/',
      '/static/..%2f..%2fetc%2fhostname',
    ]) {
      expect((await service.anonymous('GET', path)).status).to.equal(404);
    }
    const json = await service.anonymous('GET', '/nothing', { Accept: 'application/json' });
    expect(JSON.parse(json.body)).to.deep.equal({ message: 'Not Found', code: 404, detail: 'Not Found' });
    expect((await service.anonymous('GET', '/nothing', { Accept: 'text/html' })).body).to.contain('Message: Not Found');
  });

  it('a known path with another method is 405 with all its methods', async () => {
    for (const [method, path, allow] of [
      ['POST', '/version', 'GET, HEAD, OPTIONS'],
      ['PATCH', '/infrastructures', 'GET, POST, PUT, HEAD, OPTIONS'],
      ['PUT', '/infrastructures/x', 'GET, POST, DELETE, PATCH, HEAD, OPTIONS'],
      ['POST', '/infrastructures/x/vms/0', 'GET, PUT, DELETE, HEAD, OPTIONS'],
      ['GET', '/infrastructures/x/vms/0/disks/0/snapshot', 'PUT, OPTIONS'],
      ['POST', '/static/hello.txt', 'GET, HEAD, OPTIONS'],
      ['POST', '/clouds/dummy/images', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const answer = await service.anonymous(method, path, { Accept: 'application/json' });
      expect(answer.status).to.equal(405);
      expect(answer.headers.allow).to.equal(allow);
      expect(JSON.parse(answer.body)).to.deep.equal({
        message: 'Method Not Allowed',
        code: 405,
        detail: 'Method Not Allowed',
      });
    }
  });

  it('a path that is badly encoded is 400', async () => {
    expect((await service.call('GET', '/infrastructures/%zz')).status).to.equal(400);
  });

  it('OAI-PMH is not enabled', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await service.anonymous(method, '/oai?verb=Identify');
      expect(answer).to.include({ status: 400, body: 'OAI-PMH not enabled.' });
    }
  });

  it('answers tell browsers not to guess, run, frame or keep them', async () => {
    const { headers } = await service.call('GET', '/stats');
    expect(headers['x-content-type-options']).to.equal('nosniff');
    expect(headers['content-security-policy']).to.contain("default-src 'none'");
    expect(headers['x-frame-options']).to.equal('DENY');
    expect(headers['cache-control']).to.equal('no-store');
    expect(headers['x-powered-by']).to.equal(undefined);
    expect(headers['x-request-id']).to.match(/^req-/);
  });

  it('requests are counted by route, never by path', async () => {
    service.observed.length = 0;
    await service.call('GET', '/infrastructures/secret-id/vms/0');
    await service.anonymous('GET', '/wp-login.php');
    expect(service.observed).to.deep.equal([
      { method: 'GET', route: '/infrastructures/:infId/vms/:vmId', status: 404 },
      { method: 'GET', route: 'unmatched', status: 404 },
    ]);
  });
});

describe('REST: links', () => {
  const links = async (service: RestService, headers: Record<string, string>): Promise<string> => {
    const answer = await service.call('POST', '/infrastructures', headers, RADL);
    return answer.body.replace(/\/infrastructures\/.*$/s, '').replace(`:${service.port}`, ':PORT');
  };

  describe('from anywhere', () => {
    let service: RestService;
    before(async () => {
      service = await startRest();
    });
    after(() => service.stop());

    const cases: readonly [Record<string, string>, string][] = [
      [{}, 'http://127.0.0.1:PORT'],
      [{ Host: 'im.example.org' }, 'http://im.example.org'],
      [{ Host: 'im.example.org:80' }, 'http://im.example.org'],
      [{ 'X-Forwarded-Proto': 'https', Host: 'im.example.org:443' }, 'https://im.example.org'],
      [{ 'X-Forwarded-Proto': 'https' }, 'https://127.0.0.1:PORT'],
      [{ 'X-Forwarded-Host': 'pub.example.org' }, 'http://pub.example.org'],
      [
        { 'X-Forwarded-Host': 'pub.example.org', 'X-Forwarded-Port': '8443', 'X-Forwarded-Proto': 'https' },
        'https://pub.example.org:8443',
      ],
      [{ 'X-Forwarded-Port': '443', 'X-Forwarded-Proto': 'https' }, 'https://127.0.0.1'],
      [{ 'X-Forwarded-Prefix': '/im/' }, 'http://127.0.0.1:PORT/im'],
      [{ 'X-Forwarded-Host': 'a, b', 'X-Forwarded-Proto': 'https, http' }, 'http://b'],
      [{ Forwarded: 'host=evil' }, 'http://127.0.0.1:PORT'],
      [{ Host: '[::1]:8800' }, 'http://[::1]:8800'],
      [
        { 'X-Forwarded-Host': 'evil/<script>', 'X-Forwarded-Prefix': '/"x', 'X-Forwarded-Proto': 'javascript' },
        'http://127.0.0.1:PORT',
      ],
    ];
    for (const [headers, base] of cases) {
      it(`${JSON.stringify(headers)} -> ${base}`, async () => {
        expect(await links(service, headers)).to.equal(base);
      });
    }
  });

  it('carry the root path, and both paths are served', async () => {
    for (const restRootPath of ['/im', 'im/', '/im/']) {
      const service = await startRest({ restRootPath });
      try {
        expect((await service.anonymous('GET', '/im/version')).body).to.equal('3.0.0');
        expect((await service.anonymous('GET', '/version')).body).to.equal('3.0.0');
        expect((await service.anonymous('GET', '/image')).status).to.equal(404);
        expect(await links(service, {})).to.equal('http://127.0.0.1:PORT/im');
        expect(await links(service, { 'X-Forwarded-Prefix': '/other' })).to.equal('http://127.0.0.1:PORT/other');
      } finally {
        await service.stop();
      }
    }
  });

  it('follow only trusted proxies when these are named', async () => {
    const headers = { 'X-Forwarded-Host': 'pub.example.org' };
    for (const [trustedProxies, base] of [
      [['10.0.0.0/8'], 'http://127.0.0.1:PORT'],
      [['10.0.0.0/8', '127.0.0.1'], 'http://pub.example.org'],
    ] as const) {
      const service = await startRest({ trustedProxies });
      try {
        expect(await links(service, headers)).to.equal(base);
      } finally {
        await service.stop();
      }
    }
  });
});

describe('REST: CORS', () => {
  const preflight = (origin: string, headers = '') => ({
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    ...(headers !== '' && { 'Access-Control-Request-Headers': headers }),
  });

  it('is off by default', async () => {
    const service = await startRest();
    try {
      const answer = await service.anonymous('GET', '/version', { Origin: 'https://ui.example' });
      expect(answer.headers['access-control-allow-origin']).to.equal(undefined);
    } finally {
      await service.stop();
    }
  });

  it('grants the listed origins', async () => {
    const service = await startRest({ enableCors: true, corsOrigin: 'https://ui.example, https://two.example' });
    try {
      for (const origin of ['https://ui.example', 'https://two.example']) {
        const { headers } = await service.anonymous('GET', '/infrastructures', { Origin: origin });
        expect(headers['access-control-allow-origin']).to.equal(origin);
        expect(headers['access-control-allow-credentials']).to.equal('true');
        expect(headers['access-control-expose-headers']).to.equal('InfID, Link, ETag');
      }
      const evil = await service.anonymous('GET', '/version', { Origin: 'https://evil.example' });
      expect(evil.status).to.equal(200);
      expect(evil.headers['access-control-allow-origin']).to.equal(undefined);
      expect(evil.headers.vary).to.contain('Origin');
    } finally {
      await service.stop();
    }
  });

  it('answers preflights', async () => {
    const service = await startRest({ enableCors: true, corsOrigin: 'https://ui.example' });
    const options = (headers: Record<string, string>) => service.anonymous('OPTIONS', '/infrastructures', headers);
    try {
      const granted = await options(preflight('https://ui.example', 'authorization,content-type'));
      expect(granted).to.include({ status: 200, body: 'OK' });
      expect(granted.headers['access-control-allow-methods']).to.contain('DELETE');
      expect(granted.headers['access-control-max-age']).to.equal('600');
      const origin = await options(preflight('https://evil.example'));
      expect(origin).to.include({ status: 400, body: 'Disallowed CORS origin' });
      const header = await options(preflight('https://ui.example', 'x-odd'));
      expect(header).to.include({ status: 400, body: 'Disallowed CORS headers' });
    } finally {
      await service.stop();
    }
  });

  it('with any origin allowed grants no ambient credentials', async () => {
    const service = await startRest({ enableCors: true, corsOrigin: '*' });
    try {
      const { headers } = await service.anonymous('GET', '/version', { Origin: 'https://any.example' });
      expect(headers['access-control-allow-origin']).to.equal('*');
      expect(headers['access-control-allow-credentials']).to.equal(undefined);
    } finally {
      await service.stop();
    }
  });
});

describe('REST: limits', () => {
  it('a body over the limit is 413, whether announced or not', async () => {
    const service = await startRest({ maxRequestBodyBytes: 1000 });
    try {
      const body = `network n ${' '.repeat(1000)}`;
      const announced = await service.call('POST', '/infrastructures', { Accept: 'application/json' }, body);
      expect(announced.status).to.equal(413);
      expect(JSON.parse(announced.body).message).to.contain('MAX_REQUEST_BODY_BYTES');
      const chunked = await service.call('POST', '/infrastructures', { 'Transfer-Encoding': 'chunked' }, body);
      expect(chunked.status).to.equal(413);
      expect((await service.call('POST', '/infrastructures', {}, body.slice(0, 1000))).status).to.equal(200);
    } finally {
      await service.stop();
    }
  });

  it('a header of 1 MiB is read, a larger one is 431', async () => {
    const service = await startRest();
    try {
      const long = `${AUTH}; key = ${'k'.repeat(1024 * 1024 - 200)}`;
      expect((await service.call('GET', '/infrastructures', { Authorization: long })).status).to.equal(200);
      const longer = `${AUTH}; key = ${'k'.repeat(2 * 1024 * 1024)}`;
      expect((await service.call('GET', '/infrastructures', { Authorization: longer })).status).to.equal(431);
    } finally {
      await service.stop();
    }
  });

  it('what is not HTTP is 400', async () => {
    const service = await startRest();
    try {
      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = net.connect(service.port, '127.0.0.1', () => socket.write('what is this\r\n\r\n'));
        socket.on('data', (chunk) => {
          text += chunk.toString();
        });
        socket.on('close', () => resolve(text));
        socket.on('error', reject);
      });
      expect(answer).to.match(/^HTTP\/1\.1 400 /);
    } finally {
      await service.stop();
    }
  });

  it('clients that never finish their request do not hinder others', async () => {
    const service = await startRest();
    const sockets = await Promise.all(
      Array.from(
        { length: 50 },
        () =>
          new Promise<net.Socket>((resolve, reject) => {
            const socket = net.connect(service.port, '127.0.0.1', () => {
              socket.write('POST /infrastructures HTTP/1.1\r\nContent-Length: 100\r\nAuthoriz');
              resolve(socket);
            });
            socket.on('error', reject);
          }),
      ),
    );
    try {
      expect((await service.call('GET', '/infrastructures')).status).to.equal(200);
    } finally {
      for (const socket of sockets) socket.destroy();
      await service.stop();
    }
  });

  it('connections over MAX_CONNECTIONS are refused, and idle ones make room', async () => {
    const service = await startRest({ maxConnections: 4 });
    const open = (bytes: string): Promise<net.Socket> =>
      new Promise((resolve, reject) => {
        const socket = net.connect(service.port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)));
        socket.on('error', reject);
      });
    const isServed = (): Promise<boolean> =>
      service.call('GET', '/version').then(
        ({ status }) => status === 200,
        () => false,
      );
    const sockets: net.Socket[] = [];
    try {
      for (let index = 0; index < 4; index += 1) sockets.push(await open('GET /version HTTP/1.1\r\nX: '));
      expect(await isServed()).to.equal(false);
      expect(service.logged.join()).to.contain('MAX_CONNECTIONS');
      for (const socket of sockets.splice(0)) socket.destroy();
      await until(isServed);

      for (let index = 0; index < 4; index += 1) {
        const socket = await open('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
        sockets.push(socket);
        await new Promise((resolve) => socket.once('data', resolve));
      }
      await until(isServed);
    } finally {
      for (const socket of sockets) socket.destroy();
      await service.stop();
    }
  });

  it('a call that takes too long is 504', async () => {
    const service = await startRest({ restBlockingCallTimeout: 0.05 });
    try {
      service.manager.gate = new Promise(() => {});
      const answer = await service.call('GET', '/infrastructures', { Accept: 'application/json' });
      expect(answer.status).to.equal(504);
      expect(JSON.parse(answer.body)).to.deep.equal({ message: 'Operation timed out', code: 504 });
      expect(service.manager.lastCall?.signal.aborted).to.equal(true);
    } finally {
      await service.stop();
    }
  });

  it('at most REST_MAX_BLOCKING_CALLS wait for clouds at once; reads do not wait in that line', async () => {
    const service = await startRest({ restMaxBlockingCalls: 2 });
    try {
      let open = (): void => {};
      service.manager.gate = new Promise((resolve) => {
        open = resolve;
      });
      const creations = [1, 2, 3].map(() => service.call('POST', '/infrastructures', {}, RADL));
      while (service.manager.calls.length < 2) await new Promise((resolve) => setImmediate(resolve));
      expect((await service.anonymous('GET', '/version')).status).to.equal(200);
      const list = service.call('GET', '/infrastructures');
      while (!service.manager.calls.includes('listInfrastructures'))
        await new Promise((resolve) => setImmediate(resolve));
      expect(service.manager.calls.filter((name) => name === 'createInfrastructure')).to.have.length(2);
      open();
      expect((await list).status).to.equal(200);
      for (const answer of await Promise.all(creations)) expect(answer.status).to.equal(200);
    } finally {
      await service.stop();
    }
  });

  it('a client that goes away ends the signal of its call', async () => {
    const service = await startRest();
    try {
      service.manager.gate = new Promise(() => {});
      const socket = net.connect(service.port, '127.0.0.1');
      socket.write(`GET /infrastructures HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\n\r\n`);
      while (service.manager.lastCall === undefined) await new Promise((resolve) => setImmediate(resolve));
      const { signal } = service.manager.lastCall;
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      socket.destroy();
      await aborted;
      expect(signal.aborted).to.equal(true);
    } finally {
      await service.stop();
    }
  });
});

describe('REST: the end of the service', () => {
  it('lets a running call answer, and accepts no new one', async () => {
    const service = await startRest();
    let open = (): void => {};
    service.manager.gate = new Promise((resolve) => {
      open = resolve;
    });
    const running = service.call('GET', '/infrastructures');
    while (service.manager.lastCall === undefined) await new Promise((resolve) => setImmediate(resolve));
    const stopped = service.stop(10_000);
    const refused = await request(service.base, 'GET', '/version').then(
      () => 'served',
      () => 'refused',
    );
    expect(refused).to.equal('refused');
    open();
    const answer = await running;
    expect(answer.status).to.equal(200);
    expect(answer.headers.connection).to.equal('close');
    await stopped;
  });

  it('cuts off what does not end within the grace time', async () => {
    const service = await startRest();
    service.manager.gate = new Promise(() => {});
    const running = service.call('GET', '/infrastructures').then(
      () => 'answered',
      () => 'cut off',
    );
    while (service.manager.lastCall === undefined) await new Promise((resolve) => setImmediate(resolve));
    await service.stop(1);
    expect(await running).to.equal('cut off');
  });

  it('a port in use is said in one line', async () => {
    const service = await startRest();
    try {
      const message = await startRest({ restPort: service.port }).then(
        () => 'started',
        (error: Error) => error.message,
      );
      expect(message).to.equal(
        `The REST API cannot listen on 127.0.0.1 port ${service.port}: the port is in use by another program. See option REST_PORT.`,
      );
    } finally {
      await service.stop();
    }
  });
});
