// SPDX-License-Identifier: Apache-2.0
// XML-RPC at the level of HTTP and XML: paths, encodings, limits, hostile documents, TLS (xmlrpc-api.md §1).

import http from 'node:http';
import https from 'node:https';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { acceptsGzip } from '../../../src/api/xmlrpc/handler.js';
import { createXmlRpcServer } from '../../../src/api/xmlrpc/index.js';
import { createFakeManager } from '../fake-manager.js';
import { request } from '../rest/rest-service.js';
import { createCertificate } from '../self-signed.js';
import { bareCall, dependenciesOf, startXmlRpc, type XmlRpcService } from './xmlrpc-service.js';

const VERSION = bareCall('GetVersion');

describe('XML-RPC over HTTP', () => {
  let service: XmlRpcService;
  before(async () => {
    service = await startXmlRpc();
  });
  after(() => service.stop());

  it('is served at / and /RPC2, whatever the Content-Type', async () => {
    for (const path of ['/', '/RPC2', '/RPC2?x=1']) {
      const answer = await service.post(VERSION, { 'Content-Type': 'application/odd' }, path);
      expect(answer).to.include({ status: 200, type: 'text/xml' });
      expect(answer.body).to.match(
        /^<\?xml version='1\.0'\?>\n<methodResponse><params><param><value><array><data><value><boolean>1<\/boolean><\/value><value><string>3\.0\.0<\/string>/,
      );
      expect(answer.headers['content-length']).to.equal(String(answer.body.length));
    }
  });

  it('knows no other page and no other method', async () => {
    for (const path of ['/foo', '/RPC2/']) {
      expect(await service.post(VERSION, {}, path)).to.include({ status: 404, body: 'No such page' });
    }
    const get = await request(service.base, 'GET', '/RPC2');
    expect(get.status).to.equal(405);
    expect(get.headers.allow).to.equal('POST');
  });

  it('takes packed requests', async () => {
    const packed = await service.post(gzipSync(VERSION), { 'Content-Encoding': 'gzip' });
    expect(packed.body).to.contain('<boolean>1</boolean>');
    expect(await service.post('not packed', { 'Content-Encoding': 'gzip' })).to.include({ status: 400, body: '' });
    expect(await service.post(VERSION, { 'Content-Encoding': 'br' })).to.include({ status: 501, body: '' });
  });

  it('packs long answers for those who take them', async () => {
    const version = service.manager.version;
    service.manager.version = () => '3.0.0'.repeat(1000);
    const packed = (headers: http.OutgoingHttpHeaders): Promise<{ encoding: string | undefined; body: Buffer }> =>
      new Promise((resolve, reject) => {
        const options = { port: service.port, host: '127.0.0.1', method: 'POST', agent: false, headers };
        const outgoing = http.request(options, (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () => {
            resolve({ encoding: incoming.headers['content-encoding'], body: Buffer.concat(chunks) });
          });
        });
        outgoing.on('error', reject);
        outgoing.end(VERSION);
      });
    try {
      const answer = await packed({ 'Accept-Encoding': 'deflate, gzip;q=0.5' });
      expect(answer.encoding).to.equal('gzip');
      expect(gunzipSync(answer.body).toString()).to.contain('3.0.0'.repeat(1000));
      expect((await packed({})).encoding).to.equal(undefined);
    } finally {
      service.manager.version = version;
    }
    expect((await packed({ 'Accept-Encoding': 'gzip' })).encoding).to.equal(undefined);
  });

  it('reads Accept-Encoding with its qualities', () => {
    for (const [header, accepts] of [
      ['gzip', true],
      ['deflate, GZIP;q=0.1', true],
      ['gzip;q=0', false],
      ['identity', false],
      [undefined, false],
    ] as const) {
      expect(acceptsGzip(header), String(header)).to.equal(accepts);
    }
  });

  const faults: readonly [string, string | Buffer, string][] = [
    ['an empty body', '', 'document must contain a root element'],
    ['a broken document', '<methodCall><methodName>', 'not well-formed XML'],
    ['no XML at all', 'hello', 'not well-formed XML'],
    ['another root', '<methodResponse/>', 'found element methodResponse where methodCall was expected'],
    ['no method name', '<methodCall><params/></methodCall>', 'a methodCall holds methodName and params'],
    [
      'a document type',
      '<!DOCTYPE x [<!ENTITY a "b">]><methodCall><methodName>&a;</methodName></methodCall>',
      'a document type is not allowed',
    ],
    ['an entity of its own', '<methodCall><methodName>&xxe;</methodName></methodCall>', 'not well-formed XML'],
    [
      'an unclosed value',
      '<methodCall><methodName>GetVersion</methodName><params><param><value><int>1</value></param></params></methodCall>',
      'not well-formed XML',
    ],
    [
      'a value of no type',
      '<methodCall><methodName>x</methodName><params><param><value><odd>1</odd></value></param></params></methodCall>',
      'found element odd where a type was expected',
    ],
    [
      'an integer that is none',
      '<methodCall><methodName>x</methodName><params><param><value><int>12abc</int></value></param></params></methodCall>',
      'an int must be a whole number',
    ],
    [
      'a boolean that is none',
      '<methodCall><methodName>x</methodName><params><param><value><boolean>yes</boolean></value></param></params></methodCall>',
      'a boolean must be 0 or 1',
    ],
    [
      'a double that is none',
      '<methodCall><methodName>x</methodName><params><param><value><double/></value></param></params></methodCall>',
      'a double must be a number',
    ],
    [
      'a member without name',
      '<methodCall><methodName>x</methodName><params><param><value><struct><member><value>1</value></member></struct></value></param></params></methodCall>',
      'a struct holds members',
    ],
    [
      'deep nesting',
      `<methodCall><methodName>x</methodName><params><param>${'<value><array><data>'.repeat(5000)}`,
      'nested more than 150 deep',
    ],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0xff, 0xfe]), 'not valid UTF-8'],
    ['another declared encoding', '<?xml version="1.0" encoding="utf-16"?><methodCall/>', 'the encoding must be UTF-8'],
  ];
  for (const [what, body, text] of faults) {
    it(`answers ${what} with a fault`, async () => {
      const answer = await service.post(body);
      expect(answer).to.include({ status: 200, type: 'text/xml' });
      expect(answer.body).to.contain('<fault>').and.to.contain('<int>1</int>');
      expect(answer.body.replaceAll('&apos;', "'"))
        .to.contain("&lt;class 'xml.parsers.expat.ExpatError'&gt;:")
        .and.to.contain(text);
    });
  }

  it('a member named __proto__ is plain data', async () => {
    const struct =
      '<struct><member><name>__proto__</name><value><string>x</string></value></member><member><name>type</name><value>InfrastructureManager</value></member></struct>';
    const call = `<methodCall><methodName>GetInfrastructureList</methodName><params><param><value><array><data><value>${struct}</value></data></array></value></param></params></methodCall>`;
    await service.post(call);
    const item = service.manager.lastCall?.items[0];
    expect(Object.keys(item ?? {})).to.deep.equal(['__proto__', 'type']);
    expect(Object.getPrototypeOf(item)).to.equal(Object.prototype);
  });

  it('reads values without type, comments, CDATA, escapes and the extended nil', async () => {
    const params = [
      '<value> a &lt; <![CDATA[<b>]]></value>',
      '<value><array><data/></array></value>',
      '<value><ex:nil/></value>',
    ];
    const list = params
      .slice(1)
      .map((value) => `<param><!-- c -->${value}</param>`)
      .join('');
    const answer = await service.post(
      `<methodCall><methodName>GetInfrastructureList</methodName><params>${list}</params></methodCall>`,
    );
    expect(answer.body).to.contain('No credentials provided');
    const property = `<methodCall><methodName>ImportInfrastructure</methodName><params><param>${params[0]}</param><param><value><array><data><value><struct><member><name>type</name><value>InfrastructureManager</value></member><member><name>username</name><value>u</value></member></struct></value></data></array></value></param></params></methodCall>`;
    await service.post(property);
    expect(service.manager.lastArguments).to.deep.equal([' a < <b>']);
  });
});

