// SPDX-License-Identifier: Apache-2.0
// Pages beside the route table: probes, metrics, static files, the description of the API; and TLS.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { createRestServer } from '../../../src/api/rest/index.js';
import { PAGE_LIST } from '../../../src/api/rest/page-list.js';
import { routes } from '../../../src/api/rest/routes/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createFakeManager } from '../fake-manager.js';
import { createCertificate } from '../self-signed.js';
import { type RestService, SETTINGS, startRest } from './rest-service.js';

describe('REST: probes', () => {
  let service: RestService;
  before(async () => {
    service = await startRest();
  });
  after(() => service.stop());

  it('health says that the process answers', async () => {
    const answer = await service.anonymous('GET', '/health');
    expect(answer).to.include({ status: 200, type: 'application/json' });
    expect(JSON.parse(answer.body).status).to.equal('ok');
  });

  it('readiness is 200 or 503', async () => {
    expect((await service.anonymous('GET', '/ready')).status).to.equal(200);
    service.isReady.value = false;
    expect((await service.anonymous('GET', '/ready')).status).to.equal(503);
  });

  it('metrics are for this host, not for those behind its proxy, and for administrators', async () => {
    expect(await service.anonymous('GET', '/metrics')).to.include({ status: 200, body: 'im_up 1\n' });
    const forwarded = { 'X-Forwarded-For': '203.0.113.9' };
    expect((await service.anonymous('GET', '/metrics', forwarded)).status).to.equal(403);
    expect((await service.call('GET', '/metrics', forwarded)).status).to.equal(403);
    const boss = { ...forwarded, Authorization: 'type = InfrastructureManager; username = boss; password = b0ss' };
    expect((await service.anonymous('GET', '/metrics', boss)).status).to.equal(200);
  });

  it('metrics can be open or closed', async () => {
    for (const [metricsAllowed, status] of [
      ['any', 200],
      ['none', 404],
    ] as const) {
      const other = await startRest({ metricsAllowed });
      try {
        expect((await other.anonymous('GET', '/metrics', { 'X-Forwarded-For': '203.0.113.9' })).status).to.equal(
          status,
        );
      } finally {
        await other.stop();
      }
    }
  });
});

describe('REST: static files', () => {
  let directory: string;
  let service: RestService;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-static-'));
    await writeFile(join(directory, 'hello.txt'), 'hello there\n');
    await writeFile(join(directory, 'conf.json'), '{"a": 1}');
    await writeFile(join(directory, '.hidden'), 'x');
    service = await startRest({ staticFilesDir: directory });
  });
  after(async () => {
    await service.stop();
    await rm(directory, { recursive: true });
  });

  it('are served with the type of their extension', async () => {
    const text = await service.anonymous('GET', '/static/hello.txt');
    expect(text).to.include({ status: 200, type: 'text/plain; charset=utf-8', body: 'hello there\n' });
    expect(text.headers).to.include.keys('etag', 'last-modified', 'accept-ranges');
    expect((await service.anonymous('GET', '/static/conf.json')).type).to.match(/^application\/json/);
  });

  it('take ranges', async () => {
    const answer = await service.anonymous('GET', '/static/hello.txt', { Range: 'bytes=0-4' });
    expect(answer).to.include({ status: 206, body: 'hello' });
  });

  it('are nothing else than files of that directory', async () => {
    for (const name of ['none.txt', '.hidden', '..%2fpasswd', '%2e%2e', '..%5cx']) {
      expect((await service.anonymous('GET', `/static/${name}`)).status, name).to.equal(404);
    }
    const missing = await service.anonymous('GET', '/static/none.txt', { Accept: 'application/json' });
    expect(missing.body).to.equal('{"message":"File not found","code":404}');
  });

  it('are off without a directory', async () => {
    const other = await startRest();
    try {
      expect(await other.anonymous('GET', '/static/hello.txt')).to.include({
        status: 404,
        body: 'Static files not enabled.',
      });
    } finally {
      await other.stop();
    }
  });
});

