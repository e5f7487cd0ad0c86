// SPDX-License-Identifier: Apache-2.0
// Which VMs an incremental run leaves as they are: their recipes went well and have not changed (CTXT_INCREMENTAL, contextualization.md §20).
import { createHash } from 'node:crypto';
import { FIRST_ITEM_STEP } from '../plan/index.js';
import { logOnce, type RunContext } from './run-context.js';
import type { TaskTable } from './task-table.js';

/** What a VM is configured with, as one short text: names, order and content of its recipes. */
export function recipesOf(table: TaskTable, vm: number): string {
  const hash = createHash('sha256');
  for (const { step, task } of table.ofVm(vm)) {
    if (step >= FIRST_ITEM_STEP) hash.update(JSON.stringify([step, task.name, task.recipeHash ?? '']));
  }
  return hash.digest('hex');
}

/**
 * The VMs whose recipes are not run again; none unless the run follows an addition and the option is on. They still get hosts file,
 * inventory and facts, because the new ones are in them.
 */
export async function settledVms(context: RunContext, table: TaskTable): Promise<ReadonlySet<number>> {
  const { run, environment, ports } = context;
  const settled = new Set<number>();
  if (!environment.settings.incremental || run.isAddition !== true) return settled;
  const known = await ports.configuredRecipes();
  for (const { number } of await ports.vms()) {
    if (known.get(number) === recipesOf(table, number)) settled.add(number);
  }
  if (settled.size > 0) {
    await logOnce(context, `The recipes of VM ${[...settled].join(', ')} have not changed and are not run again.`);
  }
  return settled;
}
