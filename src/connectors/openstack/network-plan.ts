// SPDX-License-Identifier: Apache-2.0
// Which networks the machines of a launch stand in, and which of their interfaces get a floating IP (openstack.md §3.1, §3.2).
import { badRequest, ImError } from '../../domain/index.js';
import {
  createNetwork,
  isPublicNetwork,
  type Network,
  networkIds,
  type Radl,
  removeInterface,
} from '../../radl/index.js';
import type { LaunchRequest } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { type ExternalReach, externalReach } from './external-reach.js';
import { ensurePrivateNetwork } from './private-networks.js';
import { alone, type Site } from './site.js';
import { readTopology, type Topology } from './topology.js';
import type { NetworkView } from './views.js';

/** A network card of the machine. */
export interface Nic {
  readonly network: NetworkView;
  /** Interface of the system that it serves; absent for a card that only carries a floating IP. */
  readonly interfaceIndex?: number;
  readonly isPublic: boolean;
}

/** A floating IP that an interface of the system asks for. */
export interface FloatingWish {
  readonly interfaceIndex: number;
  /** Name of the external network that it should come from; empty: any. */
  readonly pool: string;
  /** Address that the user owns; empty: any. */
  readonly fixedIp: string;
}

/** The common network part of a launch. */
export interface NetworkPlan {
  /** The concrete document with what was chosen: `provider_id`, `cidr`, interfaces that the cloud cannot give left out. */
  readonly document: Radl;
  /** Public ones first. */
  readonly nics: readonly Nic[];
  readonly floating: readonly FloatingWish[];
  /** External networks that can be reached from the cards, ids. */
  readonly reachablePools: ReadonlySet<string>;
  /** All external networks. */
  readonly pools: readonly NetworkView[];
}

/** Tag of networks of clouds without floating IPs whose machines may have a public and a private card. */
const TWO_NICS_TAG = 'enable_two_nics';

/** Chooses, and makes what has to be made. */
export function planNetworks(site: Site, request: LaunchRequest): Promise<NetworkPlan> {
  // One at a time per project: a free range must not be chosen twice.
  return alone(site, 'networks', request.signal, () => plan(site, request));
}

async function plan(site: Site, request: LaunchRequest): Promise<NetworkPlan> {
  const { signal } = request;
  let topology = await readTopology(site, signal);
  const document = request.concrete.clone();
  const system = systemOf(document);
  if (topology.pools.length === 0) leaveOutPrivateInterfaces(document, topology);

  const ids = networkIds(system);
  const hasNoNetworks = topology.networks.every(({ isExternal }) => isExternal);
  const made = new Set<string>();
  for (const id of ids) {
    const network = document.getNetwork(id);
    if (network === undefined || isPublicNetwork(network) || made.has(id)) continue;
    if (hasNoNetworks) network.features.setText('create', 'yes');
    if (network.features.getText('create') !== 'yes') continue;
    made.add(id);
    const provided = await ensurePrivateNetwork(site, { ...request, concrete: document }, topology, network);
    topology = provided.topology;
    network.features.setText('provider_id', provided.network.name);
    if (provided.cidr === '') network.features.delete('cidr');
    else network.features.setText('cidr', provided.cidr);
  }

  const isNamed = (network: Network): boolean => (network.features.getText('provider_id') ?? '') !== '';
  const named = new Set(document.networks.filter(isNamed).map(({ id }) => id));
  const chosen = chooseNetworks(document, ids, topology);
  const projectId = (await site.session.token(signal)).projectId;
  const nics: Nic[] = [];
  const floating: FloatingWish[] = [];
  for (const [interfaceIndex, id] of ids.entries()) {
    const radlNetwork = document.getNetwork(id);
    if (radlNetwork === undefined) continue;
    const network = chosen.get(interfaceIndex);
    const isPublic = isPublicNetwork(radlNetwork);
    if (network !== undefined) radlNetwork.features.setText('provider_id', network.name);
    const mayAttach =
      network !== undefined &&
      (!network.isExternal || (ids.length === 1 && (network.isShared || network.projectId === projectId)));
    if (mayAttach) {
      nics.push({ network, interfaceIndex, isPublic });
    } else if (isPublic) {
      floating.push({
        interfaceIndex,
        pool: network?.name ?? '',
        fixedIp: system.features.getText(`net_interface.${interfaceIndex}.ip`) ?? '',
      });
    }
  }
  nics.sort((left, right) => Number(right.isPublic) - Number(left.isPublic));
  if (floating.length === 0) return { document, nics, floating, reachablePools: new Set(), pools: topology.pools };
  const reachable = await externalReach(site, topology.routers, signal);
  const idOf = ({ interfaceIndex }: FloatingWish): string => ids[interfaceIndex] ?? '';
  if (nics.length === 0) {
    const wanted = floating.find((wish) => named.has(idOf(wish)))?.pool;
    nics.push({ network: await carrier(site, request, topology, wanted, reachable), isPublic: false });
  }
  const pools = new Set(nics.flatMap(({ network }) => [...(reachable.get(network.id) ?? [])]));
  const nearest = topology.pools.find(({ id }) => pools.has(id));
  return {
    document,
    nics,
    floating: floating.map((wish) => {
      if (nearest === undefined || named.has(idOf(wish))) return wish;
      // Nobody asked for another external network, and only those that the cards lead to can give the address.
      document.getNetwork(idOf(wish))?.features.setText('provider_id', nearest.name);
      return { ...wish, pool: nearest.name };
    }),
    reachablePools: pools,
    pools: topology.pools,
  };
}

