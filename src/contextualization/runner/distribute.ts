// SPDX-License-Identifier: Apache-2.0
// Many VMs configure themselves, each with the same runtime and plan, so that the master is no bottleneck (contextualization.md §16).
import { ImError } from '../../domain/index.js';
import { shellCommand } from '../../ssh/index.js';
import type { ConfigurableVm } from '../contract.js';
import { type ControlLink, createControlLink } from './control-link.js';
import { MASTER_KEY } from './control-node.js';
import { DISTRIBUTE_PROGRAM } from './distribute-programs.js';
import { runDir } from './remote-layout.js';
import { currentVm, logIn, logOnce } from './run-context.js';
import type { StepsContext } from './steps-context.js';
import { loginOf } from './vm-access.js';

const TIMEOUT_MS = 900_000;

/** Where the runtime lies on a VM that configures itself. */
export const ownRuntimePath = (directory: string, runtimePath: string): string =>
  `${directory}/runtime/${runtimePath.slice(runtimePath.lastIndexOf('/') + 1)}`;

/**
 * Brings runtime, plan, roles and facts from the master to the VMs; once in a run. Those that cannot take it are configured by the
 * master, and the log says why.
 * @throws ImError `provider` when the master cannot do it at all; SshError.
 */
export async function distribute(context: StepsContext): Promise<void> {
  const { base, connections, directory, plan } = context;
  const { link, runtimePath } = context.controlOf(MASTER_KEY);
  const { progress, environment, run, signal } = base;
  if (!context.isDistributed || progress.current.selfConfigured !== undefined) return;
  const { failedVms } = progress.current;
  const windows = new Set([...plan.hostNames.keys()].filter((vm) => !plan.bootstrap.some((node) => node.vm === vm)));
  const nodes = [...connections]
    .filter(
      ([vm, { isBehindProxy }]) =>
        vm !== link.vm && !isBehindProxy && !failedVms.includes(vm) && !windows.has(vm) && !context.settled.has(vm),
    )
    .map(([vm, { user, route }]) => ({ vm, user, host: route.host, port: route.port }));
  const started = environment.now();
  const name = runDir(directory, run.runId).split('/').at(-1) ?? '';
  const { remoteConfDir } = environment.settings;
  const connection = await link.connection(signal);
  const { exitCode, stdout, stderr } = await connection.exec(
    shellCommand(
      'python3',
      '-c',
      DISTRIBUTE_PROGRAM,
      remoteConfDir.replace(/\/+$/, ''),
      run.infrastructureId,
      name,
      runtimePath,
    ),
    { stdin: JSON.stringify(nodes), timeoutMs: TIMEOUT_MS, signal },
  );
  if (exitCode !== 0) {
    const reason = stderr.replace(/\s+/g, ' ').trim().slice(-300);
    throw new ImError('provider', `The plan cannot be brought to the VMs from ${connection.host}: ${reason}`);
  }
  const answers = stdout.split('\n').flatMap(answerOf);
  const selfConfigured = answers.filter(({ problem }) => problem === null).map(({ vm }) => vm);
  const seconds = ((environment.now() - started) / 1000).toFixed(1);
  await logOnce(base, `${selfConfigured.length} VMs have runtime and plan and configure themselves (${seconds} s).`);
  for (const { vm, problem } of answers) {
    if (problem !== null) await logOnce(base, `VM ${vm} is configured by the master: ${problem}`);
  }
  await progress.update(() => ({ selfConfigured }));
}

function answerOf(line: string): readonly { readonly vm: number; readonly problem: string | null }[] {
  const [, vm, problem] = /^\{"vm": (\d+), "problem": (null|".*")\}$/.exec(line) ?? [];
  if (vm === undefined || problem === undefined) return [];
  return [{ vm: Number(vm), problem: problem === 'null' ? null : String(JSON.parse(problem)) }];
}

/** The VM that runs a task by itself; undefined when the master does. */
export function selfOf({ base, isDistributed: isOn }: StepsContext, vms: readonly number[]): number | undefined {
  const [vm, ...others] = vms;
  const isSelf = isOn && vm !== undefined && others.length === 0 && base.progress.current.selfConfigured?.includes(vm);
  return isSelf ? vm : undefined;
}

/** A link to a VM that configures itself, through the master. */
export async function linkToSelf(context: StepsContext, number: number): Promise<ControlLink> {
  const { base, connections } = context;
  const { link } = context.controlOf(MASTER_KEY);
  const known = connections.get(number);
  if (!known) throw new ImError('provider', `VM ${number} has not been prepared.`);
  const open = async (signal: AbortSignal) => {
    const vm: ConfigurableVm = await currentVm(base.ports, number);
    const { credentials } = loginOf(vm, base.ansibleKey.privateKey);
    const to = { ...known.route, username: known.user, credentials };
    return logIn(base, vm, to, await link.connection(signal), signal);
  };
  return createControlLink(number, await open(base.signal), open);
}
