// SPDX-License-Identifier: Apache-2.0
// Why a VM or an infrastructure is in a state that somebody may want explained: everything but `configured`.
import type { Operation } from './operation.js';
import type { VmState } from './states.js';
import type { VmStatus } from './virtual-machine.js';

/** An unfinished operation, as far as it explains states. */
export type Work = Pick<Operation, 'id' | 'kind' | 'state'>;

/** Reason of a VM's state; undefined when the word says it all. @param errorMessage the VM's own, when it was read */
export function vmStateReason(
  vm: VmStatus,
  state: VmState,
  infrastructureConfigured: boolean | null,
  work: readonly Work[],
  errorMessage = '',
): string | undefined {
  const place = `cloud ${vm.cloud.id} (${vm.cloud.type})`;
  const [firstLine = ''] = errorMessage.trim().split('\n');
  switch (state) {
    case 'pending':
      return vm.isCreating
        ? `It is being launched in ${place}.`
        : `It was launched, and ${place} does not report it as running yet.`;
    case 'running':
      if (vm.isCreating) return `It runs; its launch in ${place} is not finished.`;
      return work.some(({ kind }) => kind === 'configure')
        ? 'It is being configured, or waits for its turn.'
        : 'It runs and has not been configured.';
    case 'unconfigured':
      return infrastructureConfigured === false && vm.configured !== false
        ? 'The configuration of the infrastructure failed: its log says where.'
        : 'Its configuration failed: its log ends with the step.';
    case 'unknown':
      return vm.isUpdateFailing
        ? `No answer about it from ${place} since ${new Date(vm.lastUpdate).toISOString()}.`
        : `${capitalized(place)} cannot say what state it has.`;
    case 'deleting':
      return `It is being deleted in ${place}.`;
    case 'failed':
      return firstLine === '' ? `${capitalized(place)} reports a failure.` : firstLine;
    case 'off':
      return firstLine === '' ? `${capitalized(place)} reports that it is switched off or gone.` : firstLine;
    case 'stopped':
      return `It is stopped in ${place}.`;
    case 'configured':
      return undefined;
  }
}

/** Reason of an infrastructure's state: what is being done to it, else which machines make it so. */
export function infrastructureStateReason(
  state: VmState,
  vmStates: ReadonlyMap<number, VmState>,
  work: readonly Work[],
): string | undefined {
  if (state === 'configured') return undefined;
  const doing = work.map(
    ({ kind, id, state: progress }) =>
      `${kind} ${progress === 'running' ? 'is running' : 'is waiting'} (operation ${id})`,
  );
  const numbers = [...vmStates].filter(([, vmState]) => vmState === state).map(([number]) => number);
  const shown = numbers.slice(0, LISTED).join(', ') + (numbers.length > LISTED ? ', ...' : '');
  const machines = numbers.length === 0 ? [] : [`${numbers.length} of ${vmStates.size} virtual machines: ${shown}`];
  const empty = vmStates.size === 0 ? ['It has no virtual machines'] : [];
  return `${[...doing, ...machines, ...empty].map(capitalized).join('. ')}.`;
}

const LISTED = 10;

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
