// SPDX-License-Identifier: Apache-2.0
// The networks that a project sees, and which of them are public (openstack.md §3.1).
import { isPrivateIp, parseCidr } from '../../util/ip.js';
import { ownProject, type Site } from './site.js';
import type { NetworkView, RouterView, SubnetView } from './views.js';

/** The networks of a project at one moment. */
export interface Topology {
  /** Those marked as default first, then in the order of the cloud. */
  readonly networks: readonly NetworkView[];
  readonly subnets: readonly SubnetView[];
  readonly routers: readonly RouterView[];
  /** Networks that floating IPs come from. */
  readonly pools: readonly NetworkView[];
  isPublic(network: NetworkView): boolean;
  byName(name: string): NetworkView | undefined;
  /** The same with what was made meanwhile, as far as it is not there yet. */
  with(network: NetworkView, subnet: SubnetView, router: RouterView | undefined): Topology;
}

/** Asks Neutron. */
export async function readTopology(site: Site, signal: AbortSignal): Promise<Topology> {
  const own = await ownProject(site, signal);
  const [visible, subnets, routers] = await Promise.all([
    site.neutron.networks({}, signal),
    site.neutron.subnets({}, signal),
    site.neutron.routers(own, signal),
  ]);
  const isUsable = ({ projectId, isShared, isExternal }: NetworkView): boolean =>
    own.project_id === undefined || projectId === own.project_id || isShared || isExternal;
  const listed = visible.filter(isUsable);
  return topologyOf(
    site,
    [...listed.filter(isDefault), ...listed.filter((network) => !isDefault(network))],
    subnets,
    routers,
  );
}

function topologyOf(
  site: Site,
  networks: readonly NetworkView[],
  subnets: readonly SubnetView[],
  routers: readonly RouterView[],
): Topology {
  const masks = site.environment.settings.privateNetMasks;
  const ranges = new Map<string, string>();
  for (const { networkId, cidr } of subnets) {
    if (parseCidr(cidr)?.family === 4 && !ranges.has(networkId)) ranges.set(networkId, cidr);
  }
  return {
    networks,
    subnets,
    routers,
    pools: networks.filter(({ isExternal }) => isExternal),
    isPublic: ({ id, isExternal }) => {
      const range = ranges.get(id);
      return range === undefined ? isExternal : isExternal || !isPrivateIp(range.split('/')[0] ?? '', masks);
    },
    byName: (name) => networks.find((network) => network.name === name),
    with: (network, subnet, router) =>
      topologyOf(
        site,
        withItem(networks, network),
        withItem(subnets, subnet),
        router === undefined ? routers : withItem(routers, router),
      ),
  };
}

function withItem<Item extends { readonly id: string }>(items: readonly Item[], item: Item): readonly Item[] {
  return items.some(({ id }) => id === item.id) ? items : [...items, item];
}

function isDefault({ name, description, tags, isDefault: isMarked }: NetworkView): boolean {
  return isMarked || name.includes('default') || description.includes('default') || tags.includes('default');
}
