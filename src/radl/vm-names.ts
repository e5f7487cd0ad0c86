// SPDX-License-Identifier: Apache-2.0
// The DNS names of a virtual machine (spec radl 12.4).
import type { System } from './aspects.js';
import { type HostName, nameOrDefault, renderNameTemplate } from './host-name.js';
import { interfaceCount } from './interfaces.js';
import type { Radl } from './radl.js';

/** The documents of a virtual machine; each has exactly one system first. */
export interface VmDocuments {
  /** What the machine is now. */
  readonly info: Radl;
  /** What was asked for. */
  readonly requested: Radl;
  /** Number of the machine inside its infrastructure. */
  readonly number: number;
}

/** Template and domain of machines that ask for no name. */
export interface NameDefaults {
  readonly host?: string | undefined;
  readonly domain?: string | undefined;
}

/** What the daemon uses when it is not configured otherwise. */
export const DEFAULT_NAMES = { host: 'vnode-#N#', domain: 'localdomain' } as const satisfies NameDefaults;

const UNTRUSTED_DOMAIN = 'localdomain';

/** The template of an interface: `dns.0.name`, else `dns_name`. */
function nameTemplate(system: System, index: number): string | undefined {
  const prefix = `net_interface.${index}.`;
  return system.features.getText(`${prefix}dns.0.name`) || system.features.getText(`${prefix}dns_name`) || undefined;
}

/** The name that interface `index` (0 unless told) of the requested machine asks for, or the default one. */
export function requestedName(
  { requested, number }: VmDocuments,
  { host, domain }: NameDefaults = DEFAULT_NAMES,
  index = 0,
): HostName | undefined {
  const [system] = requested.systems;
  const template = system === undefined ? undefined : nameTemplate(system, index);
  return nameOrDefault(template, number, host, domain);
}

/** Writes the VM's number into the name templates of its current document, in both name properties. */
export function replaceDnsNames({ info, number }: VmDocuments, { host }: NameDefaults = DEFAULT_NAMES): void {
  const [system] = info.systems;
  if (system === undefined) return;
  const count = interfaceCount(system);
  for (let index = 0; index < count; index++) {
    const template = nameTemplate(system, index) ?? (index === 0 ? host : undefined);
    if (!template?.includes('#N#')) continue;
    const name = template.replaceAll('#N#', String(number));
    system.features.setText(`net_interface.${index}.dns_name`, name);
    system.features.setText(`net_interface.${index}.dns.0.name`, name);
  }
}

/**
 * Whether the machine needs a certificate: some `dns.I.name` with a real domain asks for `tls`. A name without domain ends the
 * walk over the names of its interface.
 */
export function isTlsNeeded(info: Radl): boolean {
  const [system] = info.systems;
  if (system === undefined) return false;
  return Array.from({ length: interfaceCount(system) }, (_, index) => index).some((index) => wantsTls(system, index));
}

function wantsTls({ features }: System, index: number): boolean {
  for (let name = 0; ; name++) {
    const prefix = `net_interface.${index}.dns.${name}.`;
    const { domain } = renderNameTemplate(features.getText(`${prefix}name`) ?? '');
    if (!domain) return false;
    const tls = features.getValue(`${prefix}tls`);
    if (domain !== UNTRUSTED_DOMAIN && (tls === 'true' || tls === 'yes' || tls === true)) return true;
  }
}
