// SPDX-License-Identifier: Apache-2.0
// Carries out a plan with the Ansible of this machine, every VM being this machine: proves that what is planned really runs.
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Context } from 'mocha';
import type { ConfigurationPlan, PlannedTask } from '../../../src/contextualization/contract.js';
import {
  callAnsible,
  createEventRenderer,
  stepBegin,
  stepEnd,
  taskBegin,
  taskFailed,
  taskSucceeded,
} from '../../../src/contextualization/render/index.js';

/** Skips the test, loudly, where there is no Ansible with its JSON callback; with IM_TEST_PEERS=all that is an error. */
export function needAnsible(context: Context): void {
  const answer = spawnSync('ansible-doc', ['-t', 'callback', 'ansible.posix.jsonl'], { stdio: 'ignore' });
  if (answer.status === 0) return;
  const reason = 'no ansible-playbook with the callback ansible.posix.jsonl on this machine';
  if (process.env.IM_TEST_PEERS === 'all') throw new Error(`IM_TEST_PEERS=all, but there is ${reason}`);
  console.warn(`      SKIPPED: ${reason}`);
  context.skip();
}

/** What carrying out a plan gave. */
export interface LocalRun {
  /** Log of each VM, without the block of `basic`. */
  readonly logs: ReadonlyMap<number, string>;
  /** `<step>: <task>: <vm> <result>` */
  readonly results: readonly string[];
}

/** A directory for one test, removed by `remove`. */
export async function workDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'im-plan-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function writePlan(plan: ConfigurationPlan, directory: string): Promise<void> {
  for (const { path, content, mode } of plan.files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content, { mode });
  }
}

/** Runs all steps; tasks of a step one after another, which changes nothing for this machine playing all VMs. */
export async function runPlan(plan: ConfigurationPlan, directory: string): Promise<LocalRun> {
  await writePlan(plan, directory);
  const logs = new Map<number, string>();
  const results: string[] = [];
  const add = (vm: number, text: string): void => void logs.set(vm, (logs.get(vm) ?? '') + text);
  for (const { number, tasks } of plan.steps) {
    const failed = new Set<number>();
    const begun = new Set<number>();
    for (const task of tasks) {
      for (const vm of task.vms) {
        add(vm, (begun.has(vm) ? '' : stepBegin()) + taskBegin(task.name) + callAnsible());
        begun.add(vm);
      }
      const { lines, exitCode } = await playbook(task, directory);
      const sources = new Map(plan.files.map(({ path, content }) => [path, content]));
      const renderer = createEventRenderer({ task, hostNames: plan.hostNames, sources });
      for (const { vm, text } of renderer.feed(lines)) add(vm, text);
      const end = renderer.end(exitCode);
      for (const { vm, text } of end.chunks) add(vm, text);
      for (const [vm, result] of end.results) {
        results.push(`${number}: ${task.name}: ${vm} ${result}`);
        add(vm, result === 'ok' ? taskSucceeded(task.name) : taskFailed(task.name, 1, 1));
        if (result !== 'ok') failed.add(vm);
      }
    }
    for (const vm of begun) if (!failed.has(vm)) add(vm, stepEnd());
  }
  return { logs, results };
}

interface AnsibleOutput {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

function playbook(task: PlannedTask, directory: string): Promise<AnsibleOutput> {
  return ansiblePlaybook(directory, ['-e', 'ansible_connection=local', '-e', 'ansible_become=false', task.playbook], {
    ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.jsonl',
    ...(task.vaultPassword !== undefined && { VAULT_PASS: task.vaultPassword }),
  });
}

/** Runs `ansible-playbook` in the directory of the plan. */
export async function ansiblePlaybook(
  directory: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<AnsibleOutput> {
  const env = {
    ...process.env,
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
    ANSIBLE_CACHE_PLUGIN: 'jsonfile',
    ANSIBLE_CACHE_PLUGIN_CONNECTION: join(directory, 'facts'),
    ANSIBLE_GATHERING: 'smart',
    ANSIBLE_LOCAL_TEMP: join(directory, 'tmp'),
    ANSIBLE_REMOTE_TEMP: join(directory, 'tmp'),
    ANSIBLE_LOCALHOST_WARNING: 'False',
    ...environment,
  };
  const options = { cwd: directory, env, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile('ansible-playbook', ['-i', 'hosts', ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ lines: `${stdout}${stderr}`.split('\n').filter((line) => line !== ''), exitCode });
    });
  });
}
