// SPDX-License-Identifier: Apache-2.0
// `vm` cases: the reference's methods of a virtual machine on our helpers.
import {
  applications,
  applicationsToInstall,
  connectedNetwork,
  deletePublicNetworks,
  hasIp,
  hasPublicNetwork,
  interfaceCount,
  interfaceIndexForNetwork,
  interfaceIp,
  isConnectedWith,
  isTlsNeeded,
  operatingSystem,
  parseRadl,
  printRadl,
  privateIp,
  publicIp,
  type Radl,
  remoteAccessPort,
  remotePort,
  replaceDnsNames,
  requestedName,
  type System,
  setOutPort,
  setSshPort,
  sshPort,
  type VmDocuments,
  winrmPort,
} from '../../src/radl/index.js';
import { argument, type HelperCall, helperCall, listArgument, optionalText, textArgument } from './radl-arguments.js';
import { applicationResult, encode } from './radl-helpers.js';
import type { GoldenCase } from './suite.js';

interface Machine extends VmDocuments {
  readonly other: Radl;
}

type VmHelper = (vm: Machine, call: HelperCall) => unknown;

/** Runs the calls of a case on one machine. */
export function runVm(golden: GoldenCase): unknown {
  const info = parseRadl(golden.input ?? '');
  const vm: Machine = {
    info,
    requested: parseRadl(golden.input2 ?? golden.input ?? ''),
    number: Number(argument(golden, 'im_id') ?? 0),
    other: parseRadl(textArgument(golden, 'other')),
  };
  return listArgument(golden, 'calls').map((entry) => {
    const call = helperCall(entry);
    const helper = vmHelpers[call.name];
    if (helper === undefined) throw new Error(`unknown helper ${call.name}`);
    return encode(helper(vm, call));
  });
}

function systemOf(radl: Radl): System {
  const [system] = radl.systems;
  if (system === undefined) throw new Error('the machine has no system');
  return system;
}

function protocolOf(value: unknown): 'tcp' | 'udp' {
  return value === 'udp' ? 'udp' : 'tcp';
}

function nameOf(vm: Machine, index: number, host: unknown, domain: unknown): unknown {
  const name = requestedName(vm, { host: optionalText(host), domain: optionalText(domain) }, index);
  return name && [name.host, name.domain];
}

const vmHelpers: Readonly<Record<string, VmHelper>> = {
  getRequestedName: (vm, { values: [host, domain] }) => nameOf(vm, 0, host, domain),
  getRequestedNameIface: (vm, { values: [index, host, domain] }) => nameOf(vm, Number(index), host, domain),
  getPublicIP: ({ info }) => publicIp(info),
  getPrivateIP: ({ info }) => privateIp(info),
  hasPublicIP: ({ info }) => publicIp(info) !== undefined,
  hasPublicNet: ({ info }) => hasPublicNetwork(info, systemOf(info).name),
  hasIP: ({ info }, { values }) => hasIp(systemOf(info), String(values[0])),
  getNumNetworkIfaces: ({ info }) => interfaceCount(systemOf(info)),
  getNumNetworkWithConnection: ({ info }, { values }) => interfaceIndexForNetwork(systemOf(info), String(values[0])),
  getIfaceIP: ({ info }, { values }) => interfaceIp(systemOf(info), Number(values[0])),
  getOS: (vm) => operatingSystem(vm),
  getOutPort: (vm, { values: [local, protocol] }) => remotePort(vm, Number(local), protocolOf(protocol)),
  getSSHPort: (vm) => sshPort(vm),
  getWinRMPort: (vm) => winrmPort(vm),
  getRemoteAccessPort: (vm) => remoteAccessPort(vm),
  setSSHPort: ({ info }, { values }) => setSshPort(info, Number(values[0])),
  setOutPort: ({ info }, { values: [local, remote, protocol] }) =>
    setOutPort(info, Number(local), Number(remote), protocolOf(protocol)),
  info: ({ info }) => printRadl(info),
  getConnectedNet: ({ info }, { values }) => {
    const network = connectedNetwork(info, values[0] === true);
    return network && { network: network.id };
  },
  getAppsToInstall: (vm) => applicationsToInstall(vm).map(applicationResult),
  getRequestedApplications: ({ requested }) => applications(systemOf(requested)).map(applicationResult),
  getInstalledApplications: ({ info }) => applications(systemOf(info)).map(applicationResult),
  isConnectedWith: ({ info, other }) => isConnectedWith(info, other),
  replace_dns_name: (vm) => {
    replaceDnsNames(vm);
    return printRadl(vm.info);
  },
  delete_public_nets: ({ info }) => {
    deletePublicNetworks(info);
    return printRadl(info);
  },
  requires_tls_certificate: ({ info }) => isTlsNeeded(info),
};
