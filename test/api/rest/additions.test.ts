// SPDX-License-Identifier: Apache-2.0
// What our API has beyond the reference: pages of lists, the journal, idempotency keys, rate limits.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { until } from '../../support/waiting.js';
import { AUTH, RADL, type RestService, request, startRest } from './rest-service.js';

describe('REST: pages of lists', () => {
  let service: RestService;
  beforeEach(async () => {
    service = await startRest();
  });
  afterEach(() => service.stop());

  /** All pages of a list, following the links. */
  async function pagesOf(path: string): Promise<readonly (readonly string[])[]> {
    const pages: string[][] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer = await service.call('GET', next);
      expect(answer.status, answer.body).to.equal(200);
      pages.push(answer.body === '' ? [] : answer.body.split('\n'));
      next = /^<(.*)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1];
    }
    return pages;
  }

  it('lead from one to the next and hold everything once', async () => {
    for (let index = 0; index < 5; index += 1) await service.create();
    const whole = (await service.call('GET', '/infrastructures')).body.split('\n');
    const pages = await pagesOf('/infrastructures?limit=2');
    expect(pages.map((page) => page.length)).to.deep.equal([2, 2, 1]);
    expect(pages.flat()).to.deep.equal(whole);
  });

  it('keep the filter', async () => {
    await service.create();
    await service.create(RADL.replaceAll('node', 'other'));
    await service.create();
    expect(await pagesOf('/infrastructures?limit=1&filter=system%20node')).to.have.length(2);
  });

  it('are there for machines too', async () => {
    const id = await service.create(RADL.replace('deploy node 2', 'deploy node 5'));
    const pages = await pagesOf(`/infrastructures/${id}?limit=2`);
    expect(pages.map((page) => page.length)).to.deep.equal([2, 2, 1]);
    expect(pages.flat()).to.deep.equal((await service.call('GET', `/infrastructures/${id}`)).body.split('\n'));
  });

  it('are not made unasked', async () => {
    await service.create();
    expect((await service.call('GET', '/infrastructures')).headers).not.to.have.property('link');
  });

  it('have at least one entry, and cursors that were made here', async () => {
    const id = await service.create();
    for (const limit of ['0', '-1', 'x', '', '10001']) {
      const answer = await service.call('GET', `/infrastructures?limit=${limit}`);
      expect(answer.status, limit).to.equal(400);
      expect(answer.body).to.contain('Incorrect value in limit parameter');
    }
    expect((await service.call('GET', `/infrastructures/${id}?after=none`)).status).to.equal(400);
  });
});

describe('REST: the operations of an infrastructure', () => {
  it('are shown with times as text', async () => {
    const service = await startRest();
    try {
      const id = await service.create();
      const answer = await service.call('GET', `/infrastructures/${id}/operations?limit=5`);
      expect(JSON.parse(answer.body)).to.deep.equal({
        operations: [
          {
            id: 'op',
            kind: 'create',
            state: 'done',
            caller: 'u1',
            created: '1970-01-01T00:00:00.000Z',
            started: '1970-01-01T00:00:00.001Z',
            finished: '1970-01-01T00:00:00.002Z',
          },
        ],
      });
      expect(service.manager.lastArguments).to.deep.equal([5]);
    } finally {
      await service.stop();
    }
  });
});

describe('REST: the Idempotency-Key header', () => {
  let service: RestService;
  beforeEach(async () => {
    service = await startRest();
  });
  afterEach(() => service.stop());

  /** What reaches the use case. */
  const sent = async (key: string, body = RADL, path = '/infrastructures', headers = {}) => {
    const answer = await service.call('POST', path, { 'Idempotency-Key': key, ...headers }, body);
    expect(answer.status, answer.body).to.equal(200);
    return service.manager.lastCall?.idempotency;
  };

  it('reaches the use cases with or without its quotes', async () => {
    expect(await sent('"k 1"')).to.include({ key: 'k 1' });
    expect(await sent('k 1')).to.include({ key: 'k 1' });
  });

  it('comes with what tells requests apart: body, type, query, path', async () => {
    const first = await sent('k');
    expect(await sent('k')).to.deep.equal(first);
    const id = await service.create();
    const others = [
      await sent('k', `${RADL}\n`),
      await sent('k', RADL, '/infrastructures?async=true'),
      await sent('k', RADL, `/infrastructures/${id}`),
      await sent('k', '[]', '/infrastructures', { 'Content-Type': 'application/json' }),
    ];
    const fingerprints = [first, ...others].map((idempotency) => idempotency?.fingerprint);
    expect(new Set(fingerprints).size).to.equal(5);
  });

  it('must be one to 255 visible characters', async () => {
    for (const key of ['', '""', 'x'.repeat(256), 'a\tb']) {
      const answer = await service.call('POST', '/infrastructures', { 'Idempotency-Key': key }, RADL);
      expect(answer.status, key).to.equal(400);
    }
    expect(service.manager.calls).to.deep.equal([]);
  });

  it('means nothing where nothing is made', async () => {
    const id = await service.create();
    await service.call('GET', `/infrastructures/${id}`, { 'Idempotency-Key': 'k' });
    expect(service.manager.lastCall).not.to.have.property('idempotency');
  });
});

