// SPDX-License-Identifier: Apache-2.0
// Network interfaces of a machine: by Port nodes, or by what its endpoints ask for (spec tosca 8.5).
import { type Features, isPublicNetwork, type Network } from '../radl/index.js';
import { type NetworkWish, networkWish } from './endpoints.js';
import { ToscaError } from './error.js';
import { addOutports } from './outports-text.js';
import { pythonRepr, pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import type { NodeTemplate } from './template.js';
import { propertyOf, type Translation } from './translation.js';
import { isList, isTruthy, type Value } from './value.js';

/** Adds names, connections and the networks that they need. @throws ToscaError for ports and bindings that are wrong */
export function addInterfaces(translation: Translation, compute: NodeTemplate, features: Features): void {
  const wish = networkWish(translation, compute);
  if (wish.dnsName !== '') {
    put(features, 'net_interface.0.dns_name', wish.dnsName);
    addName(features, 0, 0, wish.dnsName, wish.tls);
  }
  if (wish.additionalIp !== '') put(features, 'net_interface.0.additional_ip', wish.additionalIp);
  const ports = translation.ports.get(compute.name) ?? [];
  if (ports.length > 0) bindPorts(translation, compute, features, ports, wish);
  else connect(translation, features, wish);
}

function addName(features: Features, interfaceNumber: number, nameNumber: number, name: string, tls: boolean): void {
  const property = `net_interface.${interfaceNumber}.dns.${nameNumber}`;
  put(features, `${property}.name`, name);
  if (tls) put(features, `${property}.tls`, 'true');
}

function bindPorts(
  translation: Translation,
  compute: NodeTemplate,
  features: Features,
  ports: readonly NodeTemplate[],
  wish: NetworkWish,
): void {
  const bound: Network[] = [];
  for (const port of ports) bound.push(bindPort(translation, compute, features, port));
  const network = bound.findLast(isPublicNetwork) ?? bound[0];
  if (network !== undefined) addOutports(network.features, wish.ports);
}

function bindPort(translation: Translation, compute: NodeTemplate, features: Features, port: NodeTemplate): Network {
  const link = port.requirements.find(({ name }) => name === 'link');
  if (link !== undefined && link.target === undefined) {
    throw new ToscaError(`Incorrect link in Port node ${compute.name}`);
  }
  const network = translation.builder.network(link?.target ?? '');
  if (network === undefined) {
    throw new ToscaError(
      `Node ${compute.name} with a port binded to a non existing network: ${link?.target ?? 'None'}.`,
    );
  }
  const order = portOrder(propertyOf(translation, port, 'order'), port);
  const text = (name: string): string => {
    const value = propertyOf(translation, port, name);
    return isTruthy(value) ? pythonText(value) : '';
  };
  const tls = isTruthy(propertyOf(translation, port, 'tls'));
  const prefix = `net_interface.${order}`;
  put(features, `${prefix}.connection`, network.id);
  if (text('ip_address') !== '') put(features, `${prefix}.ip`, text('ip_address'));
  if (text('dns_name') !== '') addName(features, order, 0, text('dns_name'), tls);
  if (text('additional_ip') !== '') put(features, `${prefix}.additional_ip`, text('additional_ip'));
  const names = propertyOf(translation, port, 'additional_dns_names');
  // Numbered from 0 too, so that the first one takes the place of `dns_name`: kept from the reference.
  for (const [index, name] of (isList(names) ? names : []).entries())
    addName(features, order, index, pythonText(name), tls);
  return network;
}

const MAX_ORDER = 999;

/** Number of the interface that a Port stands for. */
function portOrder(value: Value, port: NodeTemplate): number {
  const order = value === null ? 0 : Number(pythonText(value));
  if (Number.isInteger(order) && order >= 0 && order <= MAX_ORDER) return order;
  throw new ToscaError(
    `The order ${pythonRepr(value)} of Port node "${port.name}" is not a number from 0 to ${MAX_ORDER}.`,
  );
}

function connect({ builder }: Translation, features: Features, wish: NetworkWish): void {
  let next = 0;
  let privateNetwork: Network | undefined;
  if (!wish.isPublic || wish.wantsPrivateAddress) {
    privateNetwork = builder.firstPrivateNetwork() ?? builder.addNetwork('private_net', false);
    if (!wish.isPublic) addOutports(privateNetwork.features, wish.ports);
    put(features, `net_interface.${next}.connection`, privateNetwork.id);
    next += 1;
  }
  let publicNetwork: Network | undefined;
  if (wish.isPublic) {
    publicNetwork = builder.addPublicNetwork();
    addOutports(publicNetwork.features, wish.ports);
    put(features, `net_interface.${next}.connection`, publicNetwork.id);
    for (const [index, name] of wish.additionalDnsNames.entries()) addName(features, next, index, name, wish.tls);
  }
  // Without a provider id the pool has no effect either.
  if (wish.providerId === undefined) return;
  const publicId = wish.pool ?? (privateNetwork === undefined ? wish.providerId : undefined);
  if (privateNetwork !== undefined) put(privateNetwork.features, 'provider_id', wish.providerId);
  if (publicNetwork !== undefined && publicId !== undefined) put(publicNetwork.features, 'provider_id', publicId);
}
