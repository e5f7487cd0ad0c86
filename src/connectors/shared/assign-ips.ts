// SPDX-License-Identifier: Apache-2.0
// Records the addresses of a VM on the interfaces of its document (core.md §23.1).
import {
  connectedNetwork,
  createNetwork,
  interfaceCount,
  interfaceIndexForNetwork,
  isPublicNetwork,
  type Network,
  networkIds,
  type Radl,
  type System,
} from '../../radl/index.js';
import {
  type Cidr,
  cidrContains,
  formatCidr,
  type IpAddress,
  matchingMask,
  parseCidr,
  parseIp,
} from '../../util/ip.js';
import { systemOf } from './first-system.js';

/** A private address; `networkId` when the provider says in which network of the document it is. */
export interface PrivateAddress {
  readonly address: string;
  readonly networkId?: string;
}

/** An address whose interface is known. */
export interface PlacedAddress {
  readonly address: string;
  readonly interfaceIndex: number;
}

/** The addresses of one VM as its provider reports them, and what is needed to place them. */
export interface ReportedAddresses {
  /** Written where they belong; the others are placed by the rules. */
  readonly placed?: readonly PlacedAddress[];
  readonly publicIps: readonly string[];
  readonly privateIps: readonly PrivateAddress[];
  /** PRIVATE_NET_MASKS. */
  readonly privateNetMasks: readonly string[];
  /** Milliseconds since 1970; names the network that is made for a public address without one. */
  readonly now: () => number;
}

/**
 * Replaces all addresses of the VM's document by the reported ones, adding interfaces and networks where an address has no place yet.
 * Texts that are no addresses are passed over.
 * @param info the document of one VM; changed in place
 */
export function assignIps(info: Radl, reported: ReportedAddresses): void {
  const system = systemOf(info);
  const assigned = new Set<string>();
  const privateTexts = new Set(reported.privateIps.map(({ address }) => address));
  const placedNetworks = new Set(
    (reported.placed ?? []).map(({ interfaceIndex }) => networkIds(system)[interfaceIndex] ?? ''),
  );
  const set: SetAddress = (interfaceIndex, address, text) => {
    const property = `net_interface.${interfaceIndex}.${address.family === 4 ? 'ip' : 'ipv6'}`;
    system.features.setText(property, text);
    assigned.add(property);
  };
  for (const { address: text, interfaceIndex } of reported.placed ?? []) {
    const address = parseIp(text);
    if (address !== undefined) set(interfaceIndex, address, text);
  }
  assignPublic(
    info,
    system,
    reported.publicIps.filter((address) => !privateTexts.has(address)),
    reported.now,
    set,
  );
  assignPrivate(info, system, reported, placedNetworks, set);
  clearOthers(system, assigned);
}

type SetAddress = (interfaceIndex: number, address: IpAddress, text: string) => void;

/**
 * IPv6 addresses too: the reference leaves stale ones behind (C26). At the end and not at the start, so that properties keep their
 * places and an unchanged VM has an unchanged document.
 */
function clearOthers(system: System, assigned: ReadonlySet<string>): void {
  for (const name of system.features.names()) {
    if (/^net_interface\.\d+\.(ip|ipv6)$/.test(name) && !assigned.has(name)) system.features.delete(name);
  }
}

function assignPublic(info: Radl, system: System, texts: readonly string[], now: () => number, set: SetAddress): void {
  const addresses = texts.flatMap((text) => {
    const address = parseIp(text);
    return address === undefined ? [] : [{ text, address }];
  });
  const [first, second] = addresses;
  if (first === undefined) return;
  const network =
    connectedNetwork(info, true) ??
    info.networks.find(isPublicNetwork) ??
    addNetwork(info, `public.${Math.floor(now() / 10)}`, true);
  const interfaceIndex = connect(system, network.id);
  const isPairOfOneFamily = addresses.length === 2 && first.address.family === second?.address.family;
  for (const { text, address } of isPairOfOneFamily ? [first] : addresses) {
    set(interfaceIndex, address, text);
  }
}

