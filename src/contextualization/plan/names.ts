// SPDX-License-Identifier: Apache-2.0
// Host names that the documents ask for (core.md §13.3, contextualization.md §9.2), made safe for files that nodes read.
import { type HostName, requestedName } from '../../radl/index.js';
import type { ConfigurableVm, ContextualizationSettings } from '../contract.js';

/** A node's name in its parts; `fqdn` is both with a dot between. */
export interface NodeName {
  readonly hostname: string;
  readonly domain: string;
  readonly fqdn: string;
}

/** Options that names depend on: DEFAULT_VM_NAME and DEFAULT_DOMAIN. */
export type NameSettings = Pick<ContextualizationSettings, 'defaultVmName' | 'defaultDomain'>;

/** A VM as far as names are concerned. */
export type NamedVm = Pick<ConfigurableVm, 'number' | 'info' | 'requested'>;

/** The name of a VM: that of its interface 0, else the default one. */
export function vmName(vm: NamedVm, settings: NameSettings): NodeName {
  return requestedInterfaceName(vm, 0, settings) ?? defaultName(vm, settings);
}

/** The name of a VM that asks for none. */
export function defaultName(vm: NamedVm, settings: NameSettings): NodeName {
  return nodeName(settings.defaultVmName.replaceAll('#N#', String(vm.number)), settings.defaultDomain);
}

/**
 * The name that the document asks for one interface. Undefined when it asks for none, and when the text is no host name: it would
 * end up in `/etc/hosts` and in the node's own name (see `isRefusedName`).
 */
export function requestedInterfaceName(vm: NamedVm, index: number, settings: NameSettings): NodeName | undefined {
  const name = rawName(vm, index, settings);
  return name !== undefined && isValid(name) ? nodeName(name.host, name.domain || settings.defaultDomain) : undefined;
}

/** Whether the document asks for a name of this interface that cannot be used. */
export function isRefusedName(vm: NamedVm, index: number, settings: NameSettings): boolean {
  const name = rawName(vm, index, settings);
  return name !== undefined && !isValid(name);
}

function rawName(vm: NamedVm, index: number, settings: NameSettings): HostName | undefined {
  return requestedName(vm, { domain: settings.defaultDomain }, index);
}

/** Host and domain of letters, digits, `-`, `_` and dots, not beginning with a dash. */
function isValid({ host, domain }: HostName): boolean {
  return /^\w[\w-]{0,62}$/.test(host) && /^(?:[\w.-]{1,255})?$/.test(domain ?? '');
}

function nodeName(hostname: string, domain: string): NodeName {
  return { hostname, domain, fqdn: `${hostname}.${domain}` };
}
