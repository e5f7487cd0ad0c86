// SPDX-License-Identifier: Apache-2.0
// Requests that are made to hurt: smuggled, oversized, slow, malformed, over raw sockets. The service refuses them and goes on serving.
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { AUTH, RADL, type RestService, startRest } from '../rest/rest-service.js';
import { startXmlRpc, type XmlRpcService } from '../xmlrpc/xmlrpc-service.js';

/** Sends bytes and reads until the other side closes. */
function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    // A refusal may cut the connection while we still send.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(text) : reject(error),
    );
  });
}

const statusesOf = (text: string): readonly number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const SMUGGLED = `GET /infrastructures HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\n\r\n`;
const HEAD = `POST /infrastructures HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\n`;

/** Requests whose end two readers may see in different places, or that are no HTTP at all. */
const AMBIGUOUS: readonly (readonly [string, string])[] = [
  ['both lengths', `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['two different lengths', `${HEAD}Content-Length: 0\r\nContent-Length: 5\r\n\r\nabcde${SMUGGLED}`],
  ['a list of lengths', `${HEAD}Content-Length: 0, 5\r\n\r\nabcde${SMUGGLED}`],
  ['a signed length', `${HEAD}Content-Length: +5\r\n\r\nabcde${SMUGGLED}`],
  ['a length in another base', `${HEAD}Content-Length: 0x5\r\n\r\nabcde${SMUGGLED}`],
  ['chunked not last', `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['chunked in disguise', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['a blank before the colon', `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bad size of a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['a huge size of a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n${SMUGGLED}`],
  [
    'a folded header',
    `GET /infrastructures HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\n Transfer-Encoding: b\r\nX\r\n\r\n`,
  ],
  ['a bare line feed in a header', `GET / HTTP/1.1\r\nHost: x\nX: y\rZ: 1\r\n\r\n`],
  ['a zero in a header', `GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n`],
  ['a zero in the path', `GET /infra\0structures HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['no version', `GET /infrastructures\r\n\r\n`],
  ['another version', `GET / HTTP/9.9\r\nHost: x\r\n\r\n`],
  ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
];

describe('hostile requests to the REST API', () => {
  let service: RestService;
  before(async () => {
    service = await startRest({ maxRequestBodyBytes: 100_000 });
  });
  after(() => service.stop());
  afterEach(async () => {
    expect((await service.call('GET', '/infrastructures')).status, 'it serves others').to.equal(200);
  });

  for (const [what, bytes] of AMBIGUOUS) {
    it(`${what}: one refusal, and the connection is closed`, async () => {
      const before = service.manager.calls.length;
      const statuses = statusesOf(await exchange(service.port, bytes));
      expect(statuses).to.have.length(1);
      expect(statuses[0]).to.be.within(400, 505);
      expect(service.manager.calls).to.have.length(before);
    });
  }

  it('a body that goes on for ever is cut off at the limit', async () => {
    const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`;
    const text = await exchange(service.port, `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(50)}`);
    expect(statusesOf(text)).to.deep.equal([413]);
  });

  it('many headers are refused before they are all read', async () => {
    const many = Array.from({ length: 60_000 }, (_, index) => `X-${index}: ${'y'.repeat(30)}\r\n`).join('');
    const text = await exchange(service.port, `GET /version HTTP/1.1\r\nHost: x\r\n${many}\r\n`);
    expect(statusesOf(text)).to.deep.equal([431]);
  });

  it('deep documents are refused, in every language', async () => {
    const deep = '['.repeat(40_000);
    const json = { 'Content-Type': 'application/json' };
    expect((await service.call('POST', '/infrastructures', json, deep)).status).to.equal(400);
    expect((await service.call('POST', '/infrastructures', {}, `system a ( ${'('.repeat(40_000)}`)).status).to.equal(
      400,
    );
    const id = await service.create();
    const owner = await service.call('POST', `/infrastructures/${id}/authorization`, json, '{"a":'.repeat(10_000));
    expect(owner.status).to.equal(400);
    expect((await service.call('GET', '/infrastructures', { Authorization: `${'['.repeat(30_000)}` })).status).to.equal(
      401,
    );
  });

  it('names that objects have of themselves are plain data', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const item = `{"type": "InfrastructureManager", "username": "u1", "password": "p1", "${name}": "x"}`;
      expect((await service.call('GET', '/infrastructures', { Authorization: `[${item}]` })).status, name).to.equal(
        200,
      );
      expect((await service.call('GET', `/infrastructures/${name}`)).status, name).to.equal(404);
      expect((await service.call('GET', `/infrastructures?${name}=1&limit=1`)).status, name).to.equal(200);
    }
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
  });

  it('paths that climb lead nowhere', async () => {
    for (const path of [
      '/static/../../etc/passwd',
      '/static/%2e%2e%2fetc',
      '/docs/..%2fpackage.json',
      '/../version/..',
    ]) {
      const text = await exchange(service.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(statusesOf(text)[0], path).to.be.oneOf([404, 400]);
    }
  });

  it('forwarded names cannot put anything into links', async () => {
    for (const host of ['evil.example/x?', 'a b', '<script>', 'x\u00e9', 'user@evil.example']) {
      const headers = { 'X-Forwarded-Host': Buffer.from(host).toString('latin1'), 'X-Forwarded-Prefix': '/"><x' };
      const answer = await service.call('POST', '/infrastructures', headers, RADL);
      expect(answer.body).to.match(/^http:\/\/127\.0\.0\.1:\d+\/infrastructures\/inf-\d+$/);
    }
  });
});

