// SPDX-License-Identifier: Apache-2.0
// A proxy in front of one service of the lab that loses answers, refuses, or tells the test what passes.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthItem } from '../../../src/domain/index.js';
import { type LabService, labFile, labUrl } from './lab.js';

/** What happens with one call. */
export type Fault =
  | 'pass'
  /** The service does it, the answer is lost. */
  | 'lose-answer'
  /** The service never sees it. */
  | 'lose-call'
  /** Answered in place of the service. */
  | { readonly status: number; readonly body?: object };

/** A call on its way. */
export interface PassingCall {
  readonly service: LabService;
  readonly method: string;
  /** Path and query, with the version. */
  readonly path: string;
  readonly body: string;
  /** How many calls with this method and the same path came before. */
  readonly repeat: number;
}

/** Decides about each call; `after` runs when the service has done it and before anybody hears of it. */
export interface FaultRules {
  decide?(call: PassingCall): Fault | Promise<Fault>;
  after?(call: PassingCall, status: number): void | Promise<void>;
}

/** Proxies of the services that the connector calls. */
export interface FaultProxy {
  readonly calls: PassingCall[];
  rules: FaultRules;
  /** Keys of an authorization item that lead through the proxies. */
  readonly item: AuthItem;
  close(): Promise<void>;
}

const KEYS: Readonly<Partial<Record<LabService, readonly [key: string, path: string]>>> = {
  nova: ['base_url', '/v2.1'],
  neutron: ['network_url', ''],
  glance: ['image_url', ''],
  cinder: ['volume_url', ''],
};

/** Starts one proxy per service. @param projectId for the volume service */
export async function startFaultProxy(projectId: string = labFile().projects.tenant): Promise<FaultProxy> {
  const item: Record<string, string> = {};
  const closers: (() => Promise<void>)[] = [];
  const proxy: FaultProxy = {
    calls: [],
    rules: {},
    item,
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
  for (const [service, [key, path]] of Object.entries(KEYS) as [LabService, readonly [string, string]][]) {
    const server = createServer((incoming, outgoing) => {
      handle(proxy, service, incoming, outgoing).catch(() => outgoing.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    item[key] = `http://127.0.0.1:${port}${service === 'cinder' ? `/v3/${projectId}` : path}`;
    closers.push(
      () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        }),
    );
  }
  return proxy;
}

async function handle(
  proxy: FaultProxy,
  service: LabService,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { method = 'GET', url: path = '/' } = incoming;
  const repeat = proxy.calls.filter((call) => call.method === method && call.path === path).length;
  const call: PassingCall = { service, method, path, body: body.toString('utf8'), repeat };
  proxy.calls.push(call);
  const fault = (await proxy.rules.decide?.(call)) ?? 'pass';
  if (fault === 'lose-call') {
    outgoing.destroy();
    return;
  }
  if (typeof fault === 'object') {
    outgoing.writeHead(fault.status, {
      'content-type': 'application/json',
      'x-openstack-request-id': 'req-from-the-proxy',
    });
    outgoing.end(JSON.stringify(fault.body ?? {}));
    return;
  }
  const answer = await forward(service, incoming, path, method, body);
  await proxy.rules.after?.(call, answer.status);
  if (fault === 'lose-answer') {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answer.status, answer.headers);
  outgoing.end(answer.body);
}

function forward(
  service: LabService,
  incoming: IncomingMessage,
  path: string,
  method: string,
  body: Buffer,
): Promise<{ readonly status: number; readonly headers: Record<string, string | string[]>; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { connection: _connection, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
    const outgoing = httpRequest(`${labUrl(service)}${path}`, { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const { connection: _c, 'transfer-encoding': _e, ...rest } = answer.headers;
        resolve({
          status: answer.statusCode ?? 502,
          headers: rest as Record<string, string | string[]>,
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
