// SPDX-License-Identifier: Apache-2.0
// Which addresses may be fetched from: public ones, and what the operator allows (spec tosca 13).
import { type Cidr, cidrContains, parseCidr, parseIp } from '../util/ip.js';

/** Loopback, private, link-local (cloud metadata), shared, documentation, multicast, translated: nothing public is there. */
const REFUSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
].flatMap(networks);

/** Decides about addresses. */
export interface AddressGuard {
  /** Whether connections to the address are allowed; texts that are no addresses are not. */
  allows(address: string): boolean;
}

/** @param allowed networks (CIDR) that are allowed although they are not public; others than networks are passed over */
export function createAddressGuard(allowed: readonly string[]): AddressGuard {
  const exceptions = allowed.flatMap(networks);
  return {
    allows: (address) => {
      const ip = parseIp(address);
      if (ip === undefined) return false;
      const isIn = (cidr: Cidr): boolean => cidrContains(cidr, ip);
      return exceptions.some(isIn) || !REFUSED.some(isIn);
    },
  };
}

/** Allows every address: for servers that the operator named. */
export const NO_GUARD: AddressGuard = { allows: () => true };

function networks(text: string): Cidr[] {
  const cidr = parseCidr(text);
  return cidr === undefined ? [] : [cidr];
}