describe('REST: the description of the API', () => {
  let service: RestService;
  before(async () => {
    service = await startRest();
  });
  after(() => service.stop());

  it('lists every route', async () => {
    const answer = await service.anonymous('GET', '/openapi.json');
    expect(answer.type).to.equal('application/json');
    const { openapi, info, paths, servers } = JSON.parse(answer.body);
    expect(openapi).to.equal('3.1.0');
    expect(info.version).to.equal('3.0.0');
    expect(servers).to.deep.equal([{ url: `${service.base}/` }]);
    const described = Object.entries<object>(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = routes
      .filter((route) => !route.isFallback)
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const pages = Object.values(PAGE_LIST).map(({ path }) => `GET ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(described).to.have.members([...served, ...pages]);
    const create = paths['/infrastructures'].post;
    expect(create.operationId).to.equal('CreateInfrastructure');
    expect(create.parameters.map((parameter: { name: string }) => parameter.name)).to.deep.equal([
      'async',
      'dry_run',
      'Idempotency-Key',
    ]);
    expect(Object.keys(create.requestBody.content)).to.deep.equal(['text/plain', 'application/json', 'text/yaml']);
    expect(paths['/version'].get.security).to.deep.equal([]);
  });

  it('describes what is served and nothing else', async () => {
    const { paths } = JSON.parse((await service.anonymous('GET', '/openapi.json')).body);
    for (const [template, item] of Object.entries<object>(paths)) {
      const path = template.replaceAll(/\{\w+\}/g, 'x');
      const answer = await service.anonymous('OPTIONS', path);
      const methods = Object.keys(item).map((method) => method.toUpperCase());
      const allowed = (answer.headers.allow ?? '').split(', ').filter((name) => name !== 'HEAD' && name !== 'OPTIONS');
      expect(allowed, template).to.include.members(methods);
      // Other templates may fit the same path: /vms/x/start is also a property named start.
      const matching = Object.entries<object>(paths).filter(([other]) =>
        new RegExp(`^${other.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
      );
      const described = matching.flatMap(([, other]) => Object.keys(other).map((method) => method.toUpperCase()));
      expect(described, template).to.include.members(allowed);
    }
  });

  it('is valid by the schema of OpenAPI 3.1', async () => {
    const description: object = JSON.parse((await service.anonymous('GET', '/openapi.json')).body);
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...description });
    expect(valid, JSON.stringify(errors)).to.equal(true);
    expect(validator.version).to.equal('3.1');
    expect((await new Validator().validate({ ...description, paths: 1 })).valid).to.equal(false);
  });

  it('refers only to schemas that it holds, and names each path element', async () => {
    const description = (await service.anonymous('GET', '/openapi.json')).body;
    const { paths, components } = JSON.parse(description);
    for (const [, name] of description.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(components.schemas).to.have.property(name ?? '');
    }
    for (const [template, item] of Object.entries<Record<string, { parameters: { in: string; name: string }[] }>>(
      paths,
    )) {
      const elements = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(item)) {
        const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
        expect(inPath, template).to.deep.equal(elements);
      }
    }
  });

  it('gives each operation a name of its own', () => {
    const names = [...routes, ...Object.values(PAGE_LIST)].map((entry) => entry.operationId);
    expect(new Set(names).size).to.equal(names.length);
  });

  it('is a page for browsers at the root and at /docs, and JSON for others', async () => {
    const page = await service.anonymous('GET', '/', { Accept: 'text/html' });
    expect(page.type).to.equal('text/html; charset=utf-8');
    expect(page.body).to.contain('/infrastructures/{infId}/vms/{vmId}');
    expect((await service.anonymous('GET', '/docs')).body).to.equal(page.body);
    expect((await service.anonymous('GET', '/')).type).to.equal('application/json');
  });

  it('shows the page with files of this service only, also behind a proxy with a prefix', async () => {
    const headers = { 'X-Forwarded-Prefix': '/im', 'X-Forwarded-Host': 'pub.example.org' };
    const page = await service.anonymous('GET', '/docs', headers);
    const links = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link ?? '');
    expect(links).not.to.deep.equal([]);
    for (const link of links) {
      expect(link).to.match(/^\/im\//);
      const file = await service.anonymous('GET', link.replace('/im', ''), headers);
      expect(file.status, link).to.equal(200);
      expect(file.body, link).not.to.equal('');
    }
    const start = await service.anonymous('GET', '/docs/start.js', headers);
    expect(start.body).to.contain('"/im/openapi.json"').and.to.contain('"validatorUrl":null');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).to.contain("default-src 'none'").and.to.contain("script-src 'self'");
    expect(policy).not.to.match(/https?:|script-src[^;]*unsafe/);
  });

  it('gives out no other file of the package', async () => {
    for (const name of ['package.json', 'index.html', '..%2fpackage.json', 'swagger-ui-bundle.js.map']) {
      expect((await service.anonymous('GET', `/docs/${name}`)).status, name).to.equal(404);
    }
  });
});

