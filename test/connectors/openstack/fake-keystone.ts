// SPDX-License-Identifier: Apache-2.0
// A small Keystone for logins that the lab cannot show: other paths, the old version, refused tokens.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as it came. */
export interface KeystoneRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the fake answers. */
export interface FakeAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running fake. */
export interface FakeKeystone {
  readonly port: number;
  readonly url: string;
  readonly requests: KeystoneRequest[];
  /** First asked; undefined: the answer below. */
  answer: (request: KeystoneRequest) => FakeAnswer | undefined;
  close(): Promise<void>;
}

/** An entry of the catalogue for {@link v3Token}. */
export interface FakeEndpoint {
  readonly type: string;
  readonly region?: string;
  readonly url: string;
  readonly interface?: string;
  readonly name?: string;
}

/** The body of a token of version 3. */
export function v3Token(endpoints: readonly FakeEndpoint[]): unknown {
  return {
    token: {
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      project: { id: 'project-1', name: 'p' },
      user: { id: 'user-1' },
      catalog: endpoints.map(({ type, region = 'RegionOne', url, interface: face = 'public', name = type }) => ({
        type,
        name,
        endpoints: [{ interface: face, region, region_id: region, url }],
      })),
    },
  };
}

/** Starts one. @param tls key and certificate; absent: plain HTTP */
export async function startFakeKeystone(tls?: { readonly key: string; readonly cert: string }): Promise<FakeKeystone> {
  const requests: KeystoneRequest[] = [];
  const fake: { answer: FakeKeystone['answer'] } = { answer: () => undefined };
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void handle(incoming, outgoing);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    const request: KeystoneRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      body: text === '' ? undefined : JSON.parse(text),
      headers: incoming.headers,
    };
    requests.push(request);
    const { status, body, headers } = fake.answer(request) ?? {
      status: 404,
      body: { error: { message: 'no such page' } },
    };
    outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
    outgoing.end(body === undefined ? '' : JSON.stringify(body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    get answer() {
      return fake.answer;
    },
    set answer(value) {
      fake.answer = value;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
