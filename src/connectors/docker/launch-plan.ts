// SPDX-License-Identifier: Apache-2.0
// What all VMs of one launch have in common: image, networks, ports, sizes (docker.md §3).
import { badRequest } from '../../domain/index.js';
import {
  isPublicNetwork,
  type Network,
  networkIds,
  networkOutports,
  type Outport,
  type Radl,
  requestedInterfaceName,
  type System,
} from '../../radl/index.js';
import type { LaunchRequest } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { parseImageUrl } from '../shared/image-candidates.js';
import { instanceTags } from '../shared/tags.js';
import type { Engine } from './engine.js';
import { environmentVariables } from './environment-variables.js';
import { type ImageReference, parseImageReference } from './image-reference.js';
import { LABEL_INFRASTRUCTURE, LABEL_LAUNCH, LABEL_VM } from './labels.js';
import type { PrivateNetwork } from './network.js';

/** Port of the SSH server in the node. */
export const SSH_PORT = 22;

/** A port of the node that is reachable from outside; without host port the engine chooses one. */
export interface PortMapping {
  readonly protocol: 'tcp' | 'udp';
  readonly localPort: number;
  readonly hostPort: number | undefined;
}

/** The common part of a launch. */
export interface LaunchPlan {
  readonly system: System;
  readonly image: ImageReference;
  readonly privateNetworks: readonly PrivateNetwork[];
  /** Nothing is published, and no public address is given, without a public network. */
  readonly hasPublicNetwork: boolean;
  /** Published ports, SSH first; empty without a public network. */
  readonly ports: readonly PortMapping[];
  /** `KEY=VALUE`. */
  readonly environment: readonly string[];
  readonly memoryBytes: number | undefined;
  /** Billionths of a CPU. */
  readonly nanoCpus: number | undefined;
}

/** The image of a concrete system. @throws ImError `bad-request` when it names none that the engine could run */
export function launchImage(concrete: Radl): ImageReference {
  const system = systemOf(concrete);
  const url = parseImageUrl(system.features.getTexts('disk.0.image.url')[0] ?? '');
  if (url.scheme !== 'docker' || url.authority === '') {
    throw badRequest(`System ${system.name} has no image of the form docker://name:tag.`);
  }
  return parseImageReference(`${url.authority}${url.path}`);
}

/** Collects what the VMs of a launch share. */
export function launchPlan(
  engine: Engine,
  request: LaunchRequest,
  image: ImageReference,
  privateNetworks: readonly PrivateNetwork[],
  cpuCount: number,
): LaunchPlan {
  const { concrete } = request;
  const system = systemOf(concrete);
  const publicNetwork = lastPublicNetwork(concrete, system);
  const memory = system.features.getNumber('memory.size', 'B');
  const cpus = system.features.getNumber('cpu.count');
  if (cpus !== undefined && cpus > cpuCount && cpuCount > 0) {
    engine.environment.logger.warn(
      `System ${system.name} asks for ${cpus} CPUs, ${engine.name} has ${cpuCount}: it gets all of them.`,
      { infId: request.infrastructureId },
    );
  }
  return {
    system,
    image,
    privateNetworks,
    hasPublicNetwork: publicNetwork !== undefined,
    ports: publicNetwork === undefined ? [] : portMappings(engine, request, networkOutports(publicNetwork) ?? []),
    environment: environmentVariables(system),
    memoryBytes: memory === undefined || memory <= 0 ? undefined : Math.round(memory),
    // The engine refuses more CPUs than its host has.
    nanoCpus: cpus === undefined || cpus <= 0 || cpuCount <= 0 ? undefined : Math.round(Math.min(cpus, cpuCount) * 1e9),
  };
}

/** The last public network of the document that the system is connected to: the one whose ports are published. */
export function lastPublicNetwork(document: Radl, system: System): Network | undefined {
  const connected = new Set(networkIds(system));
  return document.networks.findLast((network) => isPublicNetwork(network) && connected.has(network.id));
}

/** The user's mapping of the SSH port gives way to one that is certainly free; ranges cannot be published. */
function portMappings(engine: Engine, request: LaunchRequest, outports: readonly Outport[]): readonly PortMapping[] {
  const warn = (text: string): void => engine.environment.logger.warn(text, { infId: request.infrastructureId });
  const mappings: PortMapping[] = [{ protocol: 'tcp', localPort: SSH_PORT, hostPort: undefined }];
  for (const { protocol, isRange, localPort, remotePort, remoteCidr } of outports) {
    if (isRange) {
      warn('Port range not allowed in Docker connector. Ignoring.');
      continue;
    }
    if (protocol === 'icmp' || localPort === SSH_PORT) continue;
    if (remoteCidr !== undefined) {
      warn(`Docker cannot limit port ${remotePort} to ${remoteCidr}: it is open to all.`);
    }
    mappings.push({ protocol, localPort, hostPort: remotePort });
  }
  return mappings;
}

/** Host name of a VM: the requested one of its first interface. */
export function hostName(
  engine: Engine,
  system: System,
  vmNumber: number,
): { readonly host: string; readonly domain: string } {
  const { defaultVmName, defaultDomain } = engine.environment.settings;
  const name = requestedInterfaceName(system, 0, vmNumber, defaultVmName, defaultDomain);
  return { host: name?.host ?? '', domain: name?.domain ?? defaultDomain };
}

/** Labels of a node: the tags of the user and of the configuration, and ours, which nothing can replace. */
export function nodeLabels(
  engine: Engine,
  request: LaunchRequest,
  system: System,
  vm: { readonly number: number; readonly token: string },
): Readonly<Record<string, string>> {
  const { username, infrastructureId, serviceUrl } = request;
  const tags = instanceTags(system, { username, infrastructureId, serviceUrl }, engine.environment.settings);
  return {
    ...Object.fromEntries(tags),
    [LABEL_INFRASTRUCTURE]: infrastructureId,
    [LABEL_VM]: String(vm.number),
    [LABEL_LAUNCH]: vm.token,
  };
}
