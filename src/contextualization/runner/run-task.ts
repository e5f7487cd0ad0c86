// SPDX-License-Identifier: Apache-2.0
// Runs one planned task: its Ansible process, its log, its results, its retries (contextualization.md §13.2, §24.5-§24.7).
import { sleep } from '../../util/deadline.js';
import type { EventRenderer, FailureDetail } from '../contract.js';
import {
  callAnsible,
  createEventRenderer,
  createLogLimit,
  pauseBeforeAttempt,
  stepBegin,
  stepEnd,
  taskBegin,
  taskFailed,
  taskSucceeded,
} from '../render/index.js';
import { ansibleCommand, ansibleEnvironment, connectionInventory, limitPatterns } from './ansible-config.js';
import { describeBadEnd } from './bad-end.js';
import { linkToSelf, ownRuntimePath, selfOf } from './distribute.js';
import type { FileLine } from './line-splitter.js';
import { createLogWriter } from './log-writer.js';
import type { TaskProgress } from './progress.js';
import { proxySecrets } from './proxy-command.js';
import { runDir, runMark, secretsPrefix } from './remote-layout.js';
import { forksOf, resourcesFor } from './resources.js';
import type { StepsContext } from './steps-context.js';
import { runTaskProcess, type TaskSpec } from './task-process.js';
import type { StepTask } from './task-table.js';

/** The VMs of a task by result. */
export interface TaskResults {
  readonly ok: readonly number[];
  readonly failed: readonly number[];
  /** Why, as far as it is known. */
  readonly details: ReadonlyMap<number, FailureDetail>;
}

const LIMIT_GRACE_SECONDS = 60;
/** Characters that all tasks of a run may write into the log of one VM, and the bounds of the share of each try. */
const LOG_OF_RUN = 16 * 2 ** 20;
const LEAST_LOG_OF_TRY = 64 * 2 ** 10;
const MOST_LOG_OF_TRY = 2 * 2 ** 20;

function logLimitOf({ table }: StepsContext, vms: readonly number[]): number {
  const tasks = Math.max(1, ...vms.map((vm) => table.ofVm(vm).length));
  return Math.min(MOST_LOG_OF_TRY, Math.max(LEAST_LOG_OF_TRY, Math.floor(LOG_OF_RUN / tasks)));
}

/** Hosts that this try must not touch: VMs of the task that are done or failed, and VMs that failed before. */
function excludedHosts(context: StepsContext, entry: StepTask, vms: readonly number[]): readonly string[] {
  const { failedVms } = context.base.progress.current;
  const excluded = new Set([...failedVms, ...entry.task.vms].filter((vm) => !vms.includes(vm)));
  return [...context.plan.hostNames].filter(([vm]) => excluded.has(vm)).map(([, name]) => name);
}

/** VMs that run beside each other in a step: those of all its systems. */
function forksFor({ base, table }: StepsContext, entry: StepTask, vms: readonly number[]): number {
  const { forks } = resourcesFor(base.progress.current.freeMib || undefined, base.environment.settings.processPerVm);
  const step = table.steps.find(({ number }) => number === entry.step);
  const beside = new Set(step?.tasks.flatMap(({ task }) => task.vms));
  return forksOf(forks, vms.length, beside.size);
}

function specFor(context: StepsContext, entry: StepTask, attempt: number, vms: readonly number[]): TaskSpec {
  const { base, plan, directory, connections, passwords, proxies } = context;
  const self = selfOf(context, vms);
  const { link, collections, ...control } = context.controlOf(entry.task.systemName);
  const runtimePath = self === undefined ? control.runtimePath : ownRuntimePath(directory, control.runtimePath);
  const { infrastructureId, runId } = base.run;
  const { playbook, vaultPassword } = entry.task;
  const excluded = excludedHosts(context, entry, vms);
  const isLimited = excluded.length > 0;
  const call = {
    directory,
    playbook,
    isLimited,
    hasVault: vaultPassword !== undefined,
    forks: forksFor(context, entry, vms),
  };
  return {
    command: ansibleCommand({ ...call, runtime: runtimePath }),
    environment: ansibleEnvironment(directory, runtimePath, runMark(infrastructureId, runId), collections),
    directory,
    secrets: {
      'connection.yml': connectionInventory(plan.hostNames, connections, passwords, link.vm, directory, self),
      ...proxySecrets(proxies),
      ...(vaultPassword !== undefined && { vault: vaultPassword }),
    },
    secretsName: `${secretsPrefix(infrastructureId, runId)}${entry.key}.${attempt}`,
    files: isLimited ? { limit: limitPatterns(excluded) } : {},
    limitSeconds: Math.ceil(context.remainingMs() / 1000) + LIMIT_GRACE_SECONDS,
  };
}

