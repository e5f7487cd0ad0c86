// SPDX-License-Identifier: Apache-2.0
// HTTP to providers: limits, retries, streams.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createHttpClient, type HttpCall, type HttpClient } from '../../../src/connectors/shared/http.js';
import { ImError } from '../../../src/domain/index.js';
import { guardedLookup, isMetadataAddress } from '../../../src/util/guarded-lookup.js';
import { failure, never } from '../support.js';

describe('createHttpClient', () => {
  let server: Server;
  let client: HttpClient;
  let calls: string[];
  let answer: (incoming: IncomingMessage, outgoing: ServerResponse, call: number) => void;

  beforeEach(async () => {
    calls = [];
    server = createServer((incoming, outgoing) => {
      calls.push(`${incoming.method} ${incoming.url}`);
      answer(incoming, outgoing, calls.length);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = createHttpClient(
      { origin: `http://127.0.0.1:${port}`, pathPrefix: '/base', name: 'the test cloud' },
      () => 0,
    );
  });

  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const get: HttpCall = { method: 'GET', path: '/x', signal: never };
  const text = (outgoing: ServerResponse, status: number, body = ''): void => {
    outgoing.writeHead(status).end(body);
  };

  it('never asks an address where clouds tell their machines secrets, however it is written', () => {
    for (const host of [
      '169.254.169.254',
      '2852039166',
      '0xa9fea9fe',
      '0251.0376.0251.0376',
      '169.254.43518',
      '[::ffff:169.254.169.254]',
      '[fe80::1]',
      '[fd00:ec2::254]',
      '0.0.0.0',
      '0',
      'u:p@169.254.169.254',
    ]) {
      const make = () => createHttpClient({ origin: `http://${host}:80`, name: 'the test cloud' });
      expect(make, host).to.throw(ImError, 'where no cloud can be');
    }
  });

  it('refuses a name that leads to such an address', async () => {
    const lookup = guardedLookup(isMetadataAddress, (host) => new Error(`no ${host}`));
    const resolved = (host: string): Promise<unknown> =>
      new Promise((resolve) => lookup(host, { all: true }, (error, address) => resolve(error?.message ?? address)));
    // The resolver of the system reads numbers in any form as names.
    expect(await resolved('169.254.169.254')).to.equal('no 169.254.169.254');
    expect(await resolved('::ffff:169.254.169.254')).to.equal('no ::ffff:169.254.169.254');
    expect(await resolved('127.0.0.1')).to.deep.equal([{ address: '127.0.0.1', family: 4 }]);
  });

  it('puts the prefix before the path and encodes the query', async () => {
    answer = (_incoming, outgoing) => text(outgoing, 200, 'hello');
    const { status, body } = await client.call({ ...get, query: { filters: '{"a b":["c&d"]}' } });
    expect([status, body.toString()]).to.deep.equal([200, 'hello']);
    expect(new URL(calls[0]!.slice(4), 'http://h').searchParams.get('filters')).to.equal('{"a b":["c&d"]}');
    expect(calls[0]).to.match(/^GET \/base\/x\?/);
  });

  it('repeats a query parameter for each value of a list', async () => {
    answer = (_incoming, outgoing) => text(outgoing, 200);
    await client.call({ ...get, query: { fields: ['id', 'name'], limit: '5' } });
    expect(calls[0]).to.equal('GET /base/x?fields=id&fields=name&limit=5');
  });

  it('hands out headers by their lower-case names', async () => {
    answer = (_incoming, outgoing) => outgoing.writeHead(201, { 'X-Subject-Token': 't', Location: '/there' }).end();
    const { headers } = await client.call(get);
    expect([headers.get('x-subject-token'), headers.get('location')]).to.deep.equal(['t', '/there']);
  });

  it('waits as long as the server asks before it repeats a call', async () => {
    const controller = new AbortController();
    answer = (_incoming, outgoing, call) => {
      outgoing.writeHead(call === 1 ? 503 : 200, call === 1 ? { 'retry-after': '3600' } : {}).end();
      // Without the pause the second call would be there before this one is called off.
      setTimeout(() => controller.abort(new Error('enough')), 50);
    };
    expect((await failure(client.call({ ...get, signal: controller.signal }))).message).to.equal('enough');
    expect(calls).to.have.length(1);
  });

  it('sends objects as JSON and bytes as they are', async () => {
    const bodies: string[] = [];
    answer = (incoming, outgoing) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      incoming.on('end', () => {
        bodies.push(`${incoming.headers['content-type']}: ${body}`);
        text(outgoing, 200);
      });
    };
    await client.call({ method: 'POST', path: '/', body: { a: 1 }, signal: never });
    await client.call({
      method: 'PUT',
      path: '/',
      body: Buffer.from('raw'),
      headers: { 'content-type': 'text/plain' },
      signal: never,
    });
    expect(bodies).to.deep.equal(['application/json: {"a":1}', 'text/plain: raw']);
  });

  it('repeats a harmless call that the server is too busy for, three times at most', async () => {
    answer = (_incoming, outgoing, call) => text(outgoing, call < 3 ? 503 : 200);
    expect((await client.call(get)).status).to.equal(200);
    expect(calls).to.have.length(3);
    answer = (_incoming, outgoing) => text(outgoing, 429);
    expect((await client.call(get)).status).to.equal(429);
    expect(calls).to.have.length(6);
  });

  it('repeats a harmless call whose connection broke', async () => {
    answer = (incoming, outgoing, call) => (call === 1 ? incoming.socket.destroy() : text(outgoing, 200));
    expect((await client.call(get)).status).to.equal(200);
  });

  it('never repeats a call that may have done something', async () => {
    answer = (incoming) => incoming.socket.destroy();
    const error = await failure(client.call({ method: 'POST', path: '/', signal: never }));
    expect(error).to.be.instanceOf(ImError);
    expect(error.message).to.match(/^Cannot reach the test cloud: /);
    expect(calls).to.have.length(1);
  });

  it('repeats such a call when it is said to be harmless', async () => {
    answer = (_incoming, outgoing, call) => text(outgoing, call === 1 ? 503 : 201);
    const call: HttpCall = { method: 'POST', path: '/', signal: never, isRepeatable: true };
    expect((await client.call(call)).status).to.equal(201);
  });

  it('does not follow redirects', async () => {
    answer = (_incoming, outgoing) => outgoing.writeHead(302, { location: '/elsewhere' }).end();
    expect((await client.call(get)).status).to.equal(302);
    expect(calls).to.have.length(1);
  });

  it('gives up when no answer comes in time', async () => {
    answer = () => {};
    const error = await failure(client.call({ method: 'POST', path: '/', signal: never, timeoutMs: 50 }));
    expect(error.message).to.match(/^Cannot reach the test cloud: Timed out/);
  });

  it('gives up when the answer stops in its middle', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200).write('half');
    };
    const error = await failure(client.call({ method: 'POST', path: '/', signal: never, timeoutMs: 50 }));
    expect(error.message).to.contain('Timed out');
  });

  it('stops with the reason of the caller', async () => {
    const controller = new AbortController();
    const reason = new Error('destroyed');
    answer = () => controller.abort(reason);
    expect(await failure(client.call({ ...get, signal: controller.signal }))).to.equal(reason);
    expect(calls).to.have.length(1);
  });

  it('refuses an endless answer', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200);
      const chunk = Buffer.alloc(1024 * 1024);
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(chunk));
        if (!outgoing.destroyed) outgoing.once('drain', more);
      };
      more();
    };
    const error = await failure(client.call(get));
    expect(error.message).to.contain('longer than');
    expect(calls).to.have.length(1);
  });

  it('says what is wrong when nobody listens', async () => {
    const nobody = createHttpClient({ origin: 'http://127.0.0.1:1', name: 'nobody' }, () => 0);
    expect((await failure(nobody.call(get))).message).to.match(/^Cannot reach nobody: .*ECONNREFUSED/);
  });

  it('hands out the lines of a stream, also those cut between chunks', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200);
      outgoing.write('{"a":1}\n{"b"');
      setImmediate(() => outgoing.end(':"é"}\r\n\n{"c":3}'));
    };
    const { status, lines } = await client.lines(get);
    expect(status).to.equal(200);
    const received: string[] = [];
    for await (const line of lines) received.push(line);
    expect(received).to.deep.equal(['{"a":1}', '{"b":"é"}', '{"c":3}']);
  });

  it('gives up on a stream that falls silent', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200).write('first\n');
    };
    const { lines } = await client.lines({ ...get, timeoutMs: 50 });
    const all = failure(
      (async () => {
        for await (const line of lines) expect(line).to.equal('first');
      })(),
    );
    expect((await all).message).to.match(/^Cannot reach the test cloud: Timed out/);
  });
});
