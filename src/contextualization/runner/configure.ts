// SPDX-License-Identifier: Apache-2.0
// A configuration run from its beginning to its end: addresses, log-ins, bootstrap, runtime, files, steps (contextualization.md §3, §24).
import { errorText, ImError } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import { SshError } from '../../ssh/index.js';
import { anySignal } from '../../util/many-listeners.js';
import type { ConfigurableVm } from '../contract.js';
import { checkDisabled, isSelfConfiguring } from '../plan/index.js';
import { isAlive, waitForAddresses } from './addresses.js';
import { installNeeded, neededCollections } from './bundled-collections.js';
import { gatherFor, installFor } from './content.js';
import { type ControlDoor, type ControlLink, createControlDoor } from './control-link.js';
import { type ControlPlan, chooseControl, linkToExternal, linkToMaster, openMaster } from './control-node.js';
import { reportDisabledVms, runDisabled } from './disabled-run.js';
import { inPhase } from './failures.js';
import { openControl } from './open-control.js';
import type { OpenLinks } from './open-links.js';
import { type ConnectionFacts, planFor, reportLeftOut } from './planning.js';
import { basicMark, prepareOthers } from './prepare-all.js';
import { infrastructureDir, runDir } from './remote-layout.js';
import { InfrastructureFailure, logOnce, type RunContext, type WaitContext } from './run-context.js';
import { runSteps } from './run-steps.js';
import { settledVms } from './settled.js';
import { type StagedNode, type Staging, stageFiles } from './stage.js';
import { createTaskTable } from './task-table.js';
import { loginOf, proxyOf, type VmProxy } from './vm-access.js';

/** What the caller of a run keeps an eye on. */
export interface RunHooks {
  /** Gets the links to the control nodes as soon as they are there. */
  readonly links: OpenLinks;
  readonly remainingMs: () => number;
}

/** Everything up to the first step. Ends with the progress `steps`. */
async function prepare(context: RunContext, radl: Radl, control: ControlPlan, hooks: RunHooks): Promise<void> {
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
  const draft = await inPhase('playbooks', planFor(context, radl, control.masterVm, new Map()));
  await reportLeftOut(context, draft, disabledVms);
  const table = createTaskTable(draft);

  // Control node, other VMs, roles and collections come side by side; when one of them fails, nobody waits any longer.
  const failed = new AbortController();
  const inner: RunContext = { ...context, signal: anySignal(context.signal, failed.signal) };
  const doors = new Map([...control.nodes.keys()].map((key) => [key, createControlDoor()]));
  const orEndAll = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      for (const { fail } of doors.values()) fail(error);
      failed.abort(error);
      throw error;
    });
  const doorOf = (systemName: string): ControlDoor => doorBy(doors, control.keyOf(systemName));
  const opening = Promise.all(
    [...control.nodes].map(async ([key, node]) => {
      const ready = await openControl(inner, node, draft, (link) => {
        hooks.links.add(key, link);
        doors.get(key)?.open(link);
      });
      return [key, ready] as const;
    }),
  );
  const all = [
    orEndAll(inPhase('master', opening)),
    orEndAll(prepareOthers(inner, draft, table, control.masterVm, doorOf)),
    orEndAll(inPhase('content', gatherFor(inner, draft))),
  ] as const;
  await Promise.allSettled(all);
  context.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  const [ready, facts, packages] = await Promise.all(all);
  const seconds = ((environment.now() - started) / 1000).toFixed(1);
  await logOnce(context, `All VMs reached and prepared in ${seconds} s.`);

  const connections: ConnectionFacts = new Map([...ready.flatMap(([, seat]) => [...seat.facts]), ...facts]);
  await logOnce(context, 'Copying YAML, hosts and inventory files.');
  const plan = await inPhase('playbooks', planFor(context, radl, control.masterVm, connections));
  const { remoteConfDir } = environment.settings;
  const directory = infrastructureDir(remoteConfDir, run.infrastructureId);
  const collections = await inPhase('content', neededCollections(context, plan, packages));
  const seats = await Promise.all(
    ready.map(async ([key, { runtimePath }]) => {
      const link = await doorBy(doors, key).link;
      const collectionPaths = await inPhase('content', installNeeded(context, link, collections));
      const staging = {
        remoteConfDir,
        infrastructureId: run.infrastructureId,
        directory,
        runDirectory: runDir(directory, run.runId),
        runtimePath,
        collectionPaths,
        files: plan.files,
        ansibleKey: context.ansibleKey,
        signal: context.signal,
      };
      const { freeMib } = await inPhase('files', bringFiles(context, link, staging));
      await inPhase('content', installFor(context, link, directory, packages));
      return { key, runtimePath, collectionPaths, freeMib };
    }),
  );
  const runtimes = new Map(
    seats.map(({ key, runtimePath, collectionPaths }) => [key, { path: runtimePath, collections: collectionPaths }]),
  );
  const freeMib = Math.min(...seats.map((seat) => seat.freeMib ?? 0));
  await progress.update(() => ({ phase: 'steps', runtimes, connections, freeMib }));
}

