// SPDX-License-Identifier: Apache-2.0
// The bounds of requests to identity providers: time, size, redirects, TLS, forbidden addresses, cancellation.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BoundedHttpOptions, createBoundedHttp, UnreachableError } from '../../src/auth/bounded-http.js';
import { cidrContains, parseCidr } from '../../src/util/ip.js';

describe('requests to identity providers', () => {
  const servers: Server[] = [];
  const serve = async (handler: RequestListener): Promise<string> => {
    const server = createServer(handler);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });
  const http = (options: Partial<BoundedHttpOptions> = {}) =>
    createBoundedHttp({ verifySsl: true, timeoutMs: 5000, needsTls: true, ...options });
  const get = (url: string, headers = {}) => ({ method: 'GET', url: new URL(url), headers }) as const;
  const failure = async (promise: Promise<unknown>): Promise<Error> => {
    try {
      await promise;
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error('expected a failure');
  };

  it('give status, type and text', async () => {
    const url = await serve((request, response) => {
      response.writeHead(404, { 'content-type': 'text/x' }).end(`${request.method} ${request.url}`);
    });
    expect(await http()(get(`${url}/a/b?c=d`))).to.deep.equal({
      status: 404,
      contentType: 'text/x',
      text: 'GET /a/b?c=d',
    });
  });

  it('end in time', async () => {
    const silent = await serve(() => {});
    const slow = await serve((_, response) => {
      response.write('x');
    });
    for (const url of [silent, slow]) {
      const error = await failure(http({ timeoutMs: 30 })(get(url)));
      expect(error).to.be.instanceOf(UnreachableError);
      expect(error.message).to.contain('Timed out after 30 ms');
    }
  });

  it('end when the caller has gone', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort(new Error('gone')));
    const error = await failure(http()({ ...get(url), signal: controller.signal }));
    expect(error.message).to.equal('gone');
  });

  it('take no answer without end', async () => {
    const url = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });
    expect((await failure(http({ maxBytes: 100_000 })(get(url)))).message).to.contain('longer than 100000 bytes');
  });

  it('follow redirects, without credentials to another place', async () => {
    const seen: unknown[] = [];
    const far = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('far');
    });
    const near = await serve((request, response) => {
      if (request.url === '/to-far') response.writeHead(302, { location: `${far}/x` }).end();
      else if (request.url === '/again') response.writeHead(301, { location: '/again' }).end();
      else {
        seen.push(request.headers.authorization);
        response.writeHead(307, { location: '/to-far' }).end();
      }
    });
    expect((await http()(get(`${near}/`, { authorization: 'Bearer t' }))).text).to.equal('far');
    expect(seen).to.deep.equal(['Bearer t', undefined]);
    expect((await failure(http()(get(`${near}/again`)))).message).to.contain('redirects without end');
  });

  it('leave this host only with TLS', async () => {
    const out = await serve((_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end());
    const file = await serve((_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    expect((await failure(http()(get('http://192.0.2.1/')))).message).to.contain('without TLS');
    expect((await failure(http()(get(out)))).message).to.contain('without TLS');
    expect((await failure(http()(get(file)))).message).to.contain('file: is no protocol of the web');
  });

  it('check certificates, unless told not to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'im-auth-tls-'));
    try {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
      execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'pipe' });
      const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
        response.end('tls');
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
      expect((await failure(http()(get(url)))).message).to.contain('self-signed certificate');
      expect((await http({ verifySsl: false })(get(url))).text).to.equal('tls');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('never go to forbidden addresses, by number or by name', async () => {
    const url = await serve((_, response) => response.end('inside'));
    const loopback = parseCidr('127.0.0.0/8');
    const guarded = http({
      isForbidden: (address) => (loopback ? cidrContains(loopback, address) : true) || address.family === 6,
    });
    const byName = url.replace('127.0.0.1', 'localhost');
    const redirecting = await serve((_, response) => response.writeHead(302, { location: url }).end());
    for (const target of [url, byName, redirecting]) {
      expect((await failure(guarded(get(target)))).message).to.match(/the address of .* is not allowed/);
    }
    expect((await http()(get(byName))).text).to.equal('inside');
  });
});
