// SPDX-License-Identifier: Apache-2.0
// Attributes in recipes: Ansible expressions that are evaluated when the recipe runs (spec tosca 7.7).
import { containerNetworks } from './container-networks.js';
import { faasDnsHost } from './faas-host.js';
import { hostOf } from './graph.js';
import { pythonText } from './python-text.js';
import type { AttributeRequest, Scope } from './scope.js';
import { CONTAINER_APPLICATION } from './sources.js';
import type { NodeTemplate } from './template.js';
import { asNumber, type Value } from './value.js';

/** The node type whose addresses are lists. */
export const INDIGO_COMPUTE = 'tosca.nodes.indigo.Compute';
/** Root type of network interfaces. */
export const PORT = 'tosca.nodes.network.Port';
/** Root type of functions. */
export const FUNCTION = 'tosca.nodes.aisprint.FaaS.Function';

const ADDRESS_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['private_address', 'IM_NODE_PRIVATE_IP'],
  ['public_address', 'IM_NODE_PUBLIC_IP'],
]);

/** The expression, or null when the attribute has none. */
export function recipeAttribute(request: AttributeRequest, scope: Scope): Value {
  const { node, attribute } = request;
  const host = hostFor(scope, node);
  const address = ADDRESS_VARIABLES.get(attribute);
  if (address !== undefined) return addressOf(request, host, address);
  const isHere = request.entity === 'SELF' || request.entity === 'HOST';
  switch (attribute) {
    case 'tosca_id':
      return isHere ? '{{ IM_NODE_VMID }}' : `{{ ${ofFirst(host, 'IM_NODE_VMID')} }}`;
    case 'tosca_name':
      return node.name;
    case 'tls_certificates':
      return request.capability === 'endpoint' ? certificates(request, host, isHere) : null;
    case 'ip_address':
      return ipAddress(request, host);
    case 'endpoint':
      return node.rootType === FUNCTION ? functionEndpoint(node, scope) : null;
    case 'endpoints':
      return node.rootType === CONTAINER_APPLICATION ? containerEndpoints(request, host, scope) : null;
    default:
      return null;
  }
}

/** The machine of a node; containers and functions without one stand for themselves. */
function hostFor(scope: Scope, node: NodeTemplate): string {
  const host = hostOf(scope.template, node);
  return host?.name ?? (node.rootType === FUNCTION || node.rootType === CONTAINER_APPLICATION ? node.name : 'None');
}

function ofFirst(host: string, variable: string): string {
  return `hostvars[groups['${host}'][0]]['${variable}']`;
}

function addressOf({ node, entity, index }: AttributeRequest, host: string, variable: string): Value {
  if (node.type === INDIGO_COMPUTE) {
    if (index !== undefined) return `{{ hostvars[groups['${host}'][${index}]]['${variable}'] }}`;
    return `{{ groups['${host}']|map('extract', hostvars,'${variable}')|list if '${host}' in groups else []}}`;
  }
  return entity === 'SELF' || entity === 'HOST' ? `{{ ${variable} }}` : `{{ ${ofFirst(host, variable)} }}`;
}

function certificates({ keys }: AttributeRequest, host: string, isHere: boolean): Value {
  const variable = isHere ? 'IM_NODE_TLS_CERTIFICATES' : ofFirst(host, 'IM_NODE_TLS_CERTIFICATES');
  const path = keys.map((key) => `['${pythonText(key).replaceAll("'", "\\'")}']`).join('');
  return `{{ ${variable}${path} }}`;
}

function ipAddress({ node, entity }: AttributeRequest, host: string): Value {
  if (node.rootType === PORT) {
    const order = asNumber(node.properties.get('order')) ?? 0;
    return `{{ ${ofFirst(host, `IM_NODE_NET_${order}_IP`)} }}`;
  }
  if (entity === 'HOST') return '{{ IM_NODE_PUBLIC_IP }}';
  const vars = `hostvars[groups['${host}'][0]]`;
  return `{{ ${ofFirst(host, 'IM_NODE_PUBLIC_IP')} if 'IM_NODE_PUBLIC_IP' in ${vars} else ${ofFirst(host, 'IM_NODE_PRIVATE_IP')}}}`;
}

function functionEndpoint(node: NodeTemplate, scope: Scope): Value {
  const name = faasDnsHost(node, scope);
  return name === undefined ? null : `https://${name}`;
}

function containerEndpoints({ node, index }: AttributeRequest, host: string, scope: Scope): Value {
  const [network] = containerNetworks(node, scope);
  if (network === undefined) return atIndex([], index);
  const entries = network.ports.map((port, position) => {
    if (!network.isPublic) return `${network.system}:${port.local}`;
    if (position === 0 && network.dnsName !== '') return network.dnsName;
    return `{{ ${ofFirst(host, 'IM_NODE_PUBLIC_IP')} }}:${port.remote}`;
  });
  return atIndex(entries, index);
}

/** One entry, or all of them without index. */
export function atIndex(entries: readonly Value[], index: number | undefined): Value {
  return index === undefined ? entries : (entries.at(index) ?? null);
}
