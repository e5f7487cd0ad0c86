// SPDX-License-Identifier: Apache-2.0
// Addresses and visibility of the systems of a document (spec radl 12.3).
import type { Network, System } from './aspects.js';
import { type IpVersion, interfaceIp, networkIds } from './interfaces.js';
import { isPublicNetwork } from './network.js';
import type { Radl } from './radl.js';

/** The first address on a public network. */
export function publicIp(radl: Radl, version: IpVersion = 4): string | undefined {
  return firstIp(radl, true, version);
}

/** The first address on a network that is not public. */
export function privateIp(radl: Radl, version: IpVersion = 4): string | undefined {
  return firstIp(radl, false, version);
}

function firstIp(radl: Radl, isPublic: boolean, version: IpVersion): string | undefined {
  for (const system of radl.systems) {
    for (const [index, network] of interfaceNetworks(radl, system).entries()) {
      if (network === undefined || isPublicNetwork(network) !== isPublic) continue;
      const ip = interfaceIp(system, index, version);
      if (ip !== undefined) return ip;
    }
  }
  return undefined;
}

/** The networks of a system's interfaces in order; undefined where the document does not have the network. */
export function interfaceNetworks(radl: Radl, system: System): (Network | undefined)[] {
  return networkIds(system).map((id) => radl.getNetwork(id));
}

/** Whether some interface of the system is on a public network. */
export function hasPublicNetwork(radl: Radl, systemName: string): boolean {
  return firstNetwork(radl, radl.getSystem(systemName), true) !== undefined;
}

/** The first network with that visibility, by interface order of the first system. */
export function connectedNetwork(radl: Radl, isPublic: boolean): Network | undefined {
  return firstNetwork(radl, radl.systems[0], isPublic);
}

function firstNetwork(radl: Radl, system: System | undefined, isPublic: boolean): Network | undefined {
  if (system === undefined) return undefined;
  return interfaceNetworks(radl, system).find(
    (network) => network !== undefined && isPublicNetwork(network) === isPublic,
  );
}

/** Whether two machines reach each other: both have a public address, or they share a network (by id). */
export function isConnectedWith(left: Radl, right: Radl): boolean {
  if (publicIp(left) !== undefined && publicIp(right) !== undefined) return true;
  const [system, other] = [left.systems[0], right.systems[0]];
  if (system === undefined || other === undefined) return false;
  const ids = new Set(networkIds(other));
  return networkIds(system).some((id) => ids.has(id));
}
