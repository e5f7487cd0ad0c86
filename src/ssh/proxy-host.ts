// SPDX-License-Identifier: Apache-2.0
// The bastion of a network as RADL writes it: `proxy_host = 'user[:password]@host[:port]'` (core.md §23.3).

/** A bastion to log in to. */
export interface ProxyHost {
  readonly username: string;
  readonly password?: string;
  readonly host: string;
  readonly port: number;
}

/** Reads the value of `proxy_host`; undefined when it is not of that form. A password may hold `@` and `:`. */
export function parseProxyHost(text: string): ProxyHost | undefined {
  const at = text.lastIndexOf('@');
  const [login, address] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  const colon = login.indexOf(':');
  const username = colon === -1 ? login : login.slice(0, colon);
  const target = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(address);
  const host = target?.[1] ?? target?.[2];
  const port = Number(target?.[3] ?? 22);
  if (username === '' || host === undefined || port < 1 || port > 65_535) return undefined;
  return { username, host, port, ...(colon === -1 ? {} : { password: login.slice(colon + 1) }) };
}
