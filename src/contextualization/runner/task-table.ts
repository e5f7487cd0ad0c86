// SPDX-License-Identifier: Apache-2.0
// Who runs what and when: the tasks of a plan seen from each VM.
import type { ConfigurationPlan, PlannedTask } from '../contract.js';
import { taskKey } from './remote-layout.js';

/** A task in its step. */
export interface StepTask {
  readonly step: number;
  /** Name in the progress and on the control node. */
  readonly key: string;
  readonly task: PlannedTask;
}

/** The tasks of a plan. */
export interface TaskTable {
  /** Ascending steps; tasks in the order of the plan. */
  readonly steps: readonly { readonly number: number; readonly tasks: readonly StepTask[] }[];
  /** All tasks of a VM in running order. */
  ofVm(vm: number): readonly StepTask[];
  isFirstOfStep(entry: StepTask, vm: number): boolean;
  isLastOfStep(entry: StepTask, vm: number): boolean;
  /** Nothing follows for the VM in the whole plan. */
  isLast(entry: StepTask, vm: number): boolean;
  /** Names of what would follow for the VM. */
  namesAfter(entry: StepTask, vm: number): readonly string[];
}

/** Sorts a plan by VM. */
export function createTaskTable(plan: ConfigurationPlan): TaskTable {
  const steps = [...plan.steps]
    .sort((left, right) => left.number - right.number)
    .map(({ number, tasks }) => ({
      number,
      tasks: tasks.map((task): StepTask => ({ step: number, key: taskKey(number, task), task })),
    }));
  const byVm = new Map<number, StepTask[]>();
  for (const entry of steps.flatMap(({ tasks }) => tasks)) {
    for (const vm of entry.task.vms) {
      const list = byVm.get(vm);
      if (list) list.push(entry);
      else byVm.set(vm, [entry]);
    }
  }
  const ofVm = (vm: number): readonly StepTask[] => byVm.get(vm) ?? [];
  const inStep = (entry: StepTask, vm: number): readonly StepTask[] =>
    ofVm(vm).filter(({ step }) => step === entry.step);
  return {
    steps,
    ofVm,
    isFirstOfStep: (entry, vm) => inStep(entry, vm)[0]?.key === entry.key,
    isLastOfStep: (entry, vm) => inStep(entry, vm).at(-1)?.key === entry.key,
    isLast: (entry, vm) => ofVm(vm).at(-1)?.key === entry.key,
    namesAfter: (entry, vm) => {
      const tasks = ofVm(vm);
      return tasks.slice(tasks.findIndex(({ key }) => key === entry.key) + 1).map(({ task }) => task.name);
    },
  };
}
