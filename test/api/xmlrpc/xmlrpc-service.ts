// SPDX-License-Identifier: Apache-2.0
// An XML-RPC server on a free port over the fake use cases, and two clients: raw HTTP, and Python's xmlrpc.client.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { XmlRpcDependencies } from '../../../src/api/xmlrpc/index.js';
import { createXmlRpcServer, type XmlRpcSettings } from '../../../src/api/xmlrpc/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createFakeManager, type FakeManager } from '../fake-manager.js';
import { type Answer, type Headers, request } from '../rest/rest-service.js';

const run = promisify(execFile);

/** Credentials of the usual caller, as a client sends them. */
export const A = [
  { type: 'InfrastructureManager', username: 'u1', password: 'p1' },
  { id: 'dummy', type: 'Dummy' },
];

// Prints one JSON value per call: the result, or the fault. Python's own types show how the answer was typed.
const PYTHON = `
import json, sys, xmlrpc.client
proxy = xmlrpc.client.ServerProxy(sys.argv[1], allow_none=True)
out = []
for name, params in json.loads(sys.stdin.read()):
    try:
        result = getattr(proxy, name)(*params)
        out.append({"result": result, "types": [type(v).__name__ for v in result]})
    except xmlrpc.client.Fault as fault:
        out.append({"fault": fault.faultString, "code": fault.faultCode})
print(json.dumps(out))
`;

/** What Python got. */
export interface PythonAnswer {
  readonly result?: readonly unknown[];
  readonly types?: readonly string[];
  readonly fault?: string;
  readonly code?: number;
}

/** A running service. */
export interface XmlRpcService {
  readonly base: string;
  readonly port: number;
  readonly manager: FakeManager;
  readonly observed: { method: string; route: string; status: number }[];
  readonly logged: string[];
  /** Calls from one Python process, in order. */
  python(...calls: readonly (readonly [string, ...unknown[]])[]): Promise<readonly PythonAnswer[]>;
  post(body: string | Buffer, headers?: Headers, path?: string): Promise<Answer>;
  stop(): Promise<void>;
}

export const SETTINGS: XmlRpcSettings = {
  xmlrpcAddress: '127.0.0.1',
  xmlrpcPort: 0,
  xmlrpcSsl: false,
  xmlrpcSslKeyfile: '',
  xmlrpcSslCertfile: '',
  xmlrpcSslCaCerts: '',
  vmInfoJson: false,
  maxConnections: 10_000,
  maxRequestBodyBytes: 1024 * 1024,
  rateLimit: 0,
  trustedProxies: [],
};

/** Dependencies over a fake, for tests that make their own server. */
export function dependenciesOf(manager: FakeManager, settings: Partial<XmlRpcSettings> = {}): XmlRpcDependencies {
  let lastRequest = 0;
  return {
    settings: { ...SETTINGS, ...settings },
    manager,
    logger: silentLogger,
    metrics: { observeHttpRequest: () => {} },
    readFile: () => Promise.reject(new Error('none')),
    requestId: () => `req-${++lastRequest}`,
    monotonicMs: () => performance.now(),
  };
}

/** Starts a service. */
export async function startXmlRpc(
  settings: Partial<XmlRpcSettings> = {},
  more: Partial<XmlRpcDependencies> = {},
): Promise<XmlRpcService> {
  const manager = createFakeManager();
  const observed: XmlRpcService['observed'] = [];
  const logged: string[] = [];
  const keep = (message: string, fields?: object): void =>
    void logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const logger = { ...silentLogger, debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
  const server = createXmlRpcServer({
    ...dependenciesOf(manager, settings),
    logger,
    metrics: { observeHttpRequest: ({ method, route, status }) => void observed.push({ method, route, status }) },
    ...more,
  });
  const { port } = await server.listen();
  const base = `http://127.0.0.1:${port}`;
  return {
    base,
    port,
    manager,
    observed,
    logged,
    python: async (...calls) => {
      const child = run('python3', ['-c', PYTHON, base], { timeout: 15_000, maxBuffer: 64 * 1024 * 1024 });
      child.child.stdin?.end(JSON.stringify(calls.map(([name, ...parameters]) => [name, parameters])));
      const answers: readonly PythonAnswer[] = JSON.parse((await child).stdout);
      return answers;
    },
    post: (body, headers = {}, path = '/RPC2') =>
      request(base, 'POST', path, { 'Content-Type': 'text/xml', ...headers }, body),
    stop: () => server.close(0),
  };
}

/** The XML of a call without parameters. */
export const bareCall = (method: string): string =>
  `<?xml version="1.0"?><methodCall><methodName>${method}</methodName></methodCall>`;
