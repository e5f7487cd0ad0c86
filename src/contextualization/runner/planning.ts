// SPDX-License-Identifier: Apache-2.0
// Makes the plan of a run from the world as it is, and tells who takes no part in it and why.
import { errorText, ImError } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import type { ConfigurationPlan, PlanInput } from '../contract.js';
import { makePlan, readUtilityFiles } from '../plan/index.js';
import type { ControlNode } from './control-node.js';
import { dropVm } from './prepare-all.js';
import type { VmConnection } from './progress.js';
import { InfrastructureFailure, logOnce, logVmOnce, type RunContext } from './run-context.js';
import { createTaskTable } from './task-table.js';

/** What Ansible must know of the VMs, as far as it was found out. */
export type ConnectionFacts = ReadonlyMap<number, VmConnection>;

/**
 * The plan of the run.
 * @throws InfrastructureFailure `Error generating playbooks: ...` for recipes and passwords that are wrong.
 */
export async function planFor(
  context: RunContext,
  radl: Radl,
  control: ControlNode,
  facts: ConnectionFacts,
): Promise<ConfigurationPlan> {
  const { run, ports, environment } = context;
  const input: PlanInput = {
    infrastructureId: run.infrastructureId,
    radl,
    vms: await ports.vms(),
    masterVm: control.kind === 'master' ? control.vm : null,
    ...(run.vmList && { vmList: run.vmList }),
    infrastructureToken: await ports.infrastructureToken(),
    settings: environment.settings,
    routes: new Map([...facts].map(([vm, { route }]) => [vm, route])),
    users: new Map([...facts].map(([vm, { user }]) => [vm, user])),
    utilityFiles: await readUtilityFiles(environment.settings.contextualizationDir),
  };
  try {
    return makePlan(input);
  } catch (error) {
    if (!(error instanceof ImError)) throw error;
    throw new InfrastructureFailure([`Error generating playbooks: ${errorText(error)}`], error);
  }
}

/** Writes the warnings of a plan and reports the VMs without part in the run: off, without address, Windows. */
export async function reportLeftOut(
  context: RunContext,
  plan: ConfigurationPlan,
  disabled: ReadonlySet<number>,
): Promise<void> {
  for (const warning of plan.warnings) await logOnce(context, warning);
  for (const [vm, reason] of plan.leftOut) {
    if (disabled.has(vm)) continue;
    await logVmOnce(context, vm, `${reason}\n`);
    await context.ports.setVmResult(vm, false);
  }
  const prepared = new Set(plan.bootstrap.map(({ vm }) => vm));
  for (const vm of plan.hostNames.keys()) {
    if (prepared.has(vm)) continue;
    const reason = 'Windows machines are not configured by this version of the Infrastructure Manager.';
    await dropVm(context, createTaskTable(plan), vm, [reason]);
  }
}
