// SPDX-License-Identifier: Apache-2.0
// Waits for addresses: first any, then the public ones that the documents ask for (contextualization.md §5.1, §5.2).
import { connectedNetwork } from '../../radl/index.js';
import { sleep } from '../../util/deadline.js';
import type { ConfigurableVm } from '../contract.js';
import { InfrastructureFailure, type WaitContext } from './run-context.js';
import { mainAddress, publicAddress } from './vm-access.js';

const FIRST_PAUSE_MS = 500;
const DEAD_STATES: ReadonlySet<string> = new Set(['off', 'failed', 'stopped']);

/** VMs that can be expected to get an address. */
export const isAlive = (vm: ConfigurableVm): boolean => !vm.isDeleting && !DEAD_STATES.has(vm.cloudState);

const lacksAny = (vm: ConfigurableVm): boolean => mainAddress(vm) === undefined;
const lacksPublic = (vm: ConfigurableVm): boolean =>
  connectedNetwork(vm.info, true) !== undefined && publicAddress(vm) === undefined;

/** Polls the providers for the lacking VMs until none lacks; a pause that grows to the configured interval spares them. */
async function waitUntilNone(
  context: WaitContext,
  excluded: ReadonlySet<number>,
  lacks: (vm: ConfigurableVm) => boolean,
  timeoutMs: number,
): Promise<readonly ConfigurableVm[]> {
  const { now, settings } = context.environment;
  const started = now();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const vms = await context.ports.vms();
    const lacking = vms.filter((vm) => isAlive(vm) && !excluded.has(vm.number) && lacks(vm));
    if (lacking.length === 0 || now() - started >= timeoutMs) return lacking;
    await sleep(pauseMs, context.signal);
    pauseMs = Math.min(pauseMs * 2, Math.max(settings.checkStateIntervalMs, FIRST_PAUSE_MS));
    await context.ports.refresh(lacking.map((vm) => vm.number));
  }
}

const named = (vms: readonly ConfigurableVm[]): string => vms.map((vm) => vm.number).join(', ');

/**
 * Waits until every living VM has an address (WAIT_RUNNING_VM_TIMEOUT), then until each that asks for a public one has it
 * (WAIT_PUBLIC_IP_TIMEOUT).
 * @throws InfrastructureFailure when they do not come.
 */
export async function waitForAddresses(context: WaitContext, excluded: ReadonlySet<number>): Promise<void> {
  const { waitRunningVmTimeoutMs, waitPublicIpTimeoutMs } = context.environment.settings;
  const withoutAny = await waitUntilNone(context, excluded, lacksAny, waitRunningVmTimeoutMs);
  if (withoutAny.length > 0) {
    throw new InfrastructureFailure([
      `Error waiting the VMs to have an IP: none for VM ${named(withoutAny)} after ${waitRunningVmTimeoutMs / 1000} s.`,
    ]);
  }
  const withoutPublic = await waitUntilNone(context, excluded, lacksPublic, waitPublicIpTimeoutMs);
  if (withoutPublic.length > 0) {
    throw new InfrastructureFailure([
      'Error waiting all the VMs to have all the requested IPs',
      `No public IP for VM ${named(withoutPublic)} after ${waitPublicIpTimeoutMs / 1000} s.`,
    ]);
  }
}
