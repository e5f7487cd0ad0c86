// SPDX-License-Identifier: Apache-2.0
// What is asked of a Vault: entering with a token, and the secrets of one path (oidc-vault-oai-stats.md §2).
import vault from 'node-vault';
import { errorText, ImError } from '../../domain/index.js';
import type { BoundedHttp } from '../bounded-http.js';
import { providerText } from '../provider-text.js';
import type { VaultTarget } from './vault-item.js';
import { createVaultTransport } from './vault-transport.js';

/** A Vault that was entered. */
export interface VaultSession {
  /** Id of the user's entity; empty when the Vault has none. */
  readonly entityId: string;
  /**
   * The secret at the path, from version 1 or 2 of the key/value engine.
   * @throws Error when there is none, or when it may not be read
   */
  read(mount: string, path: string): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Enters with the token of the target and checks the token that the Vault gives for it.
 * @throws ImError `provider`, whose text holds neither token
 */
export async function enterVault(http: BoundedHttp, target: VaultTarget, signal?: AbortSignal): Promise<VaultSession> {
  const client = vault({
    apiVersion: 'v1',
    endpoint: target.url.href,
    'request-promise': createVaultTransport(http, target.url, signal),
    // It would print tokens and secrets when somebody sets DEBUG.
    debug: () => {},
  });
  // Otherwise VAULT_TOKEN of the daemon's environment would travel to whatever host the caller names.
  client.token = '';

  const login = asRecord(
    await client
      // Not client.jwtLogin: it insists on a role.
      .write('auth/jwt/login', { jwt: target.token, ...(target.role !== undefined && { role: target.role }) })
      .catch((error: unknown) => {
        signal?.throwIfAborted();
        throw failure('Error getting Vault token', error, [target.token]);
      }),
  );
  const { client_token: clientToken, entity_id: entityId } = asRecord(login.auth);
  if (typeof clientToken !== 'string' || clientToken === '') {
    throw new ImError('provider', 'Error getting Vault token: the answer holds none.');
  }
  client.token = clientToken;
  await client.read('auth/token/lookup-self').catch((error: unknown) => {
    signal?.throwIfAborted();
    throw failure('Error authenticating against Vault', error, [target.token, clientToken]);
  });

  const read = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const { data } = asRecord(await client.read(path));
    if (typeof data !== 'object' || data === null) throw new Error('The answer has no data.');
    return asRecord(data);
  };
  return {
    entityId: typeof entityId === 'string' ? entityId : '',
    read: async (mount, path) => {
      const [place, name] = [encodePath(mount), encodePath(path)];
      try {
        return withoutMetadata(await read(`${place}/${name}`));
      } catch (error) {
        // An engine of version 2 answers 404 here, or 403 where the policy names its own paths only.
        if (![400, 403, 404].includes(statusOf(error) ?? 0)) throw plainError(error);
      }
      try {
        return withoutMetadata(await read(`${place}/data/${name}`));
      } catch (error) {
        throw plainError(error);
      }
    },
  };
}

/** Version 2 wraps the secret: `data` beside `metadata`. */
function withoutMetadata(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isWrapped = typeof data.data === 'object' && data.data !== null && typeof data.metadata === 'object';
  return isWrapped ? asRecord(data.data) : data;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** The answer that node-vault's errors carry. */
function answerOf(error: unknown): { readonly status: number; readonly body: unknown } | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined;
  const { statusCode, body } = asRecord(error.response);
  return typeof statusCode === 'number' ? { status: statusCode, body } : undefined;
}

const statusOf = (error: unknown): number | undefined => answerOf(error)?.status;

function failure(what: string, error: unknown, secrets: readonly string[]): ImError {
  const answer = answerOf(error);
  // Only the form in which a Vault explains itself is shown: the host may be any server that the caller names.
  const isExplained = Array.isArray(asRecord(answer?.body).errors);
  const reason = answer
    ? `${answer.status}${isExplained ? ` - ${JSON.stringify(answer.body)}` : ''}`
    : errorText(error);
  return new ImError('provider', `${what}: ${providerText(reason, secrets)}`, { cause: plainError(error) });
}

/** Without the answer, which may hold secrets and would be written to the log with the error. */
function plainError(error: unknown): Error {
  const status = statusOf(error);
  return new Error(status === undefined ? errorText(error) : `Vault answered with status ${status}.`);
}
