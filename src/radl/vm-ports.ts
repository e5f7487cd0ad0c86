// SPDX-License-Identifier: Apache-2.0
// The ports through which a virtual machine is reached, and its public networks (spec radl 12.4).
import { createNetwork, type Network, type System } from './aspects.js';
import { interfaceCount, interfaceIndexForNetwork } from './interfaces.js';
import { isPublicNetwork, lastPublicNetwork } from './network.js';
import { formatOutports, networkOutports, type Outport, type OutportProtocol } from './outports.js';
import type { Radl } from './radl.js';
import type { VmDocuments } from './vm-names.js';

const SSH_PORT = 22;
const WINRM_PORT = 5986;

/** `disk.0.os.name` of the machine, `linux` when it does not say. */
export function operatingSystem({ info }: Pick<VmDocuments, 'info'>): string {
  return info.systems[0]?.features.getText('disk.0.os.name') || 'linux';
}

/** The port that leads from outside to a local port; undefined when none does. The last matching outport wins. */
export function remotePort(
  { info }: Pick<VmDocuments, 'info'>,
  local: number,
  protocol: OutportProtocol = 'tcp',
): number | undefined {
  const network = lastPublicNetwork(info);
  const outport = network && networkOutports(network)?.findLast((entry) => leadsTo(entry, local, protocol));
  if (outport === undefined) return undefined;
  return outport.isRange ? local : outport.remotePort;
}

function leadsTo(outport: Outport, local: number, protocol: OutportProtocol): boolean {
  if (outport.protocol !== protocol) return false;
  return outport.isRange ? outport.remotePort <= local && local <= outport.localPort : outport.localPort === local;
}

/** The port for SSH. */
export function sshPort(vm: Pick<VmDocuments, 'info'>): number {
  return remotePort(vm, SSH_PORT) ?? SSH_PORT;
}

/** The port for WinRM. */
export function winrmPort(vm: Pick<VmDocuments, 'info'>): number {
  return remotePort(vm, WINRM_PORT) ?? WINRM_PORT;
}

/** The port for remote access: WinRM for Windows, else SSH. */
export function remoteAccessPort(vm: Pick<VmDocuments, 'info'>): number {
  return operatingSystem(vm).toLowerCase() === 'windows' ? winrmPort(vm) : sshPort(vm);
}

/** Makes the port for SSH known, when it differs from the current one. */
export function setSshPort(info: Radl, remote: number): void {
  if (sshPort({ info }) !== remote) setOutPort(info, SSH_PORT, remote);
}

/**
 * Records that `remote` leads to `local`, in the last public network of the document (made when there is none), and attaches the
 * machine to it. Other outports keep their meaning, also ranges and address blocks.
 */
export function setOutPort(info: Radl, local: number, remote: number, protocol: OutportProtocol = 'tcp'): void {
  if (remotePort({ info }, local, protocol) === remote) return;
  const network = lastPublicNetwork(info) ?? addPublicNetwork(info);
  const others = (networkOutports(network) ?? []).filter(
    (entry) => entry.isRange || entry.localPort !== local || entry.protocol !== protocol,
  );
  const outport: Outport = { remotePort: remote, localPort: local, protocol, isRange: false };
  network.features.setText('outports', formatOutports([outport, ...others]));
  const [system] = info.systems;
  if (system !== undefined && interfaceIndexForNetwork(system, network.id) === undefined) {
    system.features.setText(`net_interface.${interfaceCount(system)}.connection`, network.id);
  }
}

function addPublicNetwork(info: Radl): Network {
  let number = 0;
  while (info.getNetwork(`public.${number}`) !== undefined) number++;
  const network = createNetwork(`public.${number}`, true);
  info.add(network);
  return network;
}

/**
 * Takes the machine off its public networks: the next interface's connection and names move down (the last interface goes), the
 * public address is dropped.
 */
export function deletePublicNetworks(info: Radl): void {
  const [system] = info.systems;
  if (system === undefined) return;
  const count = interfaceCount(system);
  for (let index = 0; index < count; index++) {
    const id = system.features.getText(`net_interface.${index}.connection`);
    const network = id === undefined ? undefined : info.getNetwork(id);
    if (network !== undefined && isPublicNetwork(network)) takeNext(system, index);
  }
}

function takeNext({ features }: System, index: number): void {
  const current = `net_interface.${index}.`;
  const next = `net_interface.${index + 1}.`;
  const connection = features.getText(`${next}connection`);
  if (connection === undefined) features.delete(`${current}connection`);
  else features.setText(`${current}connection`, connection);
  features.delete(`${current}ip`);
  for (const property of ['dns_name', 'dns.0.name']) {
    const name = features.getText(next + property);
    if (name === undefined) continue;
    features.setText(current + property, name);
    features.delete(next + property);
  }
}
