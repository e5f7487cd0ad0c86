// SPDX-License-Identifier: Apache-2.0
// The body of the call that creates a node as a container of a plain engine (docker.md §3.1).
import type { LaunchRequest, LaunchVm } from '../connector.js';
import { bootstrapCommand } from './bootstrap.js';
import type { Engine } from './engine.js';
import { hostName, type LaunchPlan, nodeLabels, type PortMapping } from './launch-plan.js';
import { networkAliases } from './network.js';
import type { DiskMount } from './storage.js';

/**
 * Network that a container is created in. Published ports need one that leads outside, so a VM with a public network starts in the
 * engine's own bridge and is attached to its private networks afterwards; the VMs of an infrastructure that has only public networks reach
 * each other there too.
 */
export function firstNetwork(plan: LaunchPlan): string {
  return plan.hasPublicNetwork ? 'bridge' : (plan.privateNetworks[0]?.name ?? 'bridge');
}

/** Body of `POST /containers/create`. */
export function containerBody(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: LaunchPlan,
  disks: readonly DiskMount[],
): object {
  const { host, domain } = hostName(engine, plan.system, vm.number);
  const network = firstNetwork(plan);
  const firstPrivate = plan.privateNetworks.find(({ name }) => name === network);
  const [shell = '', flag = '', script = ''] = bootstrapCommand();
  return {
    Hostname: host,
    Domainname: domain,
    // As root and through our own shell, whatever user and entry point the image names.
    User: 'root',
    Entrypoint: [shell, flag],
    Cmd: [script],
    Image: plan.image.text,
    Env: plan.environment,
    Labels: nodeLabels(engine, request, plan.system, vm),
    ExposedPorts: Object.fromEntries([...exposedPorts(plan.ports)].map((port) => [port, {}])),
    ...(firstPrivate !== undefined && {
      NetworkingConfig: {
        EndpointsConfig: {
          [network]: { Aliases: networkAliases(engine, plan.system, firstPrivate.interfaceIndex, vm.number) },
        },
      },
    }),
    HostConfig: {
      NetworkMode: network,
      ...(plan.memoryBytes !== undefined && { Memory: plan.memoryBytes }),
      ...(plan.nanoCpus !== undefined && { NanoCpus: plan.nanoCpus }),
      Mounts: mounts(disks),
      PortBindings: portBindings(plan.ports),
      Privileged: plan.system.features.getText('docker.privileged') === 'yes',
    },
  };
}

/** Mounts, in the form that containers and services share. */
export function mounts(disks: readonly DiskMount[]): readonly object[] {
  return disks.map(({ kind, source, target }) => ({ Type: kind, Source: source, Target: target, ReadOnly: false }));
}

const portKey = ({ localPort, protocol }: PortMapping): string => `${localPort}/${protocol}`;

function exposedPorts(ports: readonly PortMapping[]): ReadonlySet<string> {
  return new Set(['22/tcp', ...ports.map(portKey)]);
}

/** An empty host port lets the engine choose a free one. */
function portBindings(ports: readonly PortMapping[]): object {
  const bindings = new Map<string, Set<string>>();
  for (const port of ports) {
    const hostPorts = bindings.get(portKey(port)) ?? new Set();
    hostPorts.add(port.hostPort === undefined ? '' : String(port.hostPort));
    bindings.set(portKey(port), hostPorts);
  }
  return Object.fromEntries(
    [...bindings].map(([key, hostPorts]) => [key, [...hostPorts].map((HostPort) => ({ HostPort }))]),
  );
}
