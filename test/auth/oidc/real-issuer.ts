// SPDX-License-Identifier: Apache-2.0
// The certified oidc-provider package as an issuer on the loopback interface, with the tokens that it makes itself.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

/** A user of the issuer. */
export interface RealUser {
  readonly sub: string;
  readonly preferred_username?: string;
  readonly name?: string;
  readonly groups?: readonly string[];
}

/** A running issuer. */
export interface RealIssuer {
  readonly url: string;
  /** Requests so far, as `METHOD /path`. */
  readonly requests: readonly string[];
  /** A token without form, which only the issuer can read. */
  opaqueToken(sub: string, scope?: string): Promise<string>;
  /** A signed JSON Web Token for the given audience. */
  jwtToken(sub: string, audience: string): Promise<string>;
  /** Makes an opaque token useless. */
  revoke(token: string): Promise<void>;
  close(): Promise<void>;
}

export const REAL_CLIENT = { id: 'im client:1', secret: 's3cr%t/+:x' };

/** Starts an issuer that knows these users. */
export async function startRealIssuer(users: readonly RealUser[]): Promise<RealIssuer> {
  const requests: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = new Provider(url, {
    clients: [
      {
        client_id: REAL_CLIENT.id,
        client_secret: REAL_CLIENT.secret,
        id_token_signed_response_alg: 'ES256',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'groups'] },
    ttl: { AccessToken: 3600, ClientCredentials: 600, Grant: 3600 },
    cookies: { keys: ['test'] },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'k1' }] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
    },
    findAccount: (_context, id) => {
      const user = users.find(({ sub }) => sub === id);
      return user && { accountId: id, claims: () => ({ ...user, groups: [...(user.groups ?? [])] }) };
    },
  });
  const handle = provider.callback();
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void handle(request, response);
  });

  const token = async (sub: string, scope: string) => {
    const client = await provider.Client.find(REAL_CLIENT.id);
    if (!client) throw new Error('The client is gone.');
    const grant = new provider.Grant({ accountId: sub, clientId: client.clientId });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    return new provider.AccessToken({ accountId: sub, client, grantId, gty: 'test', scope });
  };

  return {
    url,
    requests,
    opaqueToken: async (sub, scope = 'openid profile') => (await token(sub, scope)).save(),
    jwtToken: async (sub, audience) => {
      const jwt = await token(sub, 'openid profile');
      jwt.resourceServer = new provider.ResourceServer(audience, {
        audience,
        scope: 'openid profile',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      });
      return jwt.save();
    },
    revoke: async (value) => {
      await (await provider.AccessToken.find(value))?.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
