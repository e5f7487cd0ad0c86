// SPDX-License-Identifier: Apache-2.0
// The live document of a node: what the launch decided and what the engine says, written into the RADL (docker.md §3, §4).
import {
  formatOutports,
  hasPublicNetwork,
  isPublicNetwork,
  type Network,
  networkOutports,
  printRadl,
  type Radl,
} from '../../radl/index.js';
import { assignIps, type PrivateAddress } from '../shared/assign-ips.js';
import { systemOf } from '../shared/first-system.js';
import { dockerNetworkName } from '../shared/network-names.js';
import type { Engine } from './engine.js';
import { type LaunchPlan, lastPublicNetwork, SSH_PORT } from './launch-plan.js';
import type { DiskMount } from './storage.js';
import type { PublishedPort } from './views.js';

/** User that nodes are logged in to with. */
export const NODE_USER = 'root';

/** What the launch of one VM decided. */
export interface LaunchFacts {
  readonly providerId: string;
  readonly name: string;
  readonly password: string;
  readonly disks: readonly DiskMount[];
}

/** What the engine says about the connections of a running node. */
export interface NodeConnections {
  readonly ports: readonly PublishedPort[];
  /** Addresses by name of the engine's network. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

/** The document of a VM at launch, before its connections are known. */
export function launchedDocument(concrete: Radl, plan: LaunchPlan, facts: LaunchFacts): Radl {
  const info = concrete.clone();
  const { features } = systemOf(info);
  features.setText('instance_id', facts.providerId);
  features.setText('instance_name', facts.name);
  features.setText('disk.0.os.credentials.username', NODE_USER);
  features.setText('disk.0.os.credentials.password', facts.password);
  for (const { disk, source, isOurs } of facts.disks) {
    features.setText(`disk.${disk}.device`, source);
    if (isOurs) features.setText(`disk.${disk}.created`, 'yes');
  }
  for (const { networkId, name } of plan.privateNetworks) {
    info.getNetwork(networkId)?.features.setText('provider_id', name);
  }
  return info;
}

/**
 * The document with the present addresses and the present SSH port.
 * @param isNew the node was started a moment ago
 * @returns undefined when nothing changed
 */
export async function connectedDocument(
  engine: Engine,
  infrastructureId: string,
  info: Radl,
  connections: NodeConnections,
  isNew: boolean,
  signal: AbortSignal,
): Promise<Radl | undefined> {
  const updated = info.clone();
  const isPublic = hasPublicNetwork(updated, systemOf(updated).name);
  const sshPort = connections.ports.find(({ localPort, protocol }) => localPort === SSH_PORT && protocol === 'tcp');
  const publicIp = isPublic ? await engine.publicAddress.find(sshPort?.hostPort, isNew, signal) : undefined;
  assignIps(updated, {
    publicIps: publicIp === undefined ? [] : [publicIp],
    privateIps: privateAddresses(updated, infrastructureId, connections.addresses),
    privateNetMasks: engine.environment.settings.privateNetMasks,
    now: engine.environment.now,
  });
  if (isPublic && sshPort !== undefined) setSshPort(updated, sshPort.hostPort);
  return printRadl(updated) === printRadl(info) ? undefined : updated;
}

/**
 * The addresses in the networks of the document. The engine's own bridge is not one of them: its address counts only for a node that has
 * no other.
 */
function privateAddresses(
  info: Radl,
  infrastructureId: string,
  addresses: NodeConnections['addresses'],
): readonly PrivateAddress[] {
  const known: PrivateAddress[] = [];
  const others: PrivateAddress[] = [];
  for (const [name, list] of addresses) {
    const network = info.networks.find(
      (candidate) =>
        !isPublicNetwork(candidate) &&
        (candidate.features.getText('provider_id') === name ||
          dockerNetworkName(infrastructureId, candidate.id) === name),
    );
    for (const address of list) {
      if (network === undefined) others.push({ address });
      else known.push({ address, networkId: network.id });
    }
  }
  return known.length > 0 ? known : others;
}

/**
 * Puts the mapping of the SSH port in front of the outports; ranges and all other entries stay as they are, other mappings of
 * the SSH port go, since the last one would win. The port is looked up in the last public network of a document even when the VM is
 * not connected to it (radl.md §12.4), so that one gets it as well.
 */
function setSshPort(info: Radl, hostPort: number): void {
  const connected = lastPublicNetwork(info, systemOf(info));
  const last = info.networks.findLast(isPublicNetwork);
  for (const network of new Set([connected, last])) {
    if (network !== undefined) setMapping(network, hostPort);
  }
}

function setMapping(network: Network, hostPort: number): void {
  const others = (networkOutports(network) ?? []).filter(
    ({ isRange, localPort, protocol }) => isRange || localPort !== SSH_PORT || protocol !== 'tcp',
  );
  const ssh = { remotePort: hostPort, localPort: SSH_PORT, protocol: 'tcp' as const, isRange: false };
  network.features.setText('outports', formatOutports([ssh, ...others]));
}
