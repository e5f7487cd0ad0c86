// SPDX-License-Identifier: Apache-2.0
// A REST server on a free port over the fake use cases, and a client that shows status, headers and body.
import http from 'node:http';
import { createRestServer, type RestDependencies, type RestSettings } from '../../../src/api/rest/index.js';
import { createAuthenticator } from '../../../src/auth/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createFakeManager, type FakeManager } from '../fake-manager.js';

/** Credentials of the usual caller. */
export const AUTH = 'type = InfrastructureManager; username = u1; password = p1\\nid = dummy; type = Dummy';
/** Credentials of somebody else. */
export const OTHER = 'type = InfrastructureManager; username = u2; password = p2';

export const RADL = `network net (outbound = 'yes')
system node (
  cpu.count >= 1 and
  net_interface.0.connection = 'net' and
  disk.0.os.name = 'linux' and
  disk.0.image.url = 'mock0://linux.for.ev.er/image1'
)
deploy node 2
`;

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly type: string;
  readonly body: string;
}

export type Headers = Readonly<Record<string, string>>;

/** One request on a connection of its own, with exactly the given headers. */
export function request(
  base: string,
  method: string,
  path: string,
  headers: Headers = {},
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const outgoing = http.request({ hostname, port, method, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const type = incoming.headers['content-type'] ?? '';
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, type, body: text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A running service. */
export interface RestService {
  readonly base: string;
  readonly port: number;
  readonly manager: FakeManager;
  readonly observed: { method: string; route: string; status: number }[];
  readonly logged: string[];
  readonly isReady: { value: boolean };
  /** A request with the usual credentials unless others are given. */
  call(method: string, path: string, headers?: Headers, body?: string | Buffer): Promise<Answer>;
  /** A request without any credentials. */
  anonymous(method: string, path: string, headers?: Headers, body?: string | Buffer): Promise<Answer>;
  /** A new infrastructure of the usual caller. */
  create(document?: string): Promise<string>;
  stop(graceMs?: number): Promise<void>;
}

export const SETTINGS: RestSettings = {
  restAddress: '127.0.0.1',
  restPort: 0,
  restSsl: false,
  restSslKeyfile: '',
  restSslCertfile: '',
  restSslCaCerts: '',
  restRootPath: '/',
  restMaxBlockingCalls: 32,
  restBlockingCallTimeout: 0,
  maxConnections: 10_000,
  maxRequestBodyBytes: 20 * 1024 * 1024,
  rateLimit: 0,
  trustedProxies: [],
  metricsAllowed: 'loopback',
  staticFilesDir: '',
  enableCors: false,
  corsOrigin: '*',
};

/** Starts a service. */
export async function startRest(
  settings: Partial<RestSettings> = {},
  more: Partial<RestDependencies> = {},
): Promise<RestService> {
  const manager = createFakeManager();
  const observed: RestService['observed'] = [];
  const logged: string[] = [];
  const isReady = { value: true };
  let lastRequest = 0;
  const keep = (message: string, fields?: object): void =>
    void logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const logger = { ...silentLogger, debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
  const report = (isOk: boolean) => ({
    status: isOk ? ('ok' as const) : ('failed' as const),
    version: '3.0.0',
    uptimeSeconds: 1,
    checks: [],
  });
  const server = createRestServer({
    settings: { ...SETTINGS, ...settings },
    manager,
    authenticator: createAuthenticator({
      config: {
        userDb: '',
        adminUsers: [{ username: 'boss', password: 'b0ss' }],
        forceOidcAuth: false,
        oidcIssuers: [],
      },
      now: () => 0,
      logger: silentLogger,
      readFile: () => Promise.reject(new Error('none')),
      stat: () => Promise.reject(new Error('none')),
    }),
    logger,
    health: { liveness: () => report(true), readiness: async () => report(isReady.value) },
    metrics: {
      contentType: 'text/plain; version=0.0.4',
      render: async () => 'im_up 1\n',
      observeHttpRequest: ({ method, route, status }) => void observed.push({ method, route, status }),
    },
    readFile: () => Promise.reject(new Error('none')),
    requestId: () => `req-${++lastRequest}`,
    monotonicMs: () => performance.now(),
    ...more,
  });
  const { port } = await server.listen();
  const base = `http://127.0.0.1:${port}`;
  const call: RestService['call'] = (method, path, headers = {}, body) =>
    request(base, method, path, { Authorization: AUTH, ...headers }, body);
  return {
    base,
    port,
    manager,
    observed,
    logged,
    isReady,
    call,
    anonymous: (method, path, headers, body) => request(base, method, path, headers, body),
    create: async (document = RADL) => {
      const answer = await call('POST', '/infrastructures', {}, document);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
      return answer.body.slice(answer.body.lastIndexOf('/') + 1);
    },
    stop: (graceMs = 0) => server.close(graceMs),
  };
}
