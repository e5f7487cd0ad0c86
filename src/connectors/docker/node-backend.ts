// SPDX-License-Identifier: Apache-2.0
// How the engine runs nodes: as containers, or as services when it is part of a Swarm.
import type { CloudState } from '../../domain/index.js';
import type { LaunchOutcome, LaunchRequest, LaunchVm, Observation, ProviderVm, VmReference } from '../connector.js';
import type { LaunchPlan } from './launch-plan.js';

/** The node operations that differ between a plain engine and a Swarm. Failures of a launch are outcomes, other failures are thrown. */
export interface NodeBackend {
  /** Launches a VM; a VM of the same token that exists already is completed and taken. */
  launch(request: LaunchRequest, vm: LaunchVm, plan: LaunchPlan): Promise<LaunchOutcome>;
  find(tokens: readonly string[], infrastructureId: string, signal: AbortSignal): Promise<readonly ProviderVm[]>;
  /** Everything with a launch token, of whatever infrastructure. */
  listMarked(signal: AbortSignal): Promise<readonly ProviderVm[]>;
  adopt(request: LaunchRequest, vm: LaunchVm, plan: LaunchPlan, found: ProviderVm): Promise<LaunchOutcome>;
  observe(vms: readonly VmReference[], signal: AbortSignal): Promise<readonly Observation[]>;
  destroy(vm: VmReference, signal: AbortSignal): Promise<void>;
  /** Deletes a node by its id and waits until it is gone. */
  remove(providerId: string, signal: AbortSignal): Promise<void>;
  start(vm: VmReference, signal: AbortSignal): Promise<CloudState>;
  stop(vm: VmReference, signal: AbortSignal): Promise<CloudState>;
  reboot(vm: VmReference, signal: AbortSignal): Promise<CloudState>;
}
