// SPDX-License-Identifier: Apache-2.0
// The network interfaces of a system: `net_interface.N.*` (spec radl 12.2).
import type { System } from './aspects.js';

/** IP protocol versions; they have separate properties. */
export type IpVersion = 4 | 6;

const addressProperty = { 4: 'ip', 6: 'ipv6' } as const;

function propertyOf(index: number, suffix: string): string {
  return `net_interface.${index}.${suffix}`;
}

/** How many interfaces have a connection; counting stops at the first gap. */
export function interfaceCount(system: System): number {
  let count = 0;
  while (system.features.has(propertyOf(count, 'connection'))) count++;
  return count;
}

/** The networks of the interfaces, from 0 until the first one without connection. */
export function networkIds(system: System): string[] {
  const ids: string[] = [];
  for (let id = connection(system, 0); id; id = connection(system, ids.length)) ids.push(id);
  return ids;
}

/** The network of one interface. */
export function connection(system: System, index: number): string | undefined {
  return system.features.getText(propertyOf(index, 'connection'));
}

/** The first interface on that network. */
export function interfaceIndexForNetwork(system: System, id: string): number | undefined {
  const index = networkIds(system).indexOf(id);
  return index === -1 ? undefined : index;
}

/** The address of one interface. */
export function interfaceIp(system: System, index: number, version: IpVersion = 4): string | undefined {
  return system.features.getText(propertyOf(index, addressProperty[version])) || undefined;
}

/** Whether any interface has that address. */
export function hasIp(system: System, ip: string, version: IpVersion = 4): boolean {
  const suffix = `.${addressProperty[version]}`;
  const { features } = system;
  return features
    .names()
    .some((name) => name.startsWith('net_interface.') && name.endsWith(suffix) && features.getText(name) === ip);
}

/**
 * Removes interface `index` and, while a next interface exists, renumbers its properties down by one; they move to the end of the
 * system in their order.
 */
export function removeInterface(system: System, index: number): void {
  const { features } = system;
  const propertiesOf = (interfaceIndex: number) => {
    const prefix = propertyOf(interfaceIndex, '');
    return features.names().filter((name) => name.startsWith(prefix));
  };
  for (const name of propertiesOf(index)) features.delete(name);
  for (let next = index + 1; ; next++) {
    const names = propertiesOf(next);
    if (names.length === 0) return;
    for (const name of names) features.rename(name, propertyOf(next - 1, name.slice(propertyOf(next, '').length)));
  }
}
