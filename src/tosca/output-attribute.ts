// SPDX-License-Identifier: Apache-2.0
// Attributes in outputs: what is known of the machines (spec tosca 10).
import { interfaceIp, isPublicNetwork, networkIds, networkOutports, privateIp, publicIp } from '../radl/index.js';
import { ansibleOutput } from './ansible-output.js';
import { containerGroup } from './container-networks.js';
import { hostOf } from './graph.js';
import type { VmGroups, VmView } from './infrastructure.js';
import { credentialOf } from './output-credential.js';
import { functionCredential, functionUrl } from './output-function.js';
import { pythonText } from './python-text.js';
import { atIndex, FUNCTION, INDIGO_COMPUTE, PORT } from './recipe-attribute.js';
import type { AttributeRequest, Scope } from './scope.js';
import { CONTAINER_APPLICATION } from './sources.js';
import type { NodeTemplate } from './template.js';
import { asNumber, isList, isMap, type Value } from './value.js';

/** The value of an attribute; null when there is no machine, or no such attribute. */
export function outputAttribute(groups: VmGroups, request: AttributeRequest, scope: Scope): Value {
  const vms = groupOfNode(groups, request.node, scope);
  const [vm] = vms;
  if (vm === undefined) return null;
  const { node, attribute, capability, index, keys } = request;
  const isCompute = node.type === INDIGO_COMPUTE;
  switch (attribute) {
    case 'tosca_id':
      return vm.providerId;
    case 'tosca_name':
      return node.name;
    case 'ctxt_log':
      return isCompute ? vm.log : null;
    case 'private_address':
      return isCompute ? eachOrOne(vms, index, privateAddress) : privateAddress(vm);
    case 'public_address':
      return isCompute ? eachOrOne(vms, index, publicAddress) : publicAddress(vm);
    case 'ip_address':
      return ipAddress(node, vm);
    case 'credential':
      if (capability === 'endpoint') return isCompute ? vmCredentials(vms, index, keys) : null;
      return node.rootType === FUNCTION ? walk(functionCredential(node, vm, scope), keys) : null;
    case 'tls_certificates':
      return isCompute && capability === 'endpoint' ? walk(certificatesOf(vm), keys) : null;
    case 'ansible_output':
      return isCompute ? walk(tasksOf(vm), index === undefined ? keys : [String(index), ...keys]) : null;
    case 'endpoint':
      return node.rootType === FUNCTION ? functionUrl(node, vm, scope) : null;
    case 'endpoints':
      return node.rootType === CONTAINER_APPLICATION ? atIndex(endpointsOf(vm), index) : null;
    default:
      return null;
  }
}

const readLogs = new WeakMap<VmView, Value>();

/** Logs are long, and documents ask for many of their lines. */
function tasksOf(vm: VmView): Value {
  const tasks = readLogs.get(vm) ?? ansibleOutput(vm.log);
  readLogs.set(vm, tasks);
  return tasks;
}

function groupOfNode(groups: VmGroups, node: NodeTemplate, scope: Scope): readonly VmView[] {
  if (node.rootType === CONTAINER_APPLICATION) {
    const name = containerGroup(groups, scope.template, node);
    return name === undefined ? [] : (groups.get(name) ?? []);
  }
  const host = hostOf(scope.template, node)?.name ?? node.name;
  return groups.get(host) ?? [];
}

/** All values, or that of one machine: an index that is too large means the last one. */
function eachOrOne(vms: readonly VmView[], index: number | undefined, read: (vm: VmView) => Value): Value {
  if (index === undefined) return vms.map(read);
  const vm = vms.at(Math.min(index, vms.length - 1));
  return vm === undefined ? null : read(vm);
}

function privateAddress({ info }: VmView): Value {
  return privateIp(info) ?? null;
}

function publicAddress({ info }: VmView): Value {
  return publicIp(info) ?? null;
}

function ipAddress(node: NodeTemplate, vm: VmView): Value {
  const system = vm.info.systems[0];
  if (node.rootType === PORT && system !== undefined) {
    return interfaceIp(system, asNumber(node.properties.get('order')) ?? 0) ?? null;
  }
  return publicAddress(vm) ?? privateAddress(vm);
}

function vmCredentials(vms: readonly VmView[], index: number | undefined, keys: readonly Value[]): Value {
  return eachOrOne(vms, index, (vm) => walk(credentialOf(vm), keys));
}

function certificatesOf({ info }: VmView): Value {
  const features = info.systems[0]?.features;
  const certificates = new Map<string, Value>();
  for (const property of features?.names() ?? []) {
    const match = /^(net_interface\.\d+\.dns\.\d+)\.name$/.exec(property);
    const name = match === null ? undefined : features?.getText(property);
    const cert = match === null ? undefined : features?.getText(`${match[1]}.tls.certificate`);
    const key = match === null ? undefined : features?.getText(`${match[1]}.tls.private_key`);
    if (name === undefined || cert === undefined || key === undefined) continue;
    certificates.set(
      name,
      new Map([
        ['cert', cert],
        ['key', key],
      ]),
    );
  }
  return certificates;
}

/** Ports of the public network behind DNS name and address, then those of the private one behind the system's name. */
function endpointsOf({ info, requested }: VmView): readonly Value[] {
  const system = info.systems[0] ?? requested.systems[0];
  if (system === undefined) return [];
  const dnsName =
    system.features.getText('net_interface.0.dns_name') ?? system.features.getText('net_interface.0.dns.0.name');
  const connected = info.networks.filter(({ id }) => networkIds(system).includes(id));
  const endpoints: Value[] = [];
  for (const network of connected.filter(isPublicNetwork)) {
    for (const { remotePort } of networkOutports(network) ?? []) {
      const isFirst = endpoints.length === 0 && dnsName !== undefined && dnsName !== '';
      endpoints.push(isFirst ? dnsName : `${publicIp(info) ?? 'None'}:${remotePort}`);
    }
  }
  for (const network of connected.filter((candidate) => !isPublicNetwork(candidate))) {
    for (const { localPort } of networkOutports(network) ?? []) endpoints.push(`${system.name}:${localPort}`);
  }
  return endpoints;
}

/** Follows keys into maps and lists; null as soon as something is missing. */
function walk(value: Value, keys: readonly Value[]): Value {
  let current = value;
  for (const key of keys) {
    const name = pythonText(key);
    if (isMap(current)) current = current.get(name) ?? null;
    else if (isList(current)) current = current.at(Number(name)) ?? null;
    else return null;
  }
  return current;
}
