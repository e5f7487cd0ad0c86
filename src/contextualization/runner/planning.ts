// SPDX-License-Identifier: Apache-2.0
// Makes the plan of a run from the world as it is, and tells who takes no part in it and why.
import { errorText, ImError } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import type { ConfigurationPlan, PlanInput } from '../contract.js';
import { makePlan, readUtilityFiles } from '../plan/index.js';
import type { VmConnection } from './progress.js';
import { InfrastructureFailure, logOnce, logVmOnce, type RunContext } from './run-context.js';

/** What Ansible must know of the VMs, as far as it was found out. */
export type ConnectionFacts = ReadonlyMap<number, VmConnection>;

/**
 * The plan of the run.
 * @throws InfrastructureFailure `Error generating playbooks: ...` for recipes and passwords that are wrong.
 */
export async function planFor(
  context: RunContext,
  radl: Radl,
  masterVm: number | null,
  facts: ConnectionFacts,
): Promise<ConfigurationPlan> {
  const { run, ports, environment } = context;
  const input: PlanInput = {
    infrastructureId: run.infrastructureId,
    radl,
    vms: await ports.vms(),
    masterVm,
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

/** Writes the warnings of a plan and reports the VMs without part in the run: off, without address. */
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
}
