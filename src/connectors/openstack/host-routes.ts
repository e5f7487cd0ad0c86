// SPDX-License-Identifier: Apache-2.0
// Networks whose traffic goes through a machine: `router = '<cidr>,<system>'` (openstack.md §4.2).
import { networkIds, type Radl } from '../../radl/index.js';
import type { VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { Site } from './site.js';

/**
 * Tells the subnet of each such network the way through the first machine of the named system, once that has an address.
 * @param info the document of a machine in those networks; the feature is removed when done
 */
export async function addHostRoute(
  site: Site,
  info: Radl,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<void> {
  for (const id of networkIds(systemOf(info))) {
    const network = info.getNetwork(id);
    const [destination = '', systemName = ''] = (network?.features.getText('router') ?? '')
      .split(',')
      .map((part) => part.trim());
    if (network === undefined || destination === '' || systemName === '') continue;
    const router = vms.find((vm) => vm.info.systems[0]?.name === systemName);
    const nexthop = router?.info.systems[0]?.features.getText('net_interface.0.ip') ?? '';
    if (nexthop === '') continue;
    const name = network.features.getText('provider_id') ?? '';
    const [provided] = await site.neutron.networks({ name }, signal);
    const [subnet] = provided === undefined ? [] : await site.neutron.subnets({ network_id: provided.id }, signal);
    if (subnet === undefined) continue;
    if (!subnet.hostRoutes.some((route) => route.destination === destination && route.nexthop === nexthop)) {
      const others = subnet.hostRoutes.filter((route) => route.destination !== destination);
      await site.neutron.update('subnet', subnet.id, { host_routes: [...others, { destination, nexthop }] }, signal);
    }
    network.features.delete('router');
  }
}