function assignPrivate(
  info: Radl,
  system: System,
  reported: ReportedAddresses,
  placedNetworks: ReadonlySet<string>,
  set: SetAddress,
): void {
  // Which addresses belong to the networks that this call has used already.
  const used = new Map<string, Cidr>();
  for (const { address: text, networkId } of reported.privateIps) {
    const address = parseIp(text);
    if (address === undefined) continue;
    const mask = maskOf(text, address, reported.privateNetMasks);
    const known = networkId === undefined ? undefined : info.getNetwork(networkId);
    const network =
      known ??
      usedNetwork(info, used, address) ??
      freeNetwork(info, system, used, placedNetworks, address) ??
      addNetwork(info, `private.${baseOf(mask)}`, false);
    const range = networkRange(network, address) ?? parseCidr(mask);
    if (range !== undefined) used.set(network.id, range);
    set(connect(system, network.id), address, text);
  }
}

function usedNetwork(info: Radl, used: ReadonlyMap<string, Cidr>, address: IpAddress): Network | undefined {
  for (const [id, range] of used) {
    if (cidrContains(range, address)) return info.getNetwork(id);
  }
  return undefined;
}

/** Connected networks first; within them and within the others a range that holds the address before networks without range. */
function freeNetwork(
  info: Radl,
  system: System,
  used: ReadonlyMap<string, Cidr>,
  placedNetworks: ReadonlySet<string>,
  address: IpAddress,
): Network | undefined {
  const free = info.networks.filter(
    (network) => !isPublicNetwork(network) && !used.has(network.id) && !placedNetworks.has(network.id),
  );
  const order = networkIds(system);
  const connected = order.flatMap((id) => free.filter((network) => network.id === id));
  const others = free.filter((network) => !order.includes(network.id));
  for (const group of [connected, others]) {
    const found =
      group.find((network) => {
        const range = networkRange(network, address);
        return range !== undefined && cidrContains(range, address);
      }) ?? group.find((network) => cidrText(network) === undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function cidrText(network: Network): string | undefined {
  const text = network.features.getText('cidr');
  return text === '' ? undefined : text;
}

/** The `cidr` of a network; a `*` of its pattern stands for whatever the address has in that place. */
function networkRange(network: Network, address: IpAddress): Cidr | undefined {
  const text = cidrText(network);
  if (text === undefined || address.family !== 4) return text === undefined ? undefined : parseCidr(text);
  const [base = '', prefix] = text.split('/');
  const octets = base
    .split('.')
    .map((octet, index) => (octet === '*' ? String((address.value >> BigInt(24 - 8 * index)) & 0xffn) : octet));
  return parseCidr(prefix === undefined ? octets.join('.') : `${octets.join('.')}/${prefix}`);
}

/** The private mask that holds the address; without one a range of the usual size around it. */
function maskOf(text: string, address: IpAddress, masks: readonly string[]): string {
  const mask = matchingMask(text, masks);
  if (mask !== undefined) return mask;
  return formatCidr(
    address.family === 4
      ? { family: 4, network: (address.value >> 24n) << 24n, prefix: 8 }
      : { family: 6, network: (address.value >> 64n) << 64n, prefix: 64 },
  );
}

/** The address of a mask as part of a network id, which has no colons. */
function baseOf(mask: string): string {
  return (mask.split('/')[0] ?? mask).replaceAll(':', '_');
}

function addNetwork(info: Radl, id: string, isPublic: boolean): Network {
  const existing = info.getNetwork(id);
  if (existing !== undefined) return existing;
  const network = createNetwork(id, isPublic);
  info.add(network);
  return network;
}

/** The interface of the VM in that network; a new one when it has none. */
function connect(system: System, networkId: string): number {
  const existing = interfaceIndexForNetwork(system, networkId);
  if (existing !== undefined) return existing;
  const index = interfaceCount(system);
  system.features.setText(`net_interface.${index}.connection`, networkId);
  return index;
}