describe('REST: rate limits', () => {
  const take = async (service: RestService, headers = {}, path = '/infrastructures') =>
    request(service.base, 'GET', path, { Authorization: AUTH, ...headers });

  it('are off by default', async () => {
    const service = await startRest();
    try {
      for (let index = 0; index < 20; index += 1) expect((await take(service)).status).to.equal(200);
      expect((await take(service)).headers).not.to.have.property('ratelimit');
    } finally {
      await service.stop();
    }
  });

  it('refuse what is too much until time has passed, and say so', async () => {
    let now = 0;
    const service = await startRest({ rateLimit: 3 }, { monotonicMs: () => now });
    try {
      const statuses = [];
      for (let index = 0; index < 5; index += 1) statuses.push((await take(service)).status);
      expect(statuses).to.deep.equal([200, 200, 200, 429, 429]);
      const refused = await take(service, { Accept: 'application/json' });
      expect(JSON.parse(refused.body)).to.deep.equal({
        message: 'Too many requests: at most 3 per minute. Wait 20 s.',
        code: 429,
      });
      expect(refused.headers).to.include({
        'retry-after': '20',
        ratelimit: '"default";r=0;t=20',
        'ratelimit-policy': '"default";q=3;w=60',
      });
      now += 20_000;
      expect((await take(service)).status).to.equal(200);
      expect((await take(service)).status).to.equal(429);
    } finally {
      await service.stop();
    }
  });

  it('do not count who watches the service', async () => {
    const service = await startRest({ rateLimit: 1 }, { monotonicMs: () => 0 });
    try {
      for (const path of ['/version', '/health', '/ready', '/metrics', '/version']) {
        expect((await take(service, {}, path)).status, path).to.equal(200);
      }
    } finally {
      await service.stop();
    }
  });

  it('tell clients behind a trusted proxy apart, and believe no other', async () => {
    const trusting = await startRest({ rateLimit: 1, trustedProxies: ['127.0.0.1'] }, { monotonicMs: () => 0 });
    try {
      expect((await take(trusting, { 'X-Forwarded-For': '192.0.2.1' })).status).to.equal(200);
      expect((await take(trusting, { 'X-Forwarded-For': '192.0.2.2' })).status).to.equal(200);
      expect((await take(trusting, { 'X-Forwarded-For': '198.51.100.9, 192.0.2.2' })).status).to.equal(429);
    } finally {
      await trusting.stop();
    }
    const other = await startRest({ rateLimit: 1 }, { monotonicMs: () => 0 });
    try {
      expect((await take(other, { 'X-Forwarded-For': '192.0.2.1' })).status).to.equal(200);
      expect((await take(other, { 'X-Forwarded-For': '192.0.2.2' })).status).to.equal(429);
    } finally {
      await other.stop();
    }
  });
});

describe('REST: OAI-PMH', () => {
  it('is asked with the query and the form, and answers XML whatever is accepted', async () => {
    const asked: string[] = [];
    const oai = {
      answer: async (parameters: URLSearchParams, url: string) => {
        asked.push(`${parameters} ${url}`);
        return '<OAI-PMH />\n';
      },
    };
    const service = await startRest({}, { oai });
    try {
      const url = `${service.base}/oai`;
      const read = await service.anonymous('GET', '/oai?verb=Identify', { Accept: 'application/json' });
      expect(read).to.include({ status: 200, type: 'text/xml; charset=utf-8', body: '<OAI-PMH />\n' });
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      await service.anonymous('POST', '/oai?verb=a', form, 'set=b+c&verb=d');
      await service.anonymous('POST', '/oai', { 'Content-Type': 'text/plain' }, 'verb=Identify');
      expect(asked).to.deep.equal([`verb=Identify ${url}`, `verb=a&set=b+c&verb=d ${url}`, ` ${url}`]);
    } finally {
      await service.stop();
    }
  });
});

describe('REST: events for a client that does not read', () => {
  it('are made only as it takes them, and end with it', async () => {
    const service = await startRest();
    try {
      let made = 0;
      let isOver = false;
      service.manager.events = async function* (call) {
        try {
          while (!call.signal.aborted) {
            made += 1;
            // Work between events, as real ones have.
            await new Promise((resolve) => setImmediate(resolve));
            yield { id: String(made), name: 'log', data: { text: 'x'.repeat(100_000) } };
          }
        } finally {
          isOver = true;
        }
      };
      const socket = connect(service.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(`GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH}\r\n\r\n`);
      await once(socket, 'readable');
      let last = 0;
      let unchanged = 0;
      await until(() => {
        unchanged = made === last ? unchanged + 1 : 0;
        last = made;
        return unchanged > 30;
      }, 'the stream to stand still');
      // What fits into the buffers of both sockets, far from all that there was time for.
      expect(made).to.be.lessThan(200);
      socket.destroy();
      await until(() => isOver, 'the stream to end');
    } finally {
      await service.stop();
    }
  });
});