describe('hostile requests to the XML-RPC API', () => {
  let service: XmlRpcService;
  before(async () => {
    service = await startXmlRpc({ maxRequestBodyBytes: 200_000 });
  });
  after(() => service.stop());
  afterEach(async () => {
    const call = '<methodCall><methodName>GetVersion</methodName></methodCall>';
    expect((await service.post(call)).body, 'it serves others').to.contain('3.0.0');
  });

  const withValue = (value: string, prologue = ''): string =>
    `<?xml version="1.0"?>${prologue}<methodCall><methodName>GetInfrastructureList</methodName><params><param><value>${value}</value></param></params></methodCall>`;

  const tricks: readonly (readonly [string, string])[] = [
    ['a file as an entity', withValue('&x;', '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>')],
    ['a URL as an entity', withValue('&x;', '<!DOCTYPE m [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]>')],
    ['a parameter entity', withValue('x', '<!DOCTYPE m [<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;]>')],
    ['an external document type', withValue('x', '<!DOCTYPE m SYSTEM "http://127.0.0.1:1/m.dtd">')],
    [
      'entities that grow',
      withValue(
        '&c;',
        `<!DOCTYPE m [<!ENTITY a "${'x'.repeat(100)}"><!ENTITY b "${'&a;'.repeat(100)}"><!ENTITY c "${'&b;'.repeat(100)}">]>`,
      ),
    ],
    ['an entity that nobody defined', withValue('&nbsp;')],
    ['a character that XML has not', withValue('&#0;')],
    ['a character beyond all', withValue('&#x110000;')],
    ['nesting without end', withValue('<array><data><value>'.repeat(5000))],
    ['attributes without end', withValue(`<string ${Array.from({ length: 2000 }, (_, i) => `a${i}="x"`).join(' ')}>`)],
    ['an inclusion', withValue('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>')],
  ];
  for (const [what, xml] of tricks) {
    it(`${what} is a fault that shows nothing of the host`, async () => {
      const before = service.manager.calls.length;
      const answer = await service.post(xml);
      expect(answer.body).to.contain('<fault>');
      expect(answer.body).not.to.contain('root:');
      expect(service.manager.calls).to.have.length(before);
    });
  }

  it('a small packed body that grows beyond the limit is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    expect(bomb.length).to.be.below(100_000);
    expect((await service.post(bomb, { 'Content-Encoding': 'gzip' })).status).to.equal(413);
  });

  for (const [what, bytes] of AMBIGUOUS.slice(0, 10)) {
    it(`${what}: one refusal`, async () => {
      const statuses = statusesOf(await exchange(service.port, bytes.replace('/infrastructures', '/RPC2')));
      expect(statuses).to.have.length(1);
      expect(statuses[0]).to.be.within(400, 505);
    });
  }
});
