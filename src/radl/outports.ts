// SPDX-License-Identifier: Apache-2.0
// The `outports` of a network: which ports are open to whom (spec radl 11).
import type { Network } from './aspects.js';
import { RadlError } from './error.js';

/** Protocols of open ports. */
export type OutportProtocol = 'tcp' | 'udp' | 'icmp';

/** One open port or range of ports. */
export interface Outport {
  /** Port seen from outside; the first one of a range. */
  readonly remotePort: number;
  /** Port on the machine; the last one of a range. */
  readonly localPort: number;
  readonly protocol: OutportProtocol;
  /** Whether all ports from `remotePort` to `localPort` are open, instead of one mapped to the other. */
  readonly isRange: boolean;
  /** Who may connect; everybody (`0.0.0.0/0`) when absent. */
  readonly remoteCidr?: string;
}

// The dots of the address may be any character, as in the reference: users of the address must validate it. Port numbers are not range-checked by the language; 15 digits keep them exact.
const ENTRY =
  /^(?:(\d{1,3}(?:.\d{1,3}){3}\/\d{1,2})-)?(\d{1,15})(?::(\d{1,15}))?(?:\/(tcp|udp|icmp))?(?:-(\d{1,15})(?::\d{1,15})?(?:\/(tcp|udp|icmp))?)?\n?$/;

const protocols: ReadonlyMap<string | undefined, OutportProtocol> = new Map([
  ['tcp', 'tcp'],
  ['udp', 'udp'],
  ['icmp', 'icmp'],
]);

/**
 * Reads a comma-separated list of entries, e.g. `22,8080-80,10.0.0.0/8-1000:2000/udp`.
 *
 * @throws RadlError `Invalid outports format.` or `Different protocols used in local and remote outports.`
 */
export function parseOutports(text: string): Outport[] {
  return text.split(',').map(parseEntry);
}

function parseEntry(entry: string): Outport {
  const match = ENTRY.exec(entry);
  if (match === null) {
    throw new RadlError('Invalid outports format.', {
      expected: '[CIDR-]PORT[:PORT][/tcp|/udp|/icmp][-PORT[/tcp|/udp|/icmp]]',
      hint: entry.trim() === entry ? undefined : 'there are no blanks between entries',
    });
  }
  const [, remoteCidr, remote, rangeEnd, remoteProtocol, local, localProtocol] = match;
  const protocol = protocols.get(remoteProtocol) ?? 'tcp';
  if (local !== undefined && (protocols.get(localProtocol) ?? protocol) !== protocol) {
    throw new RadlError('Different protocols used in local and remote outports.');
  }
  return {
    remotePort: Number(remote),
    localPort: Number(rangeEnd ?? local ?? remote),
    protocol,
    isRange: rangeEnd !== undefined,
    ...(remoteCidr !== undefined && { remoteCidr }),
  };
}

/** Whether the text is a valid list of outports. */
export function isOutports(text: string): boolean {
  try {
    parseOutports(text);
    return true;
  } catch (error) {
    if (error instanceof RadlError) return false;
    throw error;
  }
}

/** The list as text that `parseOutports` reads back as the same list. */
export function formatOutports(list: readonly Outport[]): string {
  return list.map(formatEntry).join(',');
}

function formatEntry({ remotePort, localPort, protocol, isRange, remoteCidr }: Outport): string {
  const suffix = protocol === 'tcp' ? '' : `/${protocol}`;
  const ports = isRange ? `${remotePort}:${localPort}${suffix}` : `${remotePort}${suffix}-${localPort}${suffix}`;
  return remoteCidr === undefined ? ports : `${remoteCidr}-${ports}`;
}

/** The outports of a network; undefined (not empty) when it has none. @throws RadlError when they are malformed */
export function networkOutports(network: Network): Outport[] | undefined {
  const text = network.features.getText('outports');
  return text ? parseOutports(text) : undefined;
}
