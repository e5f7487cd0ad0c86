// SPDX-License-Identifier: Apache-2.0
// The URL under which a client reached the service, through proxies or not (rest-api.md §2).
import type { IncomingHttpHeaders } from 'node:http';
import { isInNetworks } from '../client-address.js';

/** What is known about a request's way to us. */
export interface RequestOrigin {
  readonly headers: IncomingHttpHeaders;
  readonly isTls: boolean;
  readonly peerAddress: string;
  readonly localAddress: string;
  readonly localPort: number;
}

/** What the configuration says about it. */
export interface OriginRules {
  /** Normalised: empty, or with a leading and without a final slash. */
  readonly rootPath: string;
  /** Networks whose forwarding headers are believed; empty: all. */
  readonly trustedProxies: readonly string[];
}

/** `im`, `/im/`, `/` -> `/im`, `/im`, `` */
export function normalizeRootPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.length === 0 ? '' : `/${parts.join('/')}`;
}

// Whatever else stands in these headers is not put into links: they come from the client.
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const PREFIX = /^[A-Za-z0-9/._~%-]*$/;

/** The right-most value of a header: that of the nearest proxy. */
function nearest(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : value;
  const last = text?.split(',').at(-1)?.trim();
  return last === '' ? undefined : last;
}

/** May the forwarding headers of this peer be believed? */
function isTrustedProxy(peerAddress: string, trustedProxies: readonly string[]): boolean {
  if (trustedProxies.length === 0) return true;
  return isInNetworks(peerAddress, trustedProxies);
}

/** The base URL for links, without final slash. */
export function baseUrl(origin: RequestOrigin, rules: OriginRules): string {
  const isTrusted = isTrustedProxy(origin.peerAddress, rules.trustedProxies);
  const forwarded = (name: string): string | undefined =>
    isTrusted ? nearest(origin.headers, `x-forwarded-${name}`) : undefined;

  const proto = forwarded('proto')?.toLowerCase();
  const scheme = proto === 'http' || proto === 'https' ? proto : origin.isTls ? 'https' : 'http';
  const prefix = forwarded('prefix');
  const path = prefix !== undefined && PREFIX.test(prefix) ? normalizeRootPath(prefix) : rules.rootPath;
  return `${scheme}://${authority(origin, scheme, forwarded('host'), forwarded('port'))}${path}`;
}

function authority(origin: RequestOrigin, scheme: string, host: string | undefined, port: string | undefined): string {
  const chosen = [host, origin.headers.host].find((text) => text !== undefined && HOST.test(text)) ?? localHost(origin);
  const [, name = chosen, ownPort] = /^(.*?)(?::(\d+))?$/.exec(chosen) ?? [];
  const shownPort = port !== undefined && /^\d{1,5}$/.test(port) ? port : ownPort;
  const isDefault = shownPort === undefined || shownPort === (scheme === 'https' ? '443' : '80');
  return isDefault ? name : `${name}:${shownPort}`;
}

function localHost({ localAddress, localPort }: RequestOrigin): string {
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
