// SPDX-License-Identifier: Apache-2.0
// The live document of a machine: what the launch decided and what the services say, written into the RADL (openstack.md §3, §4).
import { isPublicNetwork, networkIds, type Radl } from '../../radl/index.js';
import { isPrivateIp } from '../../util/ip.js';
import { assignIps, type PlacedAddress, type PrivateAddress } from '../shared/assign-ips.js';
import { systemOf } from '../shared/first-system.js';
import type { NetworkPlan } from './network-plan.js';
import type { Site } from './site.js';

/** An address of a machine: in a network of the provider, or a floating one. */
export interface KnownAddress {
  readonly address: string;
  /** Name of the provider's network; of a floating IP its external network, empty when not known. */
  readonly network: string;
  readonly isFloating: boolean;
}

/** What the launch of one VM decided. */
export interface LaunchFacts {
  readonly providerId: string;
  readonly name: string;
  readonly addresses: readonly KnownAddress[];
}

/** The document of a VM at launch. */
export function launchedDocument(site: Site, plan: NetworkPlan, facts: LaunchFacts): Radl {
  const info = plan.document.clone();
  const { features } = systemOf(info);
  features.setText('instance_id', facts.providerId);
  features.setText('instance_name', facts.name);
  // Done when the port was made.
  features.delete('net_interface.0.additional_ip');
  writeAddresses(site, info, facts.addresses);
  return info;
}

/**
 * Records the addresses: a fixed one on the interface in its network, a floating one on the first public interface of its external network,
 * else on the first public interface without address; the rest as core.md §23.1 says.
 * @param info changed in place
 */
export function writeAddresses(site: Site, info: Radl, addresses: readonly KnownAddress[]): void {
  const masks = site.environment.settings.privateNetMasks;
  const placed: PlacedAddress[] = [];
  const publicIps: string[] = [];
  const privateIps: PrivateAddress[] = [];
  const taken = new Set<string>();
  const interfaces = networkIds(systemOf(info)).map((id, index) => ({ index, network: info.getNetwork(id) }));
  for (const { address, network: name, isFloating } of addresses) {
    const family = address.includes(':') ? 'ipv6' : 'ip';
    const isPublic = isFloating || !isPrivateIp(address, masks);
    const open = interfaces.filter(
      ({ index, network }) =>
        network !== undefined && isPublicNetwork(network) === isPublic && !taken.has(`${index} ${family}`),
    );
    const own =
      open.find(({ network }) => name !== '' && network?.features.getText('provider_id') === name) ??
      (isFloating ? open[0] : undefined);
    if (own !== undefined) {
      taken.add(`${own.index} ${family}`);
      placed.push({ address, interfaceIndex: own.index });
    } else if (isPublic) {
      publicIps.push(address);
    } else {
      privateIps.push({ address });
    }
  }
  assignIps(info, { placed, publicIps, privateIps, privateNetMasks: masks, now: site.environment.now });
}