describe('REST: TLS', () => {
  /** The common name that the server shows, and its answer. */
  const visit = (port: number, options: https.RequestOptions = {}): Promise<{ name: string; body: string }> =>
    new Promise((resolve, reject) => {
      const request = https.get(
        { host: '127.0.0.1', port, path: '/version', agent: false, rejectUnauthorized: false, ...options },
        (response) => {
          const { socket } = response;
          const name =
            'getPeerCertificate' in socket && typeof socket.getPeerCertificate === 'function'
              ? socket.getPeerCertificate().subject.CN
              : '';
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => resolve({ name, body }));
        },
      );
      request.on('error', reject);
    });

  const create = (files: Map<string, string>) =>
    createRestServer({
      settings: {
        ...SETTINGS,
        restSsl: true,
        restSslKeyfile: 'key',
        restSslCertfile: 'cert',
        restSslCaCerts: 'missing-ca',
      },
      manager: createFakeManager(),
      authenticator: { authenticate: () => Promise.reject(new Error('not used')) },
      logger: silentLogger,
      health: {
        liveness: () => ({ status: 'ok', version: '', uptimeSeconds: 0, checks: [] }),
        readiness: () => Promise.reject(new Error('not used')),
      },
      metrics: { contentType: '', render: async () => '', observeHttpRequest: () => {} },
      readFile: async (path) => {
        const text = files.get(path);
        if (text === undefined) throw new Error('no such file');
        return Buffer.from(text);
      },
      requestId: () => 'id',
      monotonicMs: () => 0,
    });

  it('serves, and takes a new certificate without a restart', async () => {
    const first = createCertificate('one');
    const files = new Map([
      ['key', first.key],
      ['cert', first.certificate],
    ]);
    const server = create(files);
    const { port } = await server.listen();
    try {
      expect(await visit(port, { ca: first.certificate, rejectUnauthorized: true })).to.deep.equal({
        name: 'one',
        body: '3.0.0',
      });
      const second = createCertificate('second');
      files.set('key', second.key).set('cert', second.certificate);
      await server.reloadTls();
      expect((await visit(port)).name).to.equal('second');
      files.set('cert', 'broken');
      const message = await server.reloadTls().then(
        () => '',
        (error: Error) => error.message,
      );
      expect(message).to.contain('cannot be used');
      expect((await visit(port)).name).to.equal('second');
    } finally {
      await server.close(0);
    }
  });

  it('refuses old protocols', async () => {
    const own = createCertificate('own');
    const server = create(
      new Map([
        ['key', own.key],
        ['cert', own.certificate],
      ]),
    );
    const { port } = await server.listen();
    try {
      const old = await visit(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }).then(
        () => 'served',
        () => 'refused',
      );
      expect(old).to.equal('refused');
      expect((await visit(port, { maxVersion: 'TLSv1.2' })).body).to.equal('3.0.0');
    } finally {
      await server.close(0);
    }
  });

  it('does not start without its files, and names the missing one', async () => {
    const message = await create(new Map([['key', 'x']]))
      .listen()
      .then(
        () => '',
        (error: Error) => error.message,
      );
    expect(message).to.equal('The TLS certificate cert cannot be read: no such file');
  });
});
