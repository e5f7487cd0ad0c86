// SPDX-License-Identifier: Apache-2.0
// A small issuer whose access tokens are JSON Web Tokens that its own endpoints accept, and whose answers a test may bend.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose';

/** An answer that a test gives instead of the usual one. */
export interface BentAnswer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string;
  /** Repeats in its body what it got. */
  readonly echoes?: boolean;
  /** Answers when this is done. */
  readonly after?: Promise<unknown>;
}

/** A running issuer. Everything that may be set holds for the next requests. */
export interface SigningIssuer {
  readonly url: string;
  /** Requests so far. */
  readonly requests: { readonly what: string; readonly authorization: string; readonly body: string }[];
  /** Userinfo by subject; others are unknown. */
  readonly users: Map<string, Record<string, unknown>>;
  /** Put over the claims in introspection answers. */
  introspection: Record<string, unknown>;
  /** Members that the discovery document has; undefined ones are left out. */
  document: Record<string, unknown>;
  /** Instead of the usual answers, by the last element of the path. */
  readonly bent: Map<string, BentAnswer>;
  /** The credentials that introspection wants, as sent after `Basic`. */
  basic: string;
  /** Requests to one endpoint. */
  count(what: string): number;
  token(claims: JWTPayload, header?: Record<string, string>): Promise<string>;
  close(): Promise<void>;
}

const decoded = (authorization: string): string =>
  Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('latin1');

// Making such a key takes long; one is enough for all.
const KEYS = generateKeyPair('RS256');

/** Starts an issuer. @param path of its URL, such as `/realms/x` */
export async function startSigningIssuer(path = ''): Promise<SigningIssuer> {
  const { privateKey, publicKey } = await KEYS;
  const requests: SigningIssuer['requests'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      const what = (request.url ?? '').split('/').at(-1) ?? '';
      const authorization = request.headers.authorization ?? '';
      requests.push({ what, authorization, body });
      const bent = issuer.bent.get(what);
      const usual = await answer(what, authorization, body);
      await bent?.after;
      response.writeHead(bent?.status ?? usual.status, { 'content-type': bent?.type ?? usual.type });
      const echo = JSON.stringify({
        error: 'invalid_token',
        error_description: `${authorization} ${body} ${decoded(authorization)} ${decodeURIComponent(body)}`,
      });
      response.end(bent?.echoes ? echo : (bent?.body ?? usual.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  const json = (value: unknown, status = 200) => ({ status, type: 'application/json', body: JSON.stringify(value) });
  const claimsOf = async (token: string): Promise<JWTPayload | undefined> => {
    try {
      return (await jwtVerify(token, publicKey)).payload;
    } catch {
      return undefined;
    }
  };
  const answer = async (what: string, authorization: string, body: string) => {
    switch (what) {
      case 'openid-configuration':
        return json(issuer.document);
      case 'jwks':
        return json({ keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'k1' }] });
      case 'userinfo': {
        const claims = await claimsOf(authorization.replace(/^Bearer /, ''));
        const user = issuer.users.get(String(claims?.sub));
        return user ? json(user) : { status: 401, type: 'text/plain', body: 'invalid_token' };
      }
      case 'introspect': {
        if (authorization !== `Basic ${issuer.basic}`) return json({ error: 'invalid_client' }, 401);
        const claims = await claimsOf(new URLSearchParams(body).get('token') ?? '');
        return json(claims ? { ...claims, active: true, ...issuer.introspection } : { active: false });
      }
      default:
        return json({}, 404);
    }
  };

  const issuer: SigningIssuer = {
    url,
    requests,
    users: new Map(),
    introspection: {},
    document: {
      issuer: url,
      userinfo_endpoint: `${url}/userinfo`,
      introspection_endpoint: `${url}/introspect`,
      jwks_uri: `${url}/jwks`,
    },
    bent: new Map(),
    basic: Buffer.from('client:s3cret').toString('base64'),
    count: (what) => requests.filter((request) => request.what === what).length,
    token: (claims, header = {}) =>
      new SignJWT({ iss: url, exp: 4_102_444_800, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return issuer;
}
