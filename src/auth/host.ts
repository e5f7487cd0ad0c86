// SPDX-License-Identifier: Apache-2.0
// The `host` of a cloud credential taken apart: protocol, server, port, path (auth.md §5).

/** Parts of a `host` value, as a cloud credential keeps them. */
export interface HostParts {
  /** Empty when the host names none. */
  readonly protocol: string;
  /** IPv6 without brackets; empty for unix sockets. */
  readonly server: string;
  /** -1 when the host names none, or a bad one. */
  readonly port: number;
  /** Empty when none; for `unix` the absolute path of the socket. */
  readonly path: string;
}

/** `[::1]:80`, `name:80`, `name`, `::1`: server and port. */
function splitPort(authority: string): Pick<HostParts, 'server' | 'port'> {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(authority);
  if (bracketed) return { server: bracketed[1] ?? '', port: portOf(bracketed[2]) };
  const colon = authority.indexOf(':');
  // More than one colon and no brackets: a bare IPv6 address, which cannot carry a port.
  if (colon === -1 || authority.indexOf(':', colon + 1) !== -1) return { server: authority, port: -1 };
  return { server: authority.slice(0, colon), port: portOf(authority.slice(colon + 1)) };
}

function portOf(text: string | undefined): number {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 1 && port <= 65535 ? port : -1;
}

/**
 * Takes a `host` value apart. User information, query and fragment are dropped; a bad port counts as none. A unix socket may be written
 * with two slashes (`unix://var/run/docker.sock`) or three.
 */
export function parseHost(host: string): HostParts {
  const text = host.trim();
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text);
  const protocol = scheme?.[1]?.toLowerCase() ?? '';
  const rest = text.slice(scheme?.[0].length ?? 0);
  if (protocol === 'unix') {
    return { protocol, server: '', port: -1, path: `/${rest.replace(/^\/+/, '')}` };
  }
  const location = rest.replace(/[?#].*$/s, '');
  const slash = location.indexOf('/');
  const authority = slash === -1 ? location : location.slice(0, slash);
  const path = slash === -1 ? '' : location.slice(slash);
  const withoutUser = authority.slice(authority.lastIndexOf('@') + 1);
  return { protocol, ...splitPort(withoutUser), path };
}
