// SPDX-License-Identifier: Apache-2.0
// State words of VMs and infrastructures, how a VM's word is derived and how the words of the VMs make the infrastructure's.

/** Every state word that clients can meet (core.md §3). */
export const VM_STATES = [
  'pending',
  'running',
  'configured',
  'unconfigured',
  'stopped',
  'off',
  'failed',
  'unknown',
  'deleting',
] as const;

/** State word of a VM or of an infrastructure. */
export type VmState = (typeof VM_STATES)[number];

/** What a provider can say about a VM. The other words are derived. */
export type CloudState = 'pending' | 'running' | 'stopped' | 'off' | 'failed' | 'unknown';

/** The facts that a VM's state word is derived from. */
export interface VmStateFacts {
  /** Last state reported by the provider. */
  readonly cloudState: CloudState;
  /** Result of the configuration: null while it is queued, running or was never asked for. */
  readonly configured: boolean | null;
  /** A destroy call for this VM is running. */
  readonly isDeleting: boolean;
  /** The launch has not ended yet. */
  readonly isCreating: boolean;
  /** Time of the last successful answer of the provider, milliseconds since 1970. */
  readonly lastUpdate: number;
  /** The last question to the provider failed. */
  readonly isUpdateFailing: boolean;
}

/**
 * State word of a VM (core.md §3.1). A VM whose provider does not answer keeps its word for `graceMs` after the last answer.
 * @param infrastructureConfigured result of the infrastructure's own configuration steps; false lowers every running VM
 * @param now milliseconds since 1970
 */
export function deriveVmState(
  vm: VmStateFacts,
  infrastructureConfigured: boolean | null,
  now: number,
  graceMs: number,
): VmState {
  if (vm.isDeleting) {
    return 'deleting';
  }
  if (vm.isCreating) {
    return vm.cloudState === 'running' ? 'running' : 'pending';
  }
  if (vm.isUpdateFailing && vm.cloudState !== 'failed' && now - vm.lastUpdate > graceMs) {
    return 'unknown';
  }
  if (vm.cloudState !== 'running') {
    return vm.cloudState;
  }
  const result = infrastructureConfigured === false ? false : vm.configured;
  if (result === null) {
    return 'running';
  }
  return result ? 'configured' : 'unconfigured';
}

/**
 * State word of an infrastructure from the words of its living VMs in list order (core.md §4). `failed` and `unknown` win wherever
 * they stand; for the rest the reference's order rule is kept, since clients poll for it.
 */
export function aggregateStates(
  states: readonly VmState[],
  infrastructureConfigured: boolean | null,
  isDestroying: boolean,
): VmState {
  if (isDestroying) {
    return 'deleting';
  }
  if (states.includes('failed')) {
    return 'failed';
  }
  if (states.includes('unknown')) {
    return 'unknown';
  }
  if (states.includes('pending')) {
    return 'pending';
  }
  if (states.includes('running')) {
    return 'running';
  }
  let result: VmState | undefined;
  for (const state of states) {
    if (state === 'unconfigured') {
      if (result === undefined || result === 'configured') {
        result = 'unconfigured';
      }
    } else if (state !== 'deleting' && result === undefined) {
      result = state;
    }
  }
  if (result !== undefined) {
    return result;
  }
  if (infrastructureConfigured === false) {
    return 'failed';
  }
  return states.length === 0 && infrastructureConfigured === null ? 'pending' : 'unknown';
}
