// SPDX-License-Identifier: Apache-2.0
// The fetcher against a real server: guard, redirects, limits, cache, retries, mirrors.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createFetcher, FetchError, type Fetcher, type FetcherOptions } from '../../src/fetch/index.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

describe('fetcher', () => {
  let server: Server;
  let base: string;
  let port: number;
  let handler: Handler;
  let hits: string[];
  let fetchers: Fetcher[];
  let clock: number;

  beforeEach(async () => {
    hits = [];
    fetchers = [];
    clock = 1_000_000;
    server = createServer((request, response) => {
      hits.push(request.url ?? '');
      handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
    base = `http://127.0.0.1:${port}`;
  });

  afterEach(async () => {
    await Promise.all(fetchers.map((fetcher) => fetcher.close()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function fetcher(options: Partial<FetcherOptions> = {}): Fetcher {
    const made = createFetcher({
      allowedNets: ['127.0.0.0/8'],
      mirrors: [],
      now: () => clock,
      retries: 0,
      retryDelayMs: 1,
      ...options,
    });
    fetchers.push(made);
    return made;
  }

  async function failure(promise: Promise<unknown>): Promise<FetchError> {
    try {
      await promise;
    } catch (error) {
      expect(error).to.be.instanceOf(FetchError);
      if (error instanceof FetchError) return error;
    }
    throw new Error('it did not fail');
  }

  it('gives the text of an allowed server', async () => {
    handler = (_request, response) => response.end('types: {}');
    expect(await fetcher().fetchText(`${base}/a`)).to.equal('types: {}');
  });

  it('refuses addresses that are not public without connecting', async () => {
    handler = (_request, response) => response.end('secret');
    const error = await failure(fetcher({ allowedNets: [] }).fetchText(`${base}/a`));
    expect(error.reason).to.contain('not public');
    expect(hits).to.deep.equal([]);
  });

  it('refuses names that resolve to such addresses', async () => {
    handler = (_request, response) => response.end('secret');
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const error = await failure(fetcher({ allowedNets: [], resolve }).fetchText(`http://innocent.example:${port}/`));
    expect(error.reason).to.contain('innocent.example');
    expect(hits).to.deep.equal([]);
  });

  it('connects to the allowed ones among the addresses of a name', async () => {
    handler = (_request, response) => response.end('fine');
    const resolve = async () => [
      { address: '10.0.0.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    expect(await fetcher({ resolve }).fetchText(`http://mixed.example:${port}/`)).to.equal('fine');
  });

  it('refuses redirects to such addresses', async () => {
    handler = (_request, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    expect((await failure(fetcher().fetchText(base))).reason).to.contain('169.254.169.254');
  });

  it('follows redirects, but not without end', async () => {
    handler = (request, response) => {
      if (request.url === '/end') response.end('there');
      else response.writeHead(301, { location: request.url === '/loop' ? '/loop' : '/end' }).end();
    };
    expect(await fetcher().fetchText(`${base}/start`)).to.equal('there');
    expect((await failure(fetcher().fetchText(`${base}/loop`))).reason).to.equal('more than 5 redirects');
  });

  for (const url of ['file:///etc/passwd', 'ftp://example.org/x', 'gopher://example.org', 'relative.yaml']) {
    it(`refuses ${url}`, async () => {
      expect((await failure(fetcher().fetchText(url))).reason).to.equal('only http and https URLs are fetched');
    });
  }

  it('refuses redirects to other schemes', async () => {
    handler = (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    expect((await failure(fetcher().fetchText(base))).reason).to.equal('only http and https URLs are fetched');
  });

  it('tells status and beginning of the answer', async () => {
    handler = (_request, response) => response.writeHead(404).end(`404: Not Found${'x'.repeat(5000)}`);
    const error = await failure(fetcher().fetchText(base));
    expect(error.reason).to.equal('Not Found');
    expect(error.body)
      .to.match(/^404: Not Found/)
      .and.to.have.lengthOf(200);
  });

  it('stops reading answers that are too long', async () => {
    handler = (_request, response) => response.end('x'.repeat(100_000));
    expect((await failure(fetcher({ maxBytes: 1000 }).fetchText(base))).reason).to.contain('longer than 1000 bytes');
  });

  it('gives up at the time limit', async () => {
    handler = (_request, response) => response.write('slow');
    expect((await failure(fetcher({ timeoutMs: 100 }).fetchText(base))).reason).to.contain('100 ms');
  });

  it('stops when the caller aborts, with his reason', async () => {
    const abort = new AbortController();
    handler = () => abort.abort(new Error('enough'));
    let reason: unknown;
    await fetcher()
      .fetchText(base, abort.signal)
      .catch((error: unknown) => {
        reason = error;
      });
    expect(reason).to.have.property('message', 'enough');
  });

  it('tries again when the server is broken, not when it refuses', async () => {
    handler = (_request, response) => {
      if (hits.length < 3) response.writeHead(503).end();
      else response.end('at last');
    };
    expect(await fetcher({ retries: 2 }).fetchText(base)).to.equal('at last');
    handler = (_request, response) => response.writeHead(403).end();
    hits = [];
    await failure(fetcher({ retries: 2 }).fetchText(base));
    expect(hits).to.have.lengthOf(1);
  });

  it('does not ask again while a copy is fresh', async () => {
    handler = (_request, response) => response.end('same');
    const one = fetcher();
    await one.fetchText(base);
    await one.fetchText(base);
    expect(hits).to.have.lengthOf(1);
  });

  it('asks whether an old copy is still good', async () => {
    const conditions: (string | undefined)[] = [];
    handler = (request, response) => {
      conditions.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"v1"', 'cache-control': 'max-age=60' }).end('first');
    };
    const one = fetcher();
    await one.fetchText(base);
    clock += 61_000;
    expect(await one.fetchText(base)).to.equal('first');
    expect(conditions).to.deep.equal([undefined, '"v1"']);
  });

  it('uses an old copy while the server is down, for a week', async () => {
    handler = (_request, response) => response.end('kept');
    const one = fetcher();
    await one.fetchText(base);
    handler = (_request, response) => response.writeHead(500).end();
    clock += 2 * 3_600_000;
    expect(await one.fetchText(base)).to.equal('kept');
    clock += 8 * 24 * 3_600_000;
    expect((await failure(one.fetchText(base))).status).to.equal(500);
  });

  it('keeps nothing that the server forbids to keep', async () => {
    handler = (_request, response) => response.writeHead(200, { 'cache-control': 'no-store' }).end('x');
    const one = fetcher();
    await one.fetchText(base);
    await one.fetchText(base);
    expect(hits).to.have.lengthOf(2);
  });

  it('fetches from the mirror, which may have a private address', async () => {
    handler = (request, response) => response.end(request.url);
    const mirrors = [{ prefix: 'https://raw.example.org/', replacement: `${base}/copy/` }];
    const resolve = async () => [{ address: '10.0.0.1', family: 4 }];
    const one = fetcher({ allowedNets: [], mirrors, resolve });
    expect(await one.fetchText('https://raw.example.org/types.yaml')).to.equal('/copy/types.yaml');
    await failure(one.fetchText(`${base}/copy/types.yaml`));
    await failure(one.fetchText('https://raw.example.org/../../admin'));
    expect(hits).to.deep.equal(['/copy/types.yaml']);
  });

  it('sends user and password of the URL to its own host only, and never shows them', async () => {
    const seen: (string | undefined)[] = [];
    handler = (request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/a') response.writeHead(302, { location: `http://localhost:${port}/b` }).end();
      else response.writeHead(404).end();
    };
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const error = await failure(fetcher({ resolve }).fetchText(`http://me:s3cret@127.0.0.1:${port}/a`));
    expect(seen).to.deep.equal([`Basic ${Buffer.from('me:s3cret').toString('base64')}`, undefined]);
    expect(error.message).not.to.contain('s3cret');
  });
});