/** On clouds whose public network is an ordinary one, a machine has either a public or a private card. */
function leaveOutPrivateInterfaces(document: Radl, topology: Topology): void {
  if (topology.networks.some(({ tags }) => tags.includes(TWO_NICS_TAG))) return;
  const system = systemOf(document);
  const isPublic = (id: string): boolean => {
    const network = document.getNetwork(id);
    return network !== undefined && isPublicNetwork(network);
  };
  if (!networkIds(system).some(isPublic)) return;
  for (let index = 0; index < networkIds(system).length; ) {
    if (isPublic(networkIds(system)[index] ?? '')) index += 1;
    else removeInterface(system, index);
  }
}

/** The network of each interface: the named one, else the first unused one that is as public as it should be. */
function chooseNetworks(document: Radl, ids: readonly string[], topology: Topology): ReadonlyMap<number, NetworkView> {
  const chosen = new Map<number, NetworkView>();
  const usedBy = new Map<string, string>();
  const take = (index: number, id: string, network: NetworkView): void => {
    chosen.set(index, network);
    usedBy.set(network.id, id);
  };
  for (const [index, id] of ids.entries()) {
    const network = document.getNetwork(id);
    if (network === undefined) continue;
    const name = network.features.getText('provider_id') ?? '';
    if (name === '') continue;
    const found = topology.byName(name);
    if (found === undefined)
      throw badRequest(`Network with provider_id ${name} not found.${knownNames(topology, network)}`);
    const other = usedBy.get(found.id);
    // Any number of floating IPs may come from one external network.
    if (other !== undefined && other !== id && !found.isExternal) {
      throw badRequest(`Two different networks assigned to the same provider_id: ${other} and ${id} to ${name}`);
    }
    take(index, id, found);
  }
  for (const [index, id] of ids.entries()) {
    const network = document.getNetwork(id);
    if (network === undefined || chosen.has(index)) continue;
    const found = topology.networks.find(
      (candidate) =>
        topology.isPublic(candidate) === isPublicNetwork(network) &&
        (!usedBy.has(candidate.id) || candidate.isExternal),
    );
    if (found !== undefined) take(index, id, found);
  }
  return chosen;
}

function knownNames(topology: Topology, network: Network): string {
  const names = topology.networks
    .filter((candidate) => topology.isPublic(candidate) === isPublicNetwork(network))
    .map(({ name }) => name);
  return names.length === 0 ? '' : ` The project has ${names.slice(0, 10).join(', ')}.`;
}

/**
 * The private network for a machine that asks only for public ones: one of the project that leads to the wanted external network, else any, else
 * a new one.
 */
async function carrier(
  site: Site,
  request: LaunchRequest,
  topology: Topology,
  wantedPool: string | undefined,
  reachable: ExternalReach,
): Promise<NetworkView> {
  const own = topology.networks.filter((network) => !network.isExternal && !topology.isPublic(network));
  const wanted = topology.pools.find(({ name }) => name === wantedPool)?.id;
  const leading = own.find(({ id }) => {
    const pools = reachable.get(id);
    return pools !== undefined && (wanted === undefined || pools.has(wanted));
  });
  const found = leading ?? own[0];
  if (found !== undefined) return found;
  if (topology.pools.length === 0) throw new ImError('provider', 'No pools available.');
  return (await ensurePrivateNetwork(site, request, topology, createNetwork('private', false))).network;
}
