// SPDX-License-Identifier: Apache-2.0
// Connections that are checked where they are made: after name resolution, so that no name can lead where it must not.
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.js';

/** Resolves a name to all of its addresses. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** The address of a server is one that must not be fetched from. */
export class RefusedAddressError extends Error {
  constructor(hostname: string) {
    super(`the address of "${hostname}" is not public; FETCH_ALLOWED_NETS can allow it`);
    this.name = 'RefusedAddressError';
  }
}

/** The names of the operating system. */
export const resolveWithSystem: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });

/** What an agent allows. */
export interface GuardedAgentOptions {
  readonly guard: AddressGuard;
  readonly resolve: Resolve;
  /** Time to connect. */
  readonly connectTimeoutMs: number;
}

/** An undici agent that only connects to allowed addresses. Connections are not shared with anybody else. */
export function createGuardedAgent({ guard, resolve, connectTimeoutMs }: GuardedAgentOptions): Agent {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname)
      .then((addresses) => {
        const allowed = addresses.filter(({ address }) => guard.allows(address));
        const [first] = allowed;
        if (first === undefined) throw new RefusedAddressError(hostname);
        if (options.all === true) callback(null, [...allowed]);
        else callback(null, first.address, first.family);
      })
      .catch((error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []));
  };
  const connect = buildConnector({ timeout: connectTimeoutMs, lookup });
  return new Agent({
    connections: 4,
    maxResponseSize: -1,
    connect: (options, callback) => {
      // Addresses in place of names are never looked up.
      const hostname = options.hostname.replace(/^\[|\]$/g, '');
      const isRefused = isIP(hostname) !== 0 && !guard.allows(hostname);
      if (isRefused) callback(new RefusedAddressError(hostname), null);
      else connect(options, callback);
    },
  });
}
