// SPDX-License-Identifier: Apache-2.0
// Name resolution that refuses addresses where no service of others can be, whatever name leads there: what was checked is what is
// connected to.
import { lookup as lookupName } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { cidrContains, type IpAddress, parseCidr, parseIp } from './ip.js';

// Clouds tell their machines secrets there; neither a Vault nor an API of a cloud is ever at such an address.
const METADATA_NETWORKS = ['169.254.0.0/16', 'fe80::/10', '0.0.0.0/8', '::/128', 'fd00:ec2::254/128'].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** Is this an address of the host's own cloud, or none at all? */
export function isMetadataAddress(address: IpAddress): boolean {
  return METADATA_NETWORKS.some((network) => cidrContains(network, address));
}

/** The address that a URL names itself, which is never looked up; undefined when it names a host. */
export function literalAddress(url: URL): IpAddress | undefined {
  return parseIp(url.hostname.replace(/^\[|\]$/g, ''));
}

/**
 * Resolves names as usual, but fails when any address is forbidden.
 * @param refusal the error for a name with a forbidden address
 */
export function guardedLookup(
  isForbidden: (address: IpAddress) => boolean,
  refusal: (hostname: string) => Error,
): LookupFunction {
  return (hostname, options, callback) => {
    lookupName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const isBad = addresses.some(({ address }) => {
        const ip = parseIp(address);
        return ip === undefined || isForbidden(ip);
      });
      const [first] = addresses;
      if (isBad || first === undefined) callback(refusal(hostname), []);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
