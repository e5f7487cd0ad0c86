// SPDX-License-Identifier: Apache-2.0
// A configuration run from its beginning to its end: addresses, log-ins, bootstrap, runtime, files, steps (contextualization.md §3, §24).
import { errorText, ImError } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import { SshError } from '../../ssh/index.js';
import type { ConfigurableVm } from '../contract.js';
import { checkDisabled, isSelfConfiguring } from '../plan/index.js';
import { isAlive, waitForAddresses } from './addresses.js';
import { gatherFor, installFor } from './content.js';
import { type ControlLink, createControlDoor } from './control-link.js';
import { type ControlNode, chooseControlNode, linkToExternal, linkToMaster, openMaster } from './control-node.js';
import { reportDisabledVms, runDisabled } from './disabled-run.js';
import { inPhase } from './failures.js';
import { anySignal } from './many-listeners.js';
import { openControl } from './open-control.js';
import { type ConnectionFacts, planFor, reportLeftOut } from './planning.js';
import { basicMark, prepareOthers } from './prepare-all.js';
import { infrastructureDir, runDir } from './remote-layout.js';
import { InfrastructureFailure, logOnce, type RunContext, type WaitContext } from './run-context.js';
import { runSteps } from './run-steps.js';
import { settledVms } from './settled.js';
import { type StagedNode, type Staging, stageFiles } from './stage.js';
import { createTaskTable } from './task-table.js';
import { loginOf } from './vm-access.js';

/** What the caller of a run keeps an eye on. */
export interface RunHooks {
  /** The link to the control node, as soon as there is one. */
  readonly onLink: (link: ControlLink) => void;
  readonly remainingMs: () => number;
}

/** Everything up to the first step. Ends with the progress `steps`. */
async function prepare(context: RunContext, radl: Radl, control: ControlNode, hooks: RunHooks): Promise<ControlLink> {
  const { ports, environment, run, progress } = context;
  const { disabledVms } = checkDisabled(radl, await ports.vms());
  const started = environment.now();
  // An earlier try of this run was interrupted: what failed in it gets a new chance.
  await progress.update(({ failedVms, logged }) => ({
    failedVms: [],
    failures: [],
    failuresLeftOut: 0,
    logged: logged.filter((mark) => !failedVms.some((vm) => mark === basicMark(vm))),
  }));
  await inPhase('addresses', waitForAddresses(context, disabledVms));
  const draft = await inPhase('playbooks', planFor(context, radl, control, new Map()));
  await reportLeftOut(context, draft, disabledVms);
  const table = createTaskTable(draft);

  // Control node, other VMs, roles and collections come side by side; when one of them fails, nobody waits any longer.
  const failed = new AbortController();
  const inner: RunContext = { ...context, signal: anySignal(context.signal, failed.signal) };
  const { door, open, fail } = createControlDoor();
  const orEndAll = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      fail(error);
      failed.abort(error);
      throw error;
    });
  const master = control.kind === 'master' ? control.vm : null;
  const opening = openControl(inner, control, draft, (link) => {
    hooks.onLink(link);
    open(link);
  });
  const all = [
    orEndAll(inPhase('master', opening)),
    orEndAll(prepareOthers(inner, draft, table, master, door)),
    orEndAll(inPhase('content', gatherFor(inner, draft))),
  ] as const;
  await Promise.allSettled(all);
  context.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  const [ready, facts, packages] = await Promise.all(all);
  const seconds = ((environment.now() - started) / 1000).toFixed(1);
  await logOnce(context, `All VMs reached and prepared in ${seconds} s.`);

  const connections: ConnectionFacts = new Map([...ready.facts, ...facts]);
  await logOnce(context, 'Copying YAML, hosts and inventory files.');
  const plan = await inPhase('playbooks', planFor(context, radl, control, connections));
  const { remoteConfDir } = environment.settings;
  const link = await door.link;
  const directory = infrastructureDir(remoteConfDir, run.infrastructureId);
  const staging = {
    remoteConfDir,
    infrastructureId: run.infrastructureId,
    directory,
    runDirectory: runDir(directory, run.runId),
    runtimePath: ready.runtimePath,
    files: plan.files,
    ansibleKey: context.ansibleKey,
    signal: context.signal,
  };
  const { freeMib = 0 } = await inPhase('files', bringFiles(context, link, staging));
  await inPhase('content', installFor(context, link, directory, packages));
  await progress.update(() => ({ phase: 'steps', runtimePath: ready.runtimePath, connections, freeMib }));
  return link;
}

