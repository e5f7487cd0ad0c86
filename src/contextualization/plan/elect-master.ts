// SPDX-License-Identifier: Apache-2.0
// Elects the VM that runs Ansible for all others (core.md §23.4).
import { connectedNetwork, networkIds, operatingSystem, publicIp } from '../../radl/index.js';
import type { ConfigurableVm } from '../contract.js';

export { type ExternalAnsibleHost, externalAnsibleHosts } from './external-hosts.js';

const DEAD_STATES: ReadonlySet<string> = new Set(['off', 'failed', 'stopped']);

/**
 * The number of the master: `current` while it lives, else the Linux VM with a public network (its address may still come) or a
 * proxy host that is connected with most VMs, the first of equals. Null when there is none.
 *
 * A VM that is off, stopped or failed is not elected (it would be left out of the very run it is to carry), but stays when it is
 * the current one: files made by earlier recipes lie there.
 *
 * @param disabled VMs that are not configured (`checkDisabled`)
 */
export function electMaster(
  vms: readonly ConfigurableVm[],
  current: number | null,
  disabled: ReadonlySet<number> = new Set(),
): number | null {
  if (current !== null && vms.some((vm) => vm.number === current && !vm.isDeleting)) return current;
  const living = vms.filter((vm) => !vm.isDeleting);
  const links = living.map(linksOf);
  const kinds = countKinds(links);
  let best: { readonly number: number; readonly connections: number } | undefined;
  living.forEach((vm, index) => {
    const own = links[index];
    if (own === undefined || disabled.has(vm.number) || !canBeMaster(vm)) return;
    const connections = connectionsOf(own, kinds);
    if (best === undefined || connections > best.connections) best = { number: vm.number, connections };
  });
  return best?.number ?? null;
}

/** What connects a VM with others: a public address with all that have one, a network with all in it. */
interface Links {
  readonly isPublic: boolean;
  readonly networks: readonly string[];
}

/** VMs with the same links are counted together, so that a thousand workers cost as much as one. */
type Kinds = ReadonlyMap<string, { readonly links: Links; readonly count: number }>;

function linksOf({ info }: ConfigurableVm): Links {
  const [system] = info.systems;
  const networks = system === undefined ? [] : networkIds(system);
  return { isPublic: publicIp(info) !== undefined, networks: [...new Set(networks)].sort() };
}

function kindOf(links: Links): string {
  return JSON.stringify([links.isPublic, links.networks]);
}

function countKinds(all: readonly Links[]): Kinds {
  const kinds = new Map<string, { readonly links: Links; readonly count: number }>();
  for (const links of all) {
    const key = kindOf(links);
    kinds.set(key, { links, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return kinds;
}

/** The VM itself counts, even when it has no link at all. */
function connectionsOf(own: Links, kinds: Kinds): number {
  const isConnected = (other: Links): boolean =>
    (own.isPublic && other.isPublic) || own.networks.some((network) => other.networks.includes(network));
  const others = [...kinds.values()].filter(({ links }) => isConnected(links));
  return isConnected(own) ? others.reduce((sum, { count }) => sum + count, 0) : 1;
}

function canBeMaster(vm: ConfigurableVm): boolean {
  if (DEAD_STATES.has(vm.cloudState) || operatingSystem(vm).toLowerCase() === 'windows') return false;
  return connectedNetwork(vm.info, true) !== undefined || hasProxyHost(vm);
}

function hasProxyHost(vm: ConfigurableVm): boolean {
  const system = vm.info.systems[0];
  if (system === undefined) return false;
  return networkIds(system).some((id) => Boolean(vm.info.getNetwork(id)?.features.getText('proxy_host')));
}
