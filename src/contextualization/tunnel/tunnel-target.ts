// SPDX-License-Identifier: Apache-2.0
// Which machine a VM's tunnel leads to, and how the daemon itself logs in there (core.md §23.5, contextualization.md §18).
import type { Infrastructure, VirtualMachine } from '../../domain/index.js';
import { isJsonObject } from '../../domain/index.js';
import { credentials, privateIp, publicIp, sshPort } from '../../radl/index.js';
import type { SshCredential } from '../../ssh/index.js';
import { externalAnsibleHosts } from '../plan/index.js';

/** A master or an external Ansible host. Its credentials are for the daemon alone. */
export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly credentials: readonly SshCredential[];
  /** Fingerprint that a configuration has seen there; undefined: the daemon has never been there. */
  readonly hostKey: string | undefined;
}

const SSH_PORT = 22;

const credentialsOf = (login: {
  readonly password?: string;
  readonly privateKey?: string;
}): readonly SshCredential[] => [
  ...(login.privateKey ? [{ kind: 'key', privateKey: login.privateKey } as const] : []),
  ...(login.password ? [{ kind: 'password', password: login.password } as const] : []),
];

/** The user's own Ansible host that takes the place of the master for this VM (core.md §23.3); undefined: there is none. */
export function tunnelToHost(
  { radl, extra }: Pick<Infrastructure, 'radl' | 'extra'>,
  vm: VirtualMachine,
): TunnelTarget | undefined {
  const hosts = externalAnsibleHosts(radl);
  const wanted = vm.info.systems[0]?.features.getText('ansible_host');
  const host = wanted ? hosts.find(({ id }) => id === wanted) : hosts[0];
  if (host === undefined || host.host === '') return undefined;
  const known = isJsonObject(extra.hostKeys) ? extra.hostKeys[`${host.host}:${SSH_PORT}`] : undefined;
  return {
    host: host.host,
    port: SSH_PORT,
    username: host.username,
    credentials: credentialsOf(host),
    hostKey: typeof known === 'string' ? known : undefined,
  };
}

/** The master as others find it; undefined while it has no address. */
export function tunnelToMaster(master: VirtualMachine): TunnelTarget | undefined {
  const host = publicIp(master.info, 4) ?? publicIp(master.info, 6) ?? privateIp(master.info, 4);
  const [system] = master.info.systems;
  if (master.isDestroyed || host === undefined || system === undefined) return undefined;
  const login = credentials(system);
  return {
    host,
    port: sshPort(master),
    username: login.username || 'root',
    credentials: credentialsOf(login),
    hostKey: typeof master.extra.hostKey === 'string' ? master.extra.hostKey : undefined,
  };
}

/** Where the tunnel of a VM leads; undefined: nowhere yet. */
export function tunnelTargetOf(
  infrastructure: Pick<Infrastructure, 'radl' | 'extra'>,
  master: VirtualMachine | undefined,
  vm: VirtualMachine,
): TunnelTarget | undefined {
  return tunnelToHost(infrastructure, vm) ?? (master && tunnelToMaster(master));
}