function doorBy(doors: ReadonlyMap<string, { readonly door: ControlDoor }>, key: string): ControlDoor {
  const found = doors.get(key);
  if (!found) throw new Error(`no control node ${key}`);
  return found.door;
}

/** @throws InfrastructureFailure when the control node cannot take the files. */
async function bringFiles(context: RunContext, link: ControlLink, staging: Staging): Promise<StagedNode> {
  try {
    return await link.use(context.signal, (connection) => stageFiles(connection, staging));
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ImError || error instanceof SshError)) throw error;
    throw new InfrastructureFailure([`Error copying the files to the master VM: ${errorText(error)}`], error);
  }
}

/** The links for a run that is resumed in its steps. */
async function reopen(context: RunContext, control: ControlPlan, { links }: RunHooks): Promise<void> {
  await Promise.all(
    [...control.nodes].map(async ([key, node]) => {
      const link =
        node.kind === 'external'
          ? await linkToExternal(context, node.host)
          : linkToMaster(context, await openMaster(context, node.vm, false));
      links.add(key, link);
    }),
  );
}

const proxiesOf = (vms: readonly ConfigurableVm[], connections: ConnectionFacts): ReadonlyMap<number, VmProxy> =>
  new Map(
    vms.flatMap((vm) => {
      const proxy = connections.get(vm.number)?.isBehindProxy ? proxyOf(vm) : undefined;
      return proxy === undefined ? [] : [[vm.number, proxy] as const];
    }),
  );

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
    await reportLeftOut(context, await planFor(context, radl, -1, new Map()), disabledVms);
    return;
  }
  const control = await inPhase('master', chooseControl(context, radl, vms, disabledVms));
  const isResumed = progress.current.phase === 'steps';
  await (isResumed ? reopen(context, control, hooks) : prepare(context, radl, control, hooks));
  const { connections, runtimes } = progress.current;
  const plan = await planFor(context, radl, control.masterVm, connections);
  const current = await ports.vms();
  const table = createTaskTable(plan);
  await runSteps({
    base: context,
    controlOf: (systemName) => {
      const key = control.keyOf(systemName);
      const link = hooks.links.get(key);
      if (link === undefined) throw new Error(`no control node ${key}`);
      const { path = '', collections = [] } = runtimes.get(key) ?? {};
      return { link, runtimePath: path, collections };
    },
    plan,
    table,
    settled: await settledVms(context, table),
    // Collections of the daemon's host are only on the control nodes.
    isDistributed:
      [...runtimes.values()].every(({ collections }) => collections.length === 0) &&
      isSelfConfiguring({ masterVm: control.masterVm, settings: environment.settings }, [...plan.hostNames.keys()]),
    directory: infrastructureDir(environment.settings.remoteConfDir, run.infrastructureId),
    connections,
    passwords: passwordsOf(current, context.ansibleKey.privateKey),
    proxies: proxiesOf(current, connections),
    sources: new Map(plan.files.map(({ path, content }) => [path, content])),
    remainingMs: hooks.remainingMs,
  });
}
