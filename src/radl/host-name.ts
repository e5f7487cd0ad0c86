// SPDX-License-Identifier: Apache-2.0
// Names of machines from templates such as `node-#N#.example.org` (spec radl 12.2).
import type { System } from './aspects.js';

/** A machine's name without and with its domain. */
export interface HostName {
  readonly host: string;
  readonly domain: string | undefined;
}

/**
 * The name behind a template: every `#N#` becomes the number (if given), the rest after the first dot is the domain.
 *
 * @example renderNameTemplate('wn-#N#.lab', 3) // { host: 'wn-3', domain: 'lab' }
 */
export function renderNameTemplate(template: string, number?: number): HostName {
  const name = number === undefined ? template : template.replaceAll('#N#', String(number));
  const dot = name.indexOf('.');
  return dot === -1 ? { host: name, domain: undefined } : { host: name.slice(0, dot), domain: name.slice(dot + 1) };
}

/**
 * The name an interface asks for with `dns_name`: its own domain or the default one. Without it the default host, if given,
 * with the default domain; else undefined.
 */
export function requestedInterfaceName(
  system: System,
  index: number,
  number?: number,
  defaultHost?: string,
  defaultDomain?: string,
): HostName | undefined {
  const template = system.features.getText(`net_interface.${index}.dns_name`);
  return nameOrDefault(template, number, defaultHost, defaultDomain);
}

/** The rendered template with the default domain, or the default host, or nothing. */
export function nameOrDefault(
  template: string | undefined,
  number: number | undefined,
  defaultHost: string | undefined,
  defaultDomain: string | undefined,
): HostName | undefined {
  if (template) {
    const { host, domain } = renderNameTemplate(template, number);
    return { host, domain: domain ?? defaultDomain };
  }
  if (!defaultHost) return undefined;
  return { host: renderNameTemplate(defaultHost, number).host, domain: defaultDomain };
}
