// SPDX-License-Identifier: Apache-2.0
// Runs the steps of a plan in order: a barrier between steps, systems beside each other, a failed VM stops alone (contextualization.md §3).
import { errorText, ImError } from '../../domain/index.js';
import { createSemaphore } from '../../util/semaphore.js';
import { FIRST_ITEM_STEP } from '../plan/index.js';
import { stoppedLine } from '../render/index.js';
import { distribute, selfOf } from './distribute.js';
import { recordFailures } from './failures.js';
import { resourcesFor } from './resources.js';
import { logOnce } from './run-context.js';
import { runTask, type TaskResults } from './run-task.js';
import { recipesOf } from './settled.js';
import type { StepsContext } from './steps-context.js';
import type { StepTask } from './task-table.js';

/** Whether this step of the VM is left out because its recipes have not changed. */
const isSettled = ({ settled }: StepsContext, step: number, vm: number): boolean =>
  step >= FIRST_ITEM_STEP && settled.has(vm);

/** Whether nothing that would run follows for the VM. */
function isLastOf({ table, settled }: StepsContext, entry: StepTask, vm: number): boolean {
  if (!settled.has(vm)) return table.isLast(entry, vm);
  return table.ofVm(vm).findLast(({ step }) => step < FIRST_ITEM_STEP)?.key === entry.key;
}

/** Marks VMs as failed: they run nothing more, whatever the plan says. */
async function stopVms(context: StepsContext, entry: StepTask, { failed: vms, details }: TaskResults): Promise<void> {
  const { ports, progress } = context.base;
  if (vms.length === 0) return;
  await recordFailures(
    context.base,
    vms.map((vm) => {
      const host = context.plan.hostNames.get(vm);
      const place = { phase: 'step', step: entry.step, task: entry.task.name, vm } as const;
      return { ...place, ...(host !== undefined && { host }), ...(details.get(vm) ?? { lines: [] }) };
    }),
  );
  await progress.update(({ failedVms }) => ({ failedVms: [...new Set([...failedVms, ...vms])] }));
  for (const vm of vms) {
    await ports.setVmResult(vm, false);
    await ports.logInfrastructure(stoppedLine(vm, entry.step, [entry.task.name], context.table.namesAfter(entry, vm)));
  }
}

/** A control node that is gone fails the VMs of its task, with the reason in their logs. */
async function runOrFail(context: StepsContext, entry: StepTask, vms: readonly number[]): Promise<TaskResults> {
  const { signal, ports } = context.base;
  try {
    return await runTask(context, entry, vms);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ImError)) throw error;
    const text = errorText(error);
    await Promise.all(vms.map((vm) => ports.logVm(vm, `${text}\n`)));
    return { ok: [], failed: vms, details: new Map(vms.map((vm) => [vm, { lines: [text] }])) };
  }
}

async function runEntry(context: StepsContext, entry: StepTask): Promise<void> {
  const { ports, progress } = context.base;
  const { endedTasks, failedVms, runningTasks } = progress.current;
  if (endedTasks.includes(entry.key)) return;
  // A task that was running when the daemon stopped keeps its VMs; those that failed since are in its own results.
  const vms = runningTasks.has(entry.key)
    ? entry.task.vms
    : entry.task.vms.filter((vm) => !failedVms.includes(vm) && !isSettled(context, entry.step, vm));
  if (vms.length === 0) return;
  const results = await runOrFail(context, entry, vms);
  await stopVms(context, entry, results);
  const { ok } = results;
  const done = ok.filter((vm) => isLastOf(context, entry, vm));
  await Promise.all(done.map((vm) => ports.setVmResult(vm, true, recipesOf(context.table, vm))));
  await progress.update((current) => {
    const running = new Map(current.runningTasks);
    running.delete(entry.key);
    return { endedTasks: [...current.endedTasks, entry.key], runningTasks: running };
  });
}

/** VMs that run a recipe of their own at once: each holds a connection. */
const SELF_CONFIGURING_AT_ONCE = 100;

/** Runs the tasks of one step; those that share a VM run in the order of the plan. */
async function runStep(context: StepsContext, tasks: readonly StepTask[]): Promise<void> {
  const { signal, environment, progress } = context.base;
  const { processes } = resourcesFor(progress.current.freeMib || undefined, environment.settings.processPerVm);
  const places = createSemaphore(processes);
  const selfPlaces = createSemaphore(SELF_CONFIGURING_AT_ONCE);
  const lastOfVm = new Map<number, Promise<void>>();
  const all = tasks.map((entry) => {
    const before = [...new Set(entry.task.vms.map((vm) => lastOfVm.get(vm)))];
    const work = Promise.all(before).then(() => {
      const isSelf = selfOf(context, entry.task.vms) !== undefined;
      return (isSelf ? selfPlaces : places).run(() => runEntry(context, entry), signal);
    });
    for (const vm of entry.task.vms) lastOfVm.set(vm, work);
    return work;
  });
  // All must have ended before anything is thrown: nobody would see what the others still do.
  const outcomes = await Promise.allSettled(all);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

/**
 * Runs everything that is not done yet. Results of the VMs are reported as soon as they are known.
 * @throws the signal's reason on abort, errors of the ports.
 */
export async function runSteps(context: StepsContext): Promise<void> {
  const { ports, progress, environment } = context.base;
  for (const { number, tasks } of context.table.steps) {
    const isOpen = tasks.some(({ key }) => !progress.current.endedTasks.includes(key));
    const { failedVms } = progress.current;
    const isWorking = tasks.some(({ task }) =>
      task.vms.some((vm) => !failedVms.includes(vm) && !isSettled(context, number, vm)),
    );
    if (!isOpen || !isWorking) continue;
    const names = [...new Set(tasks.map(({ task }) => task.name))].join(', ');
    const started = environment.now();
    if (number >= FIRST_ITEM_STEP) await distribute(context);
    await logOnce(context.base, `Step ${number} (${names}) begins.`);
    await runStep(context, tasks);
    const seconds = ((environment.now() - started) / 1000).toFixed(1);
    await ports.logInfrastructure(`Step ${number} (${names}) ended in ${seconds} s.`);
  }
}
