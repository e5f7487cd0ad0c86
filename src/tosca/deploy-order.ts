// SPDX-License-Identifier: Apache-2.0
// The order of deploys, and the private networks of several clouds (spec tosca 8.8).
import { type Deploy, isPublicNetwork, networkIds, type Radl, type System } from '../radl/index.js';
import { put } from './radl-feature.js';
import type { RadlBuilder, Translation } from './translation.js';

/** Machines with public addresses first, among them workers (`wn` in the name) last; otherwise document order. */
export function sortDeploys(builder: RadlBuilder): void {
  const rank = ({ system }: Deploy): number => {
    const target = builder.system(system);
    const isPublic = target !== undefined && networkIds(target).some((id) => isPublicId(builder, id));
    if (!isPublic) return 2;
    return system.includes('wn') ? 1 : 0;
  };
  const { deploys } = builder.radl;
  deploys.sort((left, right) => rank(left) - rank(right));
}

function isPublicId(builder: RadlBuilder, id: string): boolean {
  const network = builder.network(id);
  return network !== undefined && isPublicNetwork(network);
}

/** Features that say what a network is at its provider; they move with it. */
const PROVIDER_FEATURES = ['provider_id', 'cidr', 'create', 'router', 'outports'];

/** Scheme and host of the image, which stand for the cloud; undefined without image. */
function cloudOf(system: System | undefined): { readonly cloud: string; readonly host: string } | undefined {
  const url = system?.features.getText('disk.0.image.url');
  const match = url === undefined ? null : /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url);
  if (match === null) return undefined;
  const [cloud, , host = ''] = match;
  const place = host.slice(host.indexOf('@') + 1);
  const port = place.indexOf(':', place.lastIndexOf(']') + 1);
  return { cloud, host: port === -1 ? place : place.slice(0, port) };
}

/** Gives each cloud its own private networks: a network belongs to the first cloud that uses it. */
export function splitNetworksByCloud(translation: Translation): void {
  const { builder, infrastructure, groups } = translation;
  const owners = new Map<string, string>();
  const owned = new Map<string, string>();
  const own = (network: string, cloud: string): void => {
    if (!owners.has(network)) owners.set(network, cloud);
    if (!owned.has(cloud)) owned.set(cloud, network);
  };
  for (const group of groups.values()) {
    const vm = group.at(-1);
    const system = vm?.info.systems[0];
    const place = cloudOf(system) ?? cloudOf(vm?.requested.systems[0]);
    if (system === undefined || place === undefined || infrastructure === undefined) continue;
    for (const id of networkIds(system)) {
      if (!isPublicIn(infrastructure.radl, id) && !owners.has(id)) own(id, place.cloud);
    }
  }
  const deployed = new Set(builder.radl.deploys.map(({ system }) => system));
  for (const system of builder.systems) {
    const place = deployed.has(system.name) ? cloudOf(system) : undefined;
    if (place === undefined) continue;
    for (const [index, id] of networkIds(system).entries()) {
      const network = builder.network(id);
      if (network === undefined || isPublicNetwork(network)) continue;
      const owner = owners.get(id);
      if (owner === undefined) own(id, place.cloud);
      if (owner === undefined || owner === place.cloud) continue;
      const connected = owned.get(place.cloud) ?? moveNetwork(builder, id, place.host);
      own(connected, place.cloud);
      put(system.features, `net_interface.${index}.connection`, connected);
    }
  }
}

function isPublicIn(radl: Radl, id: string): boolean {
  const network = radl.getNetwork(id);
  return network !== undefined && isPublicNetwork(network);
}

/** A new private network of the cloud, which takes over what the old one is at its provider. */
function moveNetwork(builder: RadlBuilder, id: string, host: string): string {
  const network = builder.addNetwork(`private.${host}`, false);
  const old = builder.network(id);
  for (const property of PROVIDER_FEATURES) {
    const value = old?.features.getText(property);
    if (value === undefined) continue;
    put(network.features, property, value);
    old?.features.delete(property);
  }
  return network.id;
}

/** Connects every system to something (spec tosca 8.14). */
export function completeNetworks(builder: RadlBuilder): void {
  const { networks } = builder.radl;
  if (networks.length === 0) builder.addNetwork('public', true);
  const fallback = networks.find(isPublicNetwork) ?? networks.at(-1);
  for (const { features } of builder.systems) {
    if (fallback !== undefined && !features.has('net_interface.0.connection')) {
      put(features, 'net_interface.0.connection', fallback.id);
    }
  }
}
