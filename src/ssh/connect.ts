// SPDX-License-Identifier: Apache-2.0
// Logs in to a machine over SSH, directly or through another connection, and wraps the library's client.
import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client } from 'ssh2';
import { DeadlineError, withTimeout } from '../util/deadline.js';
import { createSemaphore } from '../util/semaphore.js';
import { createAuthentication } from './authentication.js';
import type { SshConnection, SshCredential } from './connection.js';
import { execOn } from './exec.js';
import { fingerprintOf, type HostKeyMemory } from './host-key.js';
import { openSocket } from './socket.js';
import { SshError } from './ssh-error.js';

/** Where and how to log in. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Tried in order in one connection. */
  readonly credentials: readonly SshCredential[];
  readonly hostKey: HostKeyMemory;
  /** Whole log-in, from the TCP connection to the accepted credential. */
  readonly timeoutMs: number;
  /** Connection to go through (bastion, master): the machine is addressed as that one sees it. */
  readonly via?: SshConnection | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KEEPALIVE_INTERVAL_MS = 15_000;
const KEEPALIVES_LOST = 4;
// sshd refuses more than MaxSessions (default 10) commands at once on a connection; two are left for others.
const CHANNEL_LIMIT = 8;
const LARGEST_FORWARD_WAIT_MS = 15_000;

// Curve25519 costs a tenth of the big prime groups; the order of the host keys must never vary, or the remembered one changes.
const ALGORITHMS: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
  ],
};

function failureOf(where: string, error: Error & { readonly level?: string }): SshError {
  if (error.level === 'client-authentication' || /authentication failures/i.test(error.message)) {
    return new SshError('authentication', `${where} refused the credentials.`, error);
  }
  if (error.level === 'client-timeout') return new SshError('timeout', `${where} does not answer in time.`, error);
  return new SshError('unreachable', `${where}: no SSH connection: ${error.message}`, error);
}

interface LoggedIn {
  readonly client: Client;
  readonly credential: SshCredential;
}

async function logIn(options: ConnectOptions, where: string, stream: Duplex, signal: AbortSignal): Promise<LoggedIn> {
  const authentication = createAuthentication(options.username, options.credentials);
  const known = await options.hostKey.known();
  const client = new ssh2.Client();
  let seen = '';
  const ready = new Promise<void>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    client.on('error', (error) => {
      const isChanged = known !== undefined && seen !== '' && seen !== known;
      reject(
        isChanged
          ? new SshError(
              'host-key-changed',
              `${where} shows the host key ${seen}, but ${known} was seen before. ` +
                'Another machine answers at this address. If that is intended, let the old key be forgotten: im-admin forget-host-key.',
            )
          : failureOf(where, error),
      );
    });
    client.once('close', () =>
      reject(new SshError('unreachable', `${where} closed the connection during the log-in.`)),
    );
  });
  client.connect({
    sock: stream,
    username: options.username,
    authHandler: authentication.handler,
    hostVerifier: (key: Buffer) => {
      seen = fingerprintOf(key);
      return known === undefined || known === seen;
    },
    algorithms: ALGORITHMS,
    readyTimeout: 0, // the caller's deadline is the limit
    keepaliveInterval: KEEPALIVE_INTERVAL_MS,
    keepaliveCountMax: KEEPALIVES_LOST,
  });
  try {
    await ready;
    const credential = authentication.offered();
    if (!credential) {
      throw new SshError(
        'authentication',
        `${where} lets ${options.username} in without any credential; not using it.`,
      );
    }
    // Only now: an address may answer with somebody else's machine until the VM has come up.
    if (known === undefined) await options.hostKey.remember(seen);
    return { client, credential };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

function wrap(options: ConnectOptions, where: string, { client, credential }: LoggedIn): SshConnection {
  const channels = createSemaphore(CHANNEL_LIMIT);
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => {
      isOpen = false;
      resolve();
    });
  });

  const forward = (host: string, port: number, signal: AbortSignal): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      try {
        client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
          if (error) {
            const isForbidden = 'reason' in error && error.reason === 1;
            const reason = isForbidden ? 'refused' : isOpen ? 'unreachable' : 'closed';
            reject(new SshError(reason, `Cannot reach ${host}:${port} from ${where}: ${error.message}`, error));
          } else if (signal.aborted) channel.destroy();
          else {
            channel.on('error', () => {}); // whoever uses the stream sees its end; nobody else needs to
            resolve(channel);
          }
        });
      } catch (error) {
        reject(new SshError('closed', `${where}: the SSH connection is closed.`, error));
      }
    });

  return {
    host: options.host,
    port: options.port,
    username: options.username,
    credential,
    closed,
    get isOpen() {
      return isOpen;
    },
    exec: (command, execOptions) => channels.run(() => execOn(client, where, command, execOptions), execOptions.signal),
    forward: (host, port, signal) =>
      asSshTimeout(
        withTimeout({ timeoutMs: LARGEST_FORWARD_WAIT_MS, what: `${host}:${port} from ${where}`, signal }, (inner) =>
          forward(host, port, inner),
        ),
      ),
    close: () => {
      client.end();
      client.destroy();
    },
  };
}

async function asSshTimeout<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof DeadlineError ? new SshError('timeout', error.message, error) : error;
  }
}

/**
 * Logs in and keeps the connection alive until it is closed.
 * @throws SshError with the reason; the signal's reason when it aborts.
 */
export function connect(options: ConnectOptions): Promise<SshConnection> {
  const where = `${options.username}@${options.host}:${options.port}`;
  return asSshTimeout(
    withTimeout(
      { timeoutMs: options.timeoutMs, what: `the SSH log-in to ${where}`, signal: options.signal },
      async (signal) => {
        const stream = options.via
          ? await options.via.forward(options.host, options.port, signal)
          : await openSocket(options.host, options.port, signal);
        try {
          return wrap(options, where, await logIn(options, where, stream, signal));
        } catch (error) {
          stream.destroy();
          throw error;
        }
      },
    ),
  );
}
