// SPDX-License-Identifier: Apache-2.0
// How a VM can be reached and logged in to, as its live document says (core.md §23.2, §23.3, contextualization.md §4-§6).
import { credentials, networkIds, privateIp, publicIp, sshPort } from '../../radl/index.js';
import { type ProxyHost, parseProxyHost, type SshCredential } from '../../ssh/index.js';
import type { ConfigurableVm } from '../contract.js';
import { tunnelPort } from '../tunnel/index.js';

/** An address with its port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A bastion with its key. */
export interface VmProxy extends ProxyHost {
  readonly privateKey?: string;
}

const SSH_PORT = 22;
const DEFAULT_USER = 'root';
const LONGEST_ADDRESS = 64;

const isAddress = (text: string | undefined): text is string =>
  text !== undefined && text.length <= LONGEST_ADDRESS && /^[0-9A-Fa-f.:]+$/.test(text);

const firstAddress = (...texts: readonly (string | undefined)[]): string | undefined => texts.find(isAddress);

/** The VM's public address, IPv4 first. */
export const publicAddress = (vm: ConfigurableVm): string | undefined =>
  firstAddress(publicIp(vm.info, 4), publicIp(vm.info, 6));

/** The VM's private address, IPv4 first. */
export const privateAddress = (vm: ConfigurableVm): string | undefined =>
  firstAddress(privateIp(vm.info, 4), privateIp(vm.info, 6));

/** The address that names the VM in logs and in the inventory: public first. */
export const mainAddress = (vm: ConfigurableVm): string | undefined => publicAddress(vm) ?? privateAddress(vm);

const withDefaultPort = (host: string | undefined, port: number): readonly Endpoint[] => {
  if (host === undefined) return [];
  return port === SSH_PORT
    ? [{ host, port }]
    : [
        { host, port },
        { host, port: SSH_PORT },
      ];
};

/** Where the daemon itself may find the VM. */
export const directEndpoints = (vm: ConfigurableVm): readonly Endpoint[] =>
  withDefaultPort(publicAddress(vm), sshPort(vm));

/** Where the master (or a proxy) may find the VM, in the order of contextualization.md §4. */
export function innerEndpoints(vm: ConfigurableVm): readonly Endpoint[] {
  const port = sshPort(vm);
  return [...withDefaultPort(privateAddress(vm), port), ...withDefaultPort(publicAddress(vm), port)];
}

/** Where the master finds the VM when it opened a tunnel to it (core.md §23.5): port 20000 + number of the VM. */
export const tunnelEndpoint = (vm: ConfigurableVm): Endpoint => ({
  host: '127.0.0.1',
  port: tunnelPort(vm.number),
});

/** The bastion of the first of the VM's networks that has one. */
export function proxyOf(vm: ConfigurableVm): VmProxy | undefined {
  const system = vm.info.systems[0];
  if (!system) return undefined;
  for (const id of networkIds(system)) {
    const features = vm.info.getNetwork(id)?.features;
    const text = features?.getText('proxy_host');
    const proxy = text ? parseProxyHost(text) : undefined;
    if (!proxy) continue;
    const privateKey = features?.getText('proxy_key');
    return privateKey ? { ...proxy, privateKey } : proxy;
  }
  return undefined;
}

/** A login as the document gives it. */
export interface VmLogin {
  readonly username: string;
  /** Current password, also the one that sudo may ask for. */
  readonly password?: string;
  /** Waiting to be set (core.md §23.6). */
  readonly newPassword?: string;
  readonly newPrivateKey?: string;
  readonly newPublicKey?: string;
  /** To be tried in order: current password and key, then the ones waiting to be set, as a killed run may have set them already. */
  readonly credentials: readonly SshCredential[];
}

const keyCredential = (privateKey: string | undefined): readonly SshCredential[] =>
  privateKey ? [{ kind: 'key', privateKey }] : [];
const passwordCredential = (password: string | undefined): readonly SshCredential[] =>
  password ? [{ kind: 'password', password }] : [];

/** The login of a VM; `ansibleKey` is the infrastructure's own private key, tried last. */
export function loginOf(vm: ConfigurableVm, ansibleKey: string): VmLogin {
  const system = vm.info.systems[0];
  const current = system ? credentials(system) : {};
  const next = system ? credentials(system, { isNew: true }) : {};
  return {
    username: current.username || DEFAULT_USER,
    ...(current.password && { password: current.password }),
    ...(next.password && { newPassword: next.password }),
    ...(next.privateKey && { newPrivateKey: next.privateKey }),
    ...(next.publicKey && { newPublicKey: next.publicKey }),
    credentials: [
      ...passwordCredential(current.password),
      ...keyCredential(current.privateKey),
      ...passwordCredential(next.password),
      ...keyCredential(next.privateKey),
      ...keyCredential(ansibleKey),
    ],
  };
}
