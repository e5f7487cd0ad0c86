// SPDX-License-Identifier: Apache-2.0
// Which external networks can be reached from where: only those can give a card its floating IP.
import { ROUTER_PORT_OWNERS } from './private-networks.js';
import { ownProject, type Site } from './site.js';
import type { RouterView } from './views.js';

/** External networks (ids) that each network has a router to, by the network's id. A network without a way out is absent. */
export type ExternalReach = ReadonlyMap<string, ReadonlySet<string>>;

/** The reach of all networks that the given routers stand in. */
export async function externalReach(
  site: Site,
  routers: readonly RouterView[],
  signal: AbortSignal,
): Promise<ExternalReach> {
  const gateways = new Map(routers.map(({ id, externalNetworkId }) => [id, externalNetworkId]));
  const reach = new Map<string, Set<string>>();
  for (const { networkId, deviceId } of await site.neutron.ports({ device_owner: ROUTER_PORT_OWNERS }, signal)) {
    const gateway = gateways.get(deviceId) ?? '';
    if (gateway === '') continue;
    reach.set(networkId, (reach.get(networkId) ?? new Set()).add(gateway));
  }
  return reach;
}

/** External networks (ids) that can be reached from one port. */
export async function poolsReachableFrom(
  site: Site,
  portId: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const [ports, routers] = await Promise.all([
    site.neutron.ports({ id: portId }, signal),
    site.neutron.routers(await ownProject(site, signal), signal),
  ]);
  const reach = await externalReach(site, routers, signal);
  return reach.get(ports[0]?.networkId ?? '') ?? new Set();
}
