// SPDX-License-Identifier: Apache-2.0
// The Ansible inventory: groups, hosts and every IM_* variable with the types of the newest reference (contextualization.md §9).
import { applications, inventoryJson, type Radl, remoteAccessPort, visibleRadl } from '../../radl/index.js';
import { dumpYaml } from '../../yaml.js';
import type { ConfigurableVm, PlanInput } from '../contract.js';
import { externalAnsibleHosts } from './external-hosts.js';
import { maskDocument } from './mask-document.js';
import { type NodeName, vmName } from './names.js';
import { nodesBySystem, type PlannedNode } from './nodes.js';
import { tlsCertificates } from './tls-certificates.js';

/** Variables of a host, a group or the whole inventory, in writing order. */
type Variables = Record<string, unknown>;

interface Group {
  readonly hosts: Record<string, Variables>;
  readonly vars?: Variables;
}

// Ansible has its own groups of these names; a group of ours inside them would be a circle.
const RESERVED_GROUPS = new Set(['all', 'ungrouped']);

/** The YAML text of the inventory (R2 shape). */
export function inventory(input: PlanInput, nodes: readonly PlannedNode[]): string {
  return dumpYaml({ all: { vars: globalVariables(input), children: groups(input, nodes) } });
}

function groups(input: PlanInput, nodes: readonly PlannedNode[]): Record<string, Group> {
  const bySystem = nodesBySystem(nodes);
  const children: [string, Group][] = [];
  for (const system of new Set(input.vms.map((vm) => vm.systemName))) {
    if (RESERVED_GROUPS.has(system)) continue;
    const members = bySystem.get(system) ?? [];
    const hosts = Object.fromEntries(members.map((node) => [node.hostName, hostVariables(input, node)]));
    const isWindows = members.some((node) => node.isWindows);
    children.push([system, { hosts, ...(isWindows && { vars: WINDOWS_VARIABLES }) }]);
  }
  for (const [name, isWindows] of [
    ['windows', true],
    ['allnowindows', false],
  ] as const) {
    const members = nodes.filter((node) => node.isWindows === isWindows);
    if (members.length > 0) {
      children.push([name, { hosts: Object.fromEntries(members.map(({ hostName }) => [hostName, {}])) }]);
    }
  }
  return Object.fromEntries(children);
}

const WINDOWS_VARIABLES: Variables = {
  ansible_connection: 'winrm',
  ansible_winrm_server_cert_validation: 'ignore',
};

function hostVariables(input: PlanInput, node: PlannedNode): Variables {
  const { vm } = node;
  const route = input.routes.get(vm.number) ?? {
    host: node.privateAddress ?? node.address,
    port: remoteAccessPort(vm),
  };
  const user = input.users.get(vm.number);
  const tls = tlsCertificates(vm.info);
  return {
    ...Object.assign({}, ...node.interfaces.map(({ index, ip, name }) => interfaceVariables(index, ip, name))),
    ansible_host: route.host,
    ansible_ssh_host: route.host,
    ansible_port: route.port,
    ansible_ssh_port: route.port,
    ...(user !== undefined && { ansible_user: user, ansible_ssh_user: user }),
    ...(vm.number === input.masterVm && { ansible_connection: 'local' }),
    ...(node.publicAddress !== undefined && { IM_NODE_PUBLIC_IP: node.publicAddress }),
    IM_NODE_PRIVATE_IP: node.privateAddress ?? node.address,
    ...nameVariables('IM_NODE_', node.name),
    IM_NODE_NUM: String(vm.number),
    ...(vm.providerId !== null && { IM_NODE_VMID: vm.providerId }),
    IM_NODE_CLOUD_TYPE: vm.cloudType,
    ...(vm.cloudServer !== '' && { IM_NODE_CLOUD_SERVER: vm.cloudServer }),
    ...applicationVariables(vm),
    ...(tls !== undefined && { IM_NODE_TLS_CERTIFICATES: tls }),
    // An extra variable in the reference, where each VM has a process of its own.
    IM_HOST: node.hostName,
  };
}

/** Nothing for an interface without address; names only where the document gives the interface one of its own. */
function interfaceVariables(index: number, ip: string | undefined, name: NodeName | undefined): Variables {
  if (ip === undefined) return {};
  const prefix = `IM_NODE_NET_${index}_`;
  return { [`${prefix}IP`]: ip, ...(name !== undefined && nameVariables(prefix, name)) };
}

function nameVariables(prefix: string, { hostname, domain, fqdn }: NodeName): Variables {
  return { [`${prefix}HOSTNAME`]: hostname, [`${prefix}DOMAIN`]: domain, [`${prefix}FQDN`]: fqdn };
}

function applicationVariables(vm: ConfigurableVm): Variables {
  const [system] = vm.info.systems;
  if (system === undefined) return {};
  const variables: Variables = {};
  for (const application of applications(system)) {
    const name = application.getText('name')?.toUpperCase();
    if (!name) continue;
    for (const property of ['path', 'version']) {
      const value = application.getValue(property);
      if (value !== undefined && value !== '') variables[`IM_APP_${name}_${property.toUpperCase()}`] = String(value);
    }
  }
  return variables;
}

function globalVariables(input: PlanInput): Variables {
  return {
    ...systemCounts(input.vms),
    ...masterVariables(input),
    IM_INFRASTRUCTURE_ID: input.infrastructureId,
    IM_INFRASTRUCTURE_RADL: documentVariable(input.radl),
    IM_INFRASTRUCTURE_AUTH: input.infrastructureToken,
  };
}

/** Living VMs of each system, also those that are left out of the run. */
function systemCounts(vms: readonly ConfigurableVm[]): Variables {
  const counts = new Map<string, number>();
  for (const vm of vms) {
    if (!vm.isDeleting) counts.set(vm.systemName, (counts.get(vm.systemName) ?? 0) + 1);
  }
  return Object.fromEntries(
    [...counts].map(([system, count]) => [`IM_${system.toUpperCase()}_NUM_VMS`, String(count)]),
  );
}

function masterVariables(input: PlanInput): Variables {
  const master = input.vms.find((vm) => vm.number === input.masterVm);
  if (master !== undefined) return nameVariables('IM_MASTER_', vmName(master, input.settings));
  const [external] = externalAnsibleHosts(input.radl);
  // The trailing dot of the reference: its domain is empty (§4, measured).
  return external === undefined
    ? {}
    : nameVariables('IM_MASTER_', { hostname: external.host, domain: '', fqdn: `${external.host}.` });
}

function documentVariable(radl: Radl): unknown {
  return inventoryJson(visibleRadl(radl)).map(maskDocument);
}
