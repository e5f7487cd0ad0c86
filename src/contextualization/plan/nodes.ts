// SPDX-License-Identifier: Apache-2.0
// Which VMs take part in a configuration, with the facts that inventory, hosts file and playbooks share.
import { isIP } from 'node:net';
import { type IpVersion, interfaceCount, interfaceIp, operatingSystem, privateIp, publicIp } from '../../radl/index.js';
import type { ConfigurableVm, ContextualizationSettings } from '../contract.js';
import { isRefusedName, type NameSettings, type NodeName, requestedInterfaceName, vmName } from './names.js';

/** One network interface of a node. */
export interface NodeInterface {
  readonly index: number;
  readonly ip?: string;
  /** The name that the document asks for it. */
  readonly name?: NodeName;
}

/** A VM with an address, as the files on the master show it. */
export interface PlannedNode {
  readonly vm: ConfigurableVm;
  /** Inventory host name: `<ip>_<number>` (contextualization.md §9.1). */
  readonly hostName: string;
  readonly name: NodeName;
  /** Public address, else the private one. */
  readonly address: string;
  readonly publicAddress?: string;
  readonly privateAddress?: string;
  readonly interfaces: readonly NodeInterface[];
  readonly isWindows: boolean;
}

/** The VMs of a plan, sorted out. */
export interface NodeSelection {
  /** Contextualized VMs that have an address: lines of `/etc/hosts`. */
  readonly addressed: readonly PlannedNode[];
  /** Those of them that are configured: the inventory. */
  readonly participants: readonly PlannedNode[];
  readonly warnings: readonly string[];
  readonly leftOut: ReadonlyMap<number, string>;
}

const DEAD_STATES: ReadonlySet<string> = new Set(['off', 'failed', 'stopped']);

/** Sorts the VMs into those that take part and those that do not, with the literal warnings of contextualization.md §5. */
export function selectNodes(
  vms: readonly ConfigurableVm[],
  disabled: ReadonlySet<number>,
  settings: ContextualizationSettings,
): NodeSelection {
  const addressed: PlannedNode[] = [];
  const participants: PlannedNode[] = [];
  const warnings: string[] = [];
  const leftOut = new Map<number, string>();
  const warn = (vm: ConfigurableVm, what: string): void => {
    const warning = `WARNING: The VM ID: ${vm.providerId ?? ''} ${what}, do not include in the contextualization agent.`;
    warnings.push(warning);
    leftOut.set(vm.number, warning);
  };
  for (const vm of vms) {
    if (disabled.has(vm.number)) {
      leftOut.set(vm.number, 'Contextualization disabled');
      continue;
    }
    if (vm.isDeleting) {
      leftOut.set(vm.number, 'The VM is being destroyed.');
      continue;
    }
    const node = describeNode(vm, settings);
    if (node !== undefined) addressed.push(node);
    if (DEAD_STATES.has(vm.cloudState)) warn(vm, 'is not running');
    else if (node === undefined) warn(vm, 'does not have an IP');
    else {
      participants.push(node);
      warnings.push(...refusedNames(node, settings));
    }
  }
  return { addressed, participants, warnings, leftOut };
}

function describeNode(vm: ConfigurableVm, settings: ContextualizationSettings): PlannedNode | undefined {
  const publicAddress = addressOf(vm, publicIp);
  const privateAddress = addressOf(vm, privateIp);
  const address = publicAddress ?? privateAddress;
  if (address === undefined) return undefined;
  return {
    vm,
    // A colon would be a port or a pattern to Ansible.
    hostName: `${address.replaceAll(':', '-')}_${vm.number}`,
    name: vmName(vm, settings),
    address,
    ...(publicAddress !== undefined && { publicAddress }),
    ...(privateAddress !== undefined && { privateAddress }),
    interfaces: describeInterfaces(vm, settings),
    isWindows: operatingSystem(vm).toLowerCase() === 'windows',
  };
}

/** IPv4 before IPv6; what is no address at all (documents and providers are hostile) counts as none. */
function addressOf(
  vm: ConfigurableVm,
  read: (radl: ConfigurableVm['info'], version: IpVersion) => string | undefined,
): string | undefined {
  return validIp(read(vm.info, 4), 4) ?? validIp(read(vm.info, 6), 6);
}

function validIp(text: string | undefined, version: IpVersion): string | undefined {
  return text !== undefined && isIP(text) === version ? text : undefined;
}

function describeInterfaces(vm: ConfigurableVm, settings: NameSettings): readonly NodeInterface[] {
  const system = vm.info.systems[0];
  if (system === undefined) return [];
  return Array.from({ length: interfaceCount(system) }, (_, index) => {
    const ip = validIp(interfaceIp(system, index), 4);
    const name = requestedInterfaceName(vm, index, settings);
    return { index, ...(ip !== undefined && { ip }), ...(name !== undefined && { name }) };
  });
}

function refusedNames(node: PlannedNode, settings: NameSettings): readonly string[] {
  return node.interfaces
    .filter(({ index }) => isRefusedName(node.vm, index, settings))
    .map(({ index }) => {
      const property = `net_interface.${index}.dns_name`;
      return `WARNING: The name of ${property} of the VM ${node.vm.number} is no host name (letters, digits, "-"): it is not used.`;
    });
}

/** Groups nodes by system, systems in the order of their first VM. */
export function nodesBySystem(nodes: readonly PlannedNode[]): ReadonlyMap<string, readonly PlannedNode[]> {
  const groups = new Map<string, PlannedNode[]>();
  for (const node of nodes) {
    const group = groups.get(node.vm.systemName);
    if (group === undefined) groups.set(node.vm.systemName, [node]);
    else group.push(node);
  }
  return groups;
}
