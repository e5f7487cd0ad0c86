// SPDX-License-Identifier: Apache-2.0
// IP addresses and networks as values: parsing, membership, and the test for private addresses.

/** An address as a number with its family; IPv4 mapped into IPv6 (`::ffff:a.b.c.d`) is read as IPv4. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A network: addresses of one family that share their first `prefix` bits. */
export interface Cidr {
  readonly family: 4 | 6;
  /** The first address of the network; host bits of the text are cleared. */
  readonly network: bigint;
  readonly prefix: number;
}

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

function parseIpv4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0n;
  for (const part of match.slice(1)) {
    const octet = Number(part);
    // A leading zero means octal to some readers; refuse what two readers may understand differently.
    if (octet > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    value = value * 256n + BigInt(octet);
  }
  return value;
}

function parseGroups(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
    groups.push(BigInt(`0x${part}`));
  }
  return groups;
}

function parseIpv6(text: string): bigint | undefined {
  let hexOnly = text;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const last = parseIpv4(dotted[2] ?? '');
    if (last === undefined) return undefined;
    hexOnly = `${dotted[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`;
  }
  const halves = hexOnly.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<bigint>(missing).fill(0n), ...tail];
  return groups.reduce((value, group) => value * 65536n + group, 0n);
}

/** Reads an IPv4 or IPv6 address; a zone (`%eth0`) is dropped. Undefined when the text is none. */
export function parseIp(text: string): IpAddress | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { family: 4, value: v4 };
  if (text.length > 64) return undefined;
  const v6 = parseIpv6(text.replace(/%[^%]+$/, ''));
  if (v6 === undefined) return undefined;
  return v6 >> 32n === 0xffffn ? { family: 4, value: v6 & 0xffffffffn } : { family: 6, value: v6 };
}

/** Reads `address/prefix`; an address alone is the network that holds only it. Undefined when the text is none. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match && parseIp(match[1] ?? '');
  if (!address) return undefined;
  const width = widthOf(address.family);
  const isMapped = address.family === 4 && text.includes(':');
  const prefix = match[2] === undefined ? width : Number(match[2]) - (isMapped ? 96 : 0);
  if (prefix < 0 || prefix > width) return undefined;
  const hostBits = BigInt(width - prefix);
  return { family: address.family, network: (address.value >> hostBits) << hostBits, prefix };
}

/** Whether the network holds the address. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.family !== address.family) return false;
  const hostBits = BigInt(widthOf(cidr.family) - cidr.prefix);
  return address.value >> hostBits === cidr.network >> hostBits;
}

/** Whether the two networks share any address. */
export function cidrsOverlap(left: Cidr, right: Cidr): boolean {
  if (left.family !== right.family) return false;
  const hostBits = BigInt(widthOf(left.family) - Math.min(left.prefix, right.prefix));
  return left.network >> hostBits === right.network >> hostBits;
}

/** The usual text of an address: dotted for IPv4, RFC 5952 for IPv6. */
export function formatIp(address: IpAddress): string {
  if (address.family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => (address.value >> shift) & 0xffn).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address.value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
}

/** The first of the longest runs of zero groups: the one that `::` stands for. */
function longestZeroRun(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === '0' ? length + 1 : 0;
    if (length > best.length) best = { start: index + 1 - length, length };
  });
  return best;
}

/** The text of a network: `10.0.0.0/8`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.network })}/${cidr.prefix}`;
}

// Loopback, link-local and unique-local addresses of IPv6 are never public; no site configures them away.
const NON_PUBLIC_IPV6 = ['::1/128', 'fe80::/10', 'fc00::/7'];

/**
 * The first of the masks that holds the address, as written, or undefined: the address is then public (core.md §20).
 * Masks that are not networks are passed over; the configuration check reports them.
 */
export function matchingMask(address: string, masks: readonly string[]): string | undefined {
  const ip = parseIp(address);
  if (!ip) return undefined;
  return masks.find((mask) => {
    const cidr = parseCidr(mask);
    return cidr !== undefined && cidrContains(cidr, ip);
  });
}

/** Whether the address is inside one of the masks (PRIVATE_NET_MASKS) or is an IPv6 address that never is public. */
export function isPrivateIp(address: string, masks: readonly string[]): boolean {
  return matchingMask(address, [...masks, ...NON_PUBLIC_IPV6]) !== undefined;
}
