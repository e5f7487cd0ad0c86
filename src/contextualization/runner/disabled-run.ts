// SPDX-License-Identifier: Apache-2.0
// The run of an infrastructure whose configuration is disabled: all VMs are configured at once, only addresses are awaited (§2).
import type { ConfigurableVm } from '../contract.js';
import { waitForAddresses } from './addresses.js';
import { logVmOnce, type RunContext, type WaitContext } from './run-context.js';

const DISABLED_TEXT = 'Contextualization disabled by the RADL/TOSCA template.\n\n';

/**
 * Reports all VMs as configured, then waits for their addresses.
 * @throws InfrastructureFailure when they do not come: the VMs turn unconfigured.
 */
export async function runDisabled(context: WaitContext, vms: readonly ConfigurableVm[]): Promise<void> {
  const { ports, progress } = context;
  if (!progress.current.logged.includes(DISABLED_TEXT)) {
    await ports.logInfrastructure(DISABLED_TEXT, 'plain');
    await progress.update(({ logged }) => ({ logged: [...logged, DISABLED_TEXT] }));
  }
  // Straight to the infrastructure's own port: nothing has to be remembered of a run that does nothing on the nodes.
  await Promise.all(vms.map((vm) => context.run.ports.setVmResult(vm.number, true)));
  await waitForAddresses(context, new Set());
}

/** A VM whose system has an empty `configure`: done at once, the rest of the run goes on without it. */
export async function reportDisabledVms(context: RunContext, disabled: ReadonlySet<number>): Promise<void> {
  for (const vm of disabled) {
    await logVmOnce(context, vm, 'Contextualization disabled\n');
    await context.ports.setVmResult(vm, true);
  }
}