/** One try: the process from its beginning (or wherever it is) to its end, with all its text in the logs. */
async function runAttempt(context: StepsContext, entry: StepTask, { attempt, offset, vms }: TaskProgress) {
  const { base, directory } = context;
  const self = selfOf(context, vms);
  const link = self === undefined ? context.controlOf(entry.task.systemName).link : await linkToSelf(context, self);
  const writer = createLogWriter(base, entry.key, offset);
  const renderer: EventRenderer = createEventRenderer({
    task: { ...entry.task, vms },
    hostNames: context.plan.hostNames,
    sources: context.sources,
    timeZoneOffsetMinutes: base.progress.current.timeZoneOffsetMinutes,
  });
  const limit = createLogLimit(logLimitOf(context, entry.task.vms));
  let position = 0;
  const onLines = async (lines: readonly FileLine[]): Promise<void> => {
    for (const { text, end } of lines) {
      await writer.add(limit.take(renderer.feed([text])), end);
      position = end;
    }
  };
  const place = `${runDir(directory, base.run.runId)}/${entry.key}.${attempt}`;
  const options = { onLines, maxErrors: base.environment.settings.maxSshErrors, signal: base.signal };
  const end = await runTaskProcess(link, place, specFor(context, entry, attempt, vms), options).finally(() => {
    if (self !== undefined) link.close();
  });
  const last = limit.take(renderer.feed(describeBadEnd(end)));
  const outcome = renderer.end(end.kind === 'exited' ? end.code : 255);
  // One behind the last byte: the text of the end is not repeated either.
  await writer.add([...last, ...limit.take(outcome.chunks), ...limit.end()], position + 1);
  await writer.flush();
  return outcome;
}

/**
 * Runs a task over the given VMs, with as many tries as PLAYBOOK_RETRIES allows for what may pass by itself. Goes on where an
 * interrupted run stopped. Writes the whole block of each VM.
 * @throws ImError when the control node cannot be asked any more.
 */
export async function runTask(context: StepsContext, entry: StepTask, vms: readonly number[]): Promise<TaskResults> {
  const { ports, progress, environment, signal } = context.base;
  const { task, key } = entry;
  const attempts = Math.max(1, environment.settings.playbookRetries);
  const begin = async (next: TaskProgress): Promise<TaskProgress> => {
    const pause = pauseBeforeAttempt(next.attempt);
    const textFor = (vm: number): string =>
      (next.attempt === 1 && context.table.isFirstOfStep(entry, vm) ? stepBegin() : '') +
      taskBegin(task.name, pause) +
      callAnsible();
    await Promise.all(next.vms.map((vm) => ports.logVm(vm, textFor(vm))));
    await progress.update(({ runningTasks }) => ({ runningTasks: new Map(runningTasks).set(key, next) }));
    await sleep(pause * 1000, signal);
    return next;
  };
  let current =
    progress.current.runningTasks.get(key) ?? (await begin({ attempt: 1, offset: 0, vms, ok: [], failed: [] }));
  const details = new Map<number, FailureDetail>();
  for (;;) {
    const { attempt } = current;
    const outcome = await runAttempt(context, entry, current);
    const isOk = (vm: number): boolean => outcome.results.get(vm) === 'ok';
    const again = current.vms.filter((vm) => !isOk(vm) && attempt < attempts && outcome.retryable.has(vm));
    const ok = [...current.ok, ...current.vms.filter(isOk)];
    const failed = [...current.failed, ...current.vms.filter((vm) => !isOk(vm) && !again.includes(vm))];
    for (const [vm, detail] of outcome.failures) details.set(vm, detail);
    const endOf = (vm: number): string =>
      isOk(vm)
        ? taskSucceeded(task.name) + (context.table.isLastOfStep(entry, vm) ? stepEnd() : '')
        : taskFailed(task.name, attempt, attempts);
    await Promise.all(current.vms.map((vm) => ports.logVm(vm, endOf(vm))));
    if (again.length === 0) return { ok, failed, details };
    current = await begin({ attempt: attempt + 1, offset: 0, vms: again, ok, failed });
  }
}