/** @throws InfrastructureFailure when the control node cannot take the files. */
async function bringFiles(context: RunContext, link: ControlLink, staging: Staging): Promise<StagedNode> {
  try {
    return await stageFiles(await link.connection(context.signal), staging);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ImError || error instanceof SshError)) throw error;
    throw new InfrastructureFailure([`Error copying the files to the master VM: ${errorText(error)}`], error);
  }
}

/** The link for a run that is resumed in its steps. */
async function reopen(context: RunContext, control: ControlNode, hooks: RunHooks): Promise<ControlLink> {
  const link =
    control.kind === 'external'
      ? await linkToExternal(context, control.host)
      : linkToMaster(context, await openMaster(context, control.vm, false));
  hooks.onLink(link);
  return link;
}

const passwordsOf = (vms: readonly ConfigurableVm[], ansibleKey: string): ReadonlyMap<number, string> =>
  new Map(
    vms.flatMap((vm) => {
      const { password } = loginOf(vm, ansibleKey);
      return password === undefined ? [] : [[vm.number, password] as const];
    }),
  );

/**
 * Runs a configuration, or goes on with an interrupted one.
 * @throws InfrastructureFailure when a step of the whole infrastructure fails; the signal's reason on abort; errors of the ports.
 */
export async function configure(waiting: WaitContext, hooks: RunHooks): Promise<void> {
  const { ports, progress, environment, run } = waiting;
  const radl = await ports.radl();
  const vms = await ports.vms();
  if (!vms.some((vm) => !vm.isDeleting)) {
    await logOnce(waiting, 'No VMs to deploy. Exiting.');
    return;
  }
  const { isInfrastructureDisabled, disabledVms } = checkDisabled(radl, vms);
  if (isInfrastructureDisabled) {
    await runDisabled(waiting, vms);
    return;
  }
  const context: RunContext = { ...waiting, ansibleKey: await ports.ansibleKey() };
  await reportDisabledVms(context, disabledVms);
  if (!vms.some((vm) => isAlive(vm) && !disabledVms.has(vm.number))) {
    await reportLeftOut(
      context,
      await planFor(context, radl, { kind: 'master', vm: -1, isNew: false }, new Map()),
      disabledVms,
    );
    return;
  }
  const control = await inPhase('master', chooseControlNode(context, radl, vms, disabledVms));
  const isResumed = progress.current.phase === 'steps';
  const link = isResumed ? await reopen(context, control, hooks) : await prepare(context, radl, control, hooks);
  const { connections, runtimePath } = progress.current;
  const plan = await planFor(context, radl, control, connections);
  const table = createTaskTable(plan);
  await runSteps({
    base: context,
    link,
    plan,
    table,
    settled: await settledVms(context, table),
    isDistributed: isSelfConfiguring(
      { masterVm: control.kind === 'master' ? control.vm : null, settings: environment.settings },
      [...plan.hostNames.keys()],
    ),
    directory: infrastructureDir(environment.settings.remoteConfDir, run.infrastructureId),
    runtimePath,
    connections,
    passwords: passwordsOf(await ports.vms(), context.ansibleKey.privateKey),
    sources: new Map(plan.files.map(({ path, content }) => [path, content])),
    remainingMs: hooks.remainingMs,
  });
}
