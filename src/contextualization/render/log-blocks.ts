// SPDX-License-Identifier: Apache-2.0
// The literal texts around the output of each task in a VM's log, which clients parse (contextualization.md §13.2, §13.4, §24.8).

/** Beginning of a VM's block of one step. The missing line end after `successfully` is the reference's. */
export function stepBegin(): string {
  return 'Contextualization agent output processed successfullyGenerate and copy the ssh key\n';
}

/** Beginning of a task; `sleepSeconds` is the pause before a retry. */
export function taskBegin(task: string, sleepSeconds = 0): string {
  return `Sleeping ${sleepSeconds} secs.\nLaunch task: ${task}\n`;
}

/** Beginning of a step with its first task. */
export function blockBegin(task: string): string {
  return stepBegin() + taskBegin(task);
}

/** Stands before the output of Ansible. */
export function callAnsible(): string {
  return 'Call Ansible\n';
}

/** End of a task that went well. */
export function taskSucceeded(task: string): string {
  return `Task ${task} finished successfully\n`;
}

/** End of a try that did not. `attempt` counts from 1 to `attempts` (PLAYBOOK_RETRIES). */
export function taskFailed(task: string, attempt: number, attempts: number): string {
  return `ERROR executing playbook (1/1)\nERROR executing task ${task}: (${attempt}/${attempts})\n`;
}

/** End of a VM's block of a step in which all went well; a block with a failed task has none. */
export function stepEnd(): string {
  return 'Process finished\n';
}

/** Pause before the given try (1 = the first), seconds: 0, 5, 20, 45, ... */
export function pauseBeforeAttempt(attempt: number): number {
  return 5 * (attempt - 1) ** 2;
}

/** Infrastructure line for a VM that stops at its first failed step (contextualization.md §3.2, §13.4). */
export function stoppedLine(vm: number, step: number, tasks: readonly string[], notRun: readonly string[]): string {
  const rest = notRun.length === 0 ? '' : `; not run: ${notRun.join(', ')}`;
  return `VM ${vm}: step ${step} (${tasks.join(', ')}) failed${rest}`;
}
