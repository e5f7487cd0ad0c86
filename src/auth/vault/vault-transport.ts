// SPDX-License-Identifier: Apache-2.0
// How node-vault reaches its server: our bounded sender in the place of its own, which knows no size limit and no cancellation.
import type { BoundedHttp } from '../bounded-http.js';

/** A request as node-vault hands it to its transport. */
interface TransportRequest {
  readonly method: string;
  /** Begins with a slash; without the version of the API. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of a POST. */
  readonly json?: unknown;
}

/** An answer as node-vault expects it. */
interface TransportAnswer {
  readonly statusCode: number;
  readonly body: unknown;
  readonly request: { readonly path: string };
}

/** In the form in which node-vault takes a transport of somebody else. */
export interface VaultTransport {
  defaults(): (request: TransportRequest) => Promise<TransportAnswer>;
}

/**
 * Makes the transport.
 * @param base address of the server; the paths of requests are put after it
 */
export function createVaultTransport(http: BoundedHttp, base: URL, signal: AbortSignal | undefined): VaultTransport {
  const send = async ({ method, path, headers, json }: TransportRequest): Promise<TransportAnswer> => {
    const answer = await http({
      method: method === 'POST' ? 'POST' : 'GET',
      // The address is built here: node-vault would mix in VAULT_PREFIX and VAULT_NAMESPACE of the environment.
      url: new URL(`${base.href.replace(/\/$/, '')}/v1${path}`),
      headers: {
        accept: 'application/json',
        'x-vault-request': 'true',
        ...(headers?.['X-Vault-Token'] !== undefined && { 'x-vault-token': headers['X-Vault-Token'] }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal,
    });
    return { statusCode: answer.status, body: parse(answer.text), request: { path } };
  };
  return { defaults: () => send };
}

/** JSON; anything else is of no use to anybody, and its text may be anything. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
