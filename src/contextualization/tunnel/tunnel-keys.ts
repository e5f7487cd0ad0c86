// SPDX-License-Identifier: Apache-2.0
// Lets a machine open its tunnel, and nothing else, with a key of its own, and takes the permission away again
// (contextualization.md §18).
import { ImError } from '../../domain/index.js';
import { connect, publicKeyOf, type SshConnection, shellCommand } from '../../ssh/index.js';
import { createKeyedSemaphore } from '../../util/keyed-semaphore.js';
import { AUTHORIZE_PROGRAM } from './authorize-program.js';
import { tunnelPort } from './tunnel-port.js';
import type { TunnelTarget } from './tunnel-target.js';

/** Whose tunnel. */
export interface TunnelPlace {
  readonly infrastructureId: string;
  readonly vmNumber: number;
}

/** The permissions to open tunnels, on the masters. */
export interface TunnelKeys {
  /**
   * Lets the key listen on the tunnel's port of the target, and do nothing else. Doing it again changes nothing.
   * @throws SshError, ImError `provider` when the target cannot be changed; the signal's reason
   */
  authorize(target: TunnelTarget, place: TunnelPlace, privateKey: string, signal: AbortSignal): Promise<void>;
  /**
   * Takes away what was allowed for the tunnel; nothing to do is no error.
   * @throws as authorize
   */
  revoke(target: TunnelTarget, place: TunnelPlace, signal: AbortSignal): Promise<void>;
}

// sshd begins to drop log-ins when ten are under way (MaxStartups).
const LOGINS_PER_TARGET = 4;
const LOGIN_TIMEOUT_MS = 10_000;
const PROGRAM_TIMEOUT_MS = 20_000;
const TOO_OLD = 4;
/** RFC 2606: no such name ever exists. Without any place to open, the key could open every port and every local socket. */
const NOWHERE = 'none.invalid:1';

const markOf = ({ infrastructureId, vmNumber }: TunnelPlace): string => `im-tunnel-${infrastructureId}-${vmNumber}`;

/** The line of `authorized_keys`: no shell, no program, one port to listen on. Needs OpenSSH 7.8. */
function authorizedLine(place: TunnelPlace, privateKey: string): string {
  const options = [
    'restrict',
    'port-forwarding',
    `permitlisten="localhost:${tunnelPort(place.vmNumber)}"`,
    `permitopen="${NOWHERE}"`,
    'command="/bin/false"',
  ];
  return `${options.join(',')} ${publicKeyOf(privateKey)} ${markOf(place)}`;
}

/** The host key was remembered by a configuration; no other is trusted here. */
const logIn = (target: TunnelTarget, known: string, signal: AbortSignal): Promise<SshConnection> =>
  connect({
    host: target.host,
    port: target.port,
    username: target.username,
    credentials: target.credentials,
    hostKey: { known: async () => known, remember: async () => undefined },
    timeoutMs: LOGIN_TIMEOUT_MS,
    signal,
  });

/** Makes the keeper of permissions; it holds no connections open. */
export function createTunnelKeys(): TunnelKeys {
  const logins = createKeyedSemaphore(LOGINS_PER_TARGET);

  const run = async (target: TunnelTarget, mark: string, line: string, signal: AbortSignal): Promise<void> => {
    const { host, port, hostKey } = target;
    if (hostKey === undefined) {
      throw new ImError('provider', `The host key of ${host} is not known yet: nothing has been configured there.`);
    }
    const work = async (): Promise<void> => {
      const connection = await logIn(target, hostKey, signal);
      try {
        const { exitCode, stderr } = await connection.exec(shellCommand('sh', '-c', AUTHORIZE_PROGRAM), {
          stdin: `${mark}\n${line}\n`,
          timeoutMs: PROGRAM_TIMEOUT_MS,
          signal,
        });
        if (exitCode === TOO_OLD) {
          const text = `${host} has an OpenSSH older than 7.8, which cannot keep a key to one tunnel. Use a newer image for the master.`;
          throw new ImError('provider', text);
        }
        if (exitCode !== 0) {
          throw new ImError(
            'provider',
            `The authorized_keys of ${host} cannot be changed: ${stderr.trim().slice(0, 300)}`,
          );
        }
      } finally {
        connection.close();
      }
    };
    await logins.run(`${host}:${port}`, work, signal);
  };

  return {
    authorize: (target, place, privateKey, signal) =>
      run(target, markOf(place), authorizedLine(place, privateKey), signal),
    revoke: (target, place, signal) => run(target, markOf(place), '', signal),
  };
}
