// SPDX-License-Identifier: Apache-2.0
// The body of the call that creates a node as a Swarm service with one replica (docker.md §3.2).
import type { LaunchRequest, LaunchVm } from '../connector.js';
import { bootstrapCommand, PASSWORD_VARIABLE } from './bootstrap.js';
import { mounts } from './container-body.js';
import type { Engine } from './engine.js';
import { hostName, type LaunchPlan, nodeLabels } from './launch-plan.js';
import { networkAliases } from './network.js';
import type { DiskMount } from './storage.js';

/** The SSH server ends at once when asked; a container that does not has nothing to save either. */
const STOP_NANOSECONDS = 2e9;

/**
 * Body of `POST /services/create`. The password is part of the environment: a service cannot be given a file, and each new task of the
 * service has to set it again.
 */
export function serviceBody(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: LaunchPlan,
  disks: readonly DiskMount[],
  name: string,
  password: string,
): object {
  const { host } = hostName(engine, plan.system, vm.number);
  const limits = {
    ...(plan.memoryBytes !== undefined && { MemoryBytes: plan.memoryBytes }),
    ...(plan.nanoCpus !== undefined && { NanoCPUs: plan.nanoCpus }),
  };
  const labels = nodeLabels(engine, request, plan.system, vm);
  return {
    Name: name,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: plan.image.text,
        // `Command` replaces the entry point of the image.
        Command: bootstrapCommand(),
        Env: [...plan.environment, `${PASSWORD_VARIABLE}=${password}`],
        Hostname: host,
        Labels: labels,
        Mounts: mounts(disks),
        StopGracePeriod: STOP_NANOSECONDS,
        User: 'root',
      },
      Resources: { Limits: limits },
      Networks: plan.privateNetworks.map((network) => ({
        Target: network.providerId,
        Aliases: networkAliases(engine, plan.system, network.interfaceIndex, vm.number),
      })),
    },
    Mode: { Replicated: { Replicas: 1 } },
    ...(plan.hasPublicNetwork && {
      EndpointSpec: {
        Ports: plan.ports.map(({ protocol, localPort, hostPort }) => ({
          Protocol: protocol,
          TargetPort: localPort,
          // Without published port the Swarm chooses a free one.
          ...(hostPort !== undefined && { PublishedPort: hostPort }),
        })),
      },
    }),
  };
}
