// SPDX-License-Identifier: Apache-2.0
// A small server that speaks the wire of Vault as far as we use it: JWT login, lookup of tokens, key/value engines 1 and 2.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';

/** A secret and the version of the engine that keeps it. */
export interface KvSecret {
  readonly version: 1 | 2;
  readonly data: Record<string, unknown>;
}

/** A running server. */
export interface KvServer {
  readonly url: string;
  readonly requests: {
    readonly what: string;
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly body: string;
  }[];
  /** By mount and path, such as `credentials/e-1234`. */
  readonly secrets: Map<string, KvSecret>;
  /** The role that a login must name; undefined: any, or none. */
  role: string | undefined;
  /** Whether the policies let callers read only the paths of version 2, as their authors usually write them. */
  isStrict: boolean;
  /** Makes tokens useless as soon as they are given. */
  loses: boolean;
  close(): Promise<void>;
}

/** The token that the server gives to a user. */
export const clientTokenOf = (subject: string): string => `hvs.CANARY-${subject}`;

/** Starts a server. @param prefix of its paths, such as `/vault` */
export async function startKvServer(prefix = ''): Promise<KvServer> {
  const requests: KvServer['requests'] = [];
  const tokens = new Set<string>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const path = (request.url ?? '').replace(`${prefix}/v1/`, '');
      requests.push({ what: `${request.method} ${path}`, headers: request.headers, body });
      const { status, answer } = answerTo(path, String(request.headers['x-vault-token'] ?? ''), body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(answer)}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const refuse = (status: number, ...errors: string[]) => ({ status, answer: { errors } });
  const login = (body: string) => {
    const { jwt, role } = JSON.parse(body) as { jwt: string; role?: string };
    let subject: string;
    try {
      subject = String(decodeJwt(jwt).sub);
    } catch {
      return refuse(400, 'error parsing token: bad jwt');
    }
    if (kv.role !== undefined && role !== kv.role) return refuse(400, `role "${role}" could not be found for ${jwt}`);
    const token = clientTokenOf(subject);
    if (!kv.loses) tokens.add(token);
    return {
      status: 200,
      answer: { auth: { client_token: token, entity_id: `e-${subject}`, lease_duration: 60, renewable: false } },
    };
  };
  const answerTo = (path: string, token: string, body: string) => {
    if (path === 'auth/jwt/login') return login(body);
    if (!tokens.has(token)) return refuse(403, `permission denied for ${token}`);
    if (path === 'auth/token/lookup-self') return { status: 200, answer: { data: { id: token } } };
    const place = decodeURIComponent(path);
    const plain = kv.secrets.get(place);
    if (plain?.version === 1) return { status: 200, answer: { data: plain.data } };
    const versioned = kv.secrets.get(place.replace('/data/', '/'));
    if (versioned?.version === 2 && place.includes('/data/')) {
      return { status: 200, answer: { data: { data: versioned.data, metadata: { version: 3 } } } };
    }
    return kv.isStrict ? refuse(403, '1 error occurred: permission denied') : refuse(404);
  };

  const kv: KvServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    requests,
    secrets: new Map(),
    role: undefined,
    isStrict: false,
    loses: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return kv;
}
