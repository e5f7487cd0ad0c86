// SPDX-License-Identifier: Apache-2.0
// Logs in to the bastion of a network (`proxy_host`), with key or password (contextualization.md §18).

import { ImError } from '../../domain/index.js';
import { connect, isTransient, type SshConnection, SshError } from '../../ssh/index.js';
import { type RunContext, sharedHostKey } from './run-context.js';
import type { VmProxy } from './vm-access.js';

const PROXY_TIMEOUT_MS = 15_000;

/**
 * The connection to a bastion; undefined while it does not answer (it may be booting too).
 * @throws ImError when it refuses us or has neither key nor password.
 */
export async function openProxy(context: RunContext, proxy: VmProxy): Promise<SshConnection | undefined> {
  const { host, port, username, password, privateKey } = proxy;
  const credentials = [
    ...(privateKey ? [{ kind: 'key', privateKey } as const] : []),
    ...(password ? [{ kind: 'password', password } as const] : []),
  ];
  if (credentials.length === 0) {
    throw new ImError(
      'provider',
      `The proxy host ${username}@${host} has neither password nor proxy_key: give one of them.`,
    );
  }
  try {
    return await connect({
      host,
      port,
      username,
      credentials,
      hostKey: sharedHostKey(context.ports, host, port),
      timeoutMs: PROXY_TIMEOUT_MS,
      signal: context.signal,
    });
  } catch (error) {
    if (isTransient(error)) return undefined;
    if (error instanceof SshError) {
      throw new ImError('provider', `The proxy host cannot be used: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
