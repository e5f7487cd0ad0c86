// SPDX-License-Identifier: Apache-2.0
// Existing machines, reached over SSH: nothing is created or removed, they are only configured (deployednode.md).
import type { CloudCredential } from '../../domain/index.js';
import { createSystem, type Radl, type System } from '../../radl/index.js';
import type {
  CandidateList,
  Capability,
  CloudConnector,
  ConnectorEnvironment,
  ConnectorType,
  LaunchOutcome,
  LaunchRequest,
} from '../connector.js';
import { notSupported, operationNotSupported } from '../shared/cloud-errors.js';
import { systemOf } from '../shared/first-system.js';
import { timeBasedId } from '../shared/instance-ids.js';
import { cancelledOutcome, vmNumberOfToken } from '../shared/launch-outcomes.js';

const CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>(['existing-hosts']);

const CREDENTIALS = 'disk.0.os.credentials';

/** `type = DeployedNode`: no key is needed; how to reach the machines is said in the RADL. */
export const deployedNodeType: ConnectorType = {
  type: 'DeployedNode',
  hasExistingHosts: true,
  connect: (cloud, environment) => createDeployedNodeConnector(cloud, environment),
};

function createDeployedNodeConnector(cloud: CloudCredential, environment: ConnectorEnvironment): CloudConnector {
  const refusePower = async (): Promise<never> => {
    throw operationNotSupported();
  };
  return {
    cloud,
    capabilities: CAPABILITIES,
    candidates: async (system) => candidates(system),
    launch: (request) => launch(request, environment),
    // The machines were there before: there is never one to find after a crash, the launch is simply done again.
    findByToken: async () => [],
    adopt: async (request, found) => ({
      number: vmNumberOfToken(request, found.token),
      ok: true,
      providerId: found.providerId,
      info: launchedDocument(request.requested),
      cloudState: 'running',
    }),
    observe: async (vms) => vms.map((vm) => ({ number: vm.number, ok: true, cloudState: vm.cloudState })),
    destroy: async () => {},
    start: refusePower,
    stop: refusePower,
    reboot: refusePower,
    alter: async () => {
      throw notSupported();
    },
  };
}

/** A system is served when it says where the machine is and how to log in; its image does not matter (deployednode.md §2). */
function candidates(system: System): CandidateList {
  const has = (property: string): boolean => (system.features.getText(property) ?? '') !== '';
  const missing: string[] = [];
  if (!has('net_interface.0.ip')) missing.push('net_interface.0.ip');
  if (!has(`${CREDENTIALS}.username`)) missing.push(`${CREDENTIALS}.username`);
  if (!has(`${CREDENTIALS}.password`) && !has(`${CREDENTIALS}.private_key`)) {
    missing.push(`${CREDENTIALS}.password or ${CREDENTIALS}.private_key`);
  }
  if (missing.length > 0) {
    return { candidates: [], refusals: [`an existing machine needs ${missing.join(', ')} in system ${system.name}`] };
  }
  return { candidates: [{ system: createSystem(system.name, system.features.clone()) }], refusals: [] };
}

async function* launch(request: LaunchRequest, environment: ConnectorEnvironment): AsyncGenerator<LaunchOutcome> {
  const system = systemOf(request.requested);
  if (request.vms.length > 1) {
    environment.logger.warn(
      `${request.vms.length} VMs of system ${system.name} are the same machine ${system.features.getText('net_interface.0.ip') ?? ''}: declare one system per existing machine.`,
      { infId: request.infrastructureId },
    );
  }
  for (const vm of request.vms) {
    if (request.signal.aborted) {
      yield cancelledOutcome(vm.number);
      continue;
    }
    yield {
      number: vm.number,
      ok: true,
      providerId: timeBasedId(environment.now(), vm.number),
      info: launchedDocument(request.requested),
      cloudState: 'running',
    };
  }
}

function launchedDocument(requested: Radl): Radl {
  const info = requested.clone();
  const { features } = systemOf(info);
  features.setText('state', 'running');
  features.setText('provider.type', 'DeployedNode');
  return info;
}