describe('XML-RPC limits', () => {
  it('a body over the limit is 413, packed or not', async () => {
    const service = await startXmlRpc({ maxRequestBodyBytes: 10_000 });
    try {
      const long = `${VERSION}${' '.repeat(10_000)}`;
      expect((await service.post(long)).status).to.equal(413);
      expect((await service.post(gzipSync(long), { 'Content-Encoding': 'gzip' })).status).to.equal(413);
      const bomb = gzipSync(Buffer.alloc(50_000_000, 32));
      expect((await service.post(bomb, { 'Content-Encoding': 'gzip' })).status).to.equal(413);
      expect((await service.post(VERSION)).status).to.equal(200);
    } finally {
      await service.stop();
    }
  });
});

describe('XML-RPC over TLS', () => {
  const visit = (port: number, options: https.RequestOptions): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = https.request(
        { host: '127.0.0.1', port, method: 'POST', agent: false, ...options },
        (incoming) => {
          let body = '';
          incoming.on('data', (chunk) => {
            body += chunk;
          });
          incoming.on('end', () => resolve(body));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(VERSION);
    });

  it('asks for a client certificate: none is fine, a good one too, a bad one is not', async () => {
    const authority = createCertificate('authority');
    const own = createCertificate('service', authority);
    const client = createCertificate('cl', authority);
    const stranger = createCertificate('alien');
    const files = new Map([
      ['key', own.key],
      ['cert', own.certificate],
      ['ca', authority.certificate],
    ]);
    const settings = { xmlrpcSsl: true, xmlrpcSslKeyfile: 'key', xmlrpcSslCertfile: 'cert', xmlrpcSslCaCerts: 'ca' };
    const server = createXmlRpcServer({
      ...dependenciesOf(createFakeManager(), settings),
      readFile: async (path) => Buffer.from(files.get(path) ?? ''),
    });
    const { port } = await server.listen();
    const ca = authority.certificate;
    try {
      expect(await visit(port, { ca })).to.contain('3.0.0');
      expect(await visit(port, { ca, key: client.key, cert: client.certificate })).to.contain('3.0.0');
      const refused = await visit(port, { ca, key: stranger.key, cert: stranger.certificate }).then(
        () => 'served',
        () => 'refused',
      );
      expect(refused).to.equal('refused');
    } finally {
      await server.close(0);
    }
  });
});
