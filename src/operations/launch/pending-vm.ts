// SPDX-License-Identifier: Apache-2.0
// A VM that is still to be launched, and what its launch tells the provider.
import type { CallHome, CloudConnector, LaunchRequest, LaunchVm } from '../../connectors/index.js';
import {
  type Infrastructure,
  launchToken,
  personBehind,
  type Resource,
  type VirtualMachine,
} from '../../domain/index.js';
import type { OperationContext } from '../context.js';
import type { AskedLaunch } from './orphans.js';
import { launchServiceUrl } from './request.js';
import type { PartsBySystem } from './vm-document.js';

/** What the units of a launch have in common. */
export interface LaunchShared {
  readonly infrastructure: Infrastructure;
  readonly parts: PartsBySystem;
  /** VMs of the infrastructure by number. */
  readonly vms: ReadonlyMap<number, VirtualMachine>;
  /** Intents of the operation by the number of their VM. */
  readonly resources: ReadonlyMap<number, Resource>;
}

/** A VM that is still to be launched, with its ledger entry. */
export interface PendingVm {
  readonly vm: VirtualMachine;
  readonly resource: Resource;
  generation: number;
  readonly failures: string[];
  /** The last try, also one before a crash, may have left a VM at the provider: its token stays the one to ask for. */
  mayExist: boolean;
  /** What the next try tells the machine. */
  callHome?: CallHome;
}

/** Names the VM at its provider; known there before the create call. */
export function token({ vm, generation }: PendingVm): string {
  return launchToken(vm.infrastructureId, vm.number, generation);
}

/** What a later look for orphans needs of the launch. */
export function askedLaunch(entry: PendingVm): AskedLaunch {
  return { vm: entry.vm, resource: entry.resource, token: token(entry) };
}

/** One call for the given VMs, all of one system. */
export function launchRequest(
  context: OperationContext,
  { infrastructure, parts }: LaunchShared,
  connector: CloudConnector,
  entries: readonly PendingVm[],
): LaunchRequest {
  const { operation, environment, workspace } = context;
  const [first] = entries;
  return {
    infrastructureId: infrastructure.id,
    username: personBehind(operation.caller),
    serviceUrl: launchServiceUrl(operation),
    concrete: parts.addTo(first?.vm.info ?? infrastructure.radl),
    requested: parts.addTo(first?.vm.requested ?? infrastructure.radl),
    vms: entries.map(
      (entry): LaunchVm => ({
        number: entry.vm.number,
        token: token(entry),
        ...(entry.callHome !== undefined && { callHome: entry.callHome }),
      }),
    ),
    resources: workspace.ledger.recorder(operation.id, connector, environment.now, environment.newId),
    signal: context.signal,
  };
}
