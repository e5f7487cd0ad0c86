// SPDX-License-Identifier: Apache-2.0
// Who sends a request, for rate limits: the peer, or the client that a trusted proxy names.
import type { IncomingMessage } from 'node:http';
import { cidrContains, parseCidr, parseIp } from '../util/ip.js';

/** Is the address in one of the networks? */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const ip = parseIp(address);
  if (!ip) return false;
  return networks.some((network) => {
    const cidr = parseCidr(network);
    return cidr !== undefined && cidrContains(cidr, ip);
  });
}

/**
 * Address of the client.
 * @param trustedProxies networks whose X-Forwarded-For counts. When none is named nobody's does, else every client could pass for many
 */
export function clientAddress({ socket, headers }: IncomingMessage, trustedProxies: readonly string[]): string {
  let address = socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  const hops = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',').map((hop) => hop.trim());
  // From the nearest proxy outwards, as long as the one that speaks is trusted.
  while (hops.length > 0 && isInNetworks(address, trustedProxies)) {
    const hop = hops.pop() ?? '';
    if (parseIp(hop) === undefined) break;
    address = hop;
  }
  return address;
}
