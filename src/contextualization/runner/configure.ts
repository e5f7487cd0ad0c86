// SPDX-License-Identifier: Apache-2.0
// A configuration run from its beginning to its end: addresses, log-ins, bootstrap, runtime, files, steps (contextualization.md §3, §24).
import { errorText, ImError } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import { SshError } from '../../ssh/index.js';
import { describeStep } from '../bootstrap/report.js';
import type { ConfigurableVm, ConfigurationPlan, PlanInput } from '../contract.js';
import { checkDisabled, makePlan, readUtilityFiles } from '../plan/index.js';
import { findRuntime, installRuntime, type RuntimeTarget } from '../runtime/index.js';
import { isAlive, waitForAddresses } from './addresses.js';
import { type ControlLink, createControlDoor } from './control-link.js';
import { type ControlNode, chooseControlNode, linkToExternal, linkToMaster, openMaster } from './control-node.js';
import { reportDisabledVms, runDisabled } from './disabled-run.js';
import { connectionOf, dropVm, logBasicBlock, prepareOthers } from './prepare-all.js';
import { prepareVm } from './prepare-vm.js';
import type { VmConnection } from './progress.js';
import { infrastructureDir } from './remote-layout.js';
import { InfrastructureFailure, logOnce, type RunContext } from './run-context.js';
import { runSteps } from './run-steps.js';
import { stageFiles } from './stage.js';
import { createTaskTable } from './task-table.js';
import { innerEndpoints, loginOf } from './vm-access.js';
import type { OpenVm } from './wait-login.js';

/** What the caller of a run keeps an eye on. */
export interface RunHooks {
  /** The link to the control node, as soon as there is one. */
  readonly onLink: (link: ControlLink) => void;
  readonly remainingMs: () => number;
}

type Facts = ReadonlyMap<number, VmConnection>;

async function planFor(
  context: RunContext,
  radl: Radl,
  control: ControlNode,
  facts: Facts,
): Promise<ConfigurationPlan> {
  const { run, ports, environment } = context;
  const input: PlanInput = {
    infrastructureId: run.infrastructureId,
    radl,
    vms: await ports.vms(),
    masterVm: control.kind === 'master' ? control.vm : null,
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

/** VMs without part in the run: off, without address, Windows. */
async function reportLeftOut(
  context: RunContext,
  plan: ConfigurationPlan,
  disabled: ReadonlySet<number>,
): Promise<void> {
  for (const warning of plan.warnings) await logOnce(context, warning);
  for (const { source } of plan.roles) {
    await logOnce(context, `WARNING: the Galaxy role ${source} is not installed: this version does not install roles.`);
  }
  for (const { name } of plan.collections) {
    await logOnce(
      context,
      `WARNING: the Galaxy collection ${name} is not installed: this version does not install collections.`,
    );
  }
  for (const [vm, reason] of plan.leftOut) {
    if (disabled.has(vm)) continue;
    await context.ports.logVm(vm, `${reason}\n`);
    await context.ports.setVmResult(vm, false);
  }
  const prepared = new Set(plan.bootstrap.map(({ vm }) => vm));
  for (const vm of plan.hostNames.keys()) {
    if (prepared.has(vm)) continue;
    const reason = 'Windows machines are not configured by this version of the Infrastructure Manager.';
    await dropVm(context, createTaskTable(plan), vm, [reason]);
  }
}

function runtimeTarget(context: RunContext, link: ControlLink): Promise<RuntimeTarget> {
  const { settings } = context.environment;
  return link.connection(context.signal).then((connection) => ({
    connection,
    remoteConfDir: settings.remoteConfDir,
    infrastructureId: context.run.infrastructureId,
    bundleDir: settings.runtimeBundleDir,
    timeoutMs: settings.ansibleInstallTimeoutMs,
    signal: context.signal,
  }));
}

/** Prepares the master itself; without it nothing goes on. */
async function prepareMaster(context: RunContext, plan: ConfigurationPlan, open: OpenVm): Promise<VmConnection> {
  const { number } = open.vm;
  const bootstrap = plan.bootstrap.find(({ vm }) => vm === number);
  if (!bootstrap)
    throw new InfrastructureFailure([`Error configuring master node: VM ${number} cannot be configured.`]);
  const preparation = { bootstrap, etcHosts: plan.etcHosts, isMaster: true };
  const prepared = await prepareVm(context, open.vm, open.connection, preparation);
  const lines = prepared.report.steps.map(describeStep);
  if (prepared.report.problem !== undefined) {
    await logBasicBlock(context, number, [...lines, prepared.report.problem], false);
    throw new InfrastructureFailure([`Error configuring master node: ${prepared.report.problem}`]);
  }
  await logBasicBlock(context, number, lines, true);
  const { timeZoneOffsetMinutes } = prepared.report;
  await context.progress.update(() => ({ timeZoneOffsetMinutes }));
  return connectionOf(prepared, innerEndpoints(open.vm)[0] ?? open.endpoint);
}

/** The runtime on the control node: found or installed, with the lines of contextualization.md §7. */
async function ensureRuntime(context: RunContext, target: RuntimeTarget, isAnnounced: boolean): Promise<string> {
  if (isAnnounced) await logOnce(context, 'Configure Ansible in the master VM.');
  const path = await installRuntime(target);
  if (isAnnounced) await logOnce(context, 'Ansible successfully configured in the master VM.');
  return path;
}

/** Control node and runtime: what must work, or the run fails as a whole. */
async function openControl(
  context: RunContext,
  control: ControlNode,
  plan: ConfigurationPlan,
  onLink: (link: ControlLink) => void,
): Promise<{ readonly runtimePath: string; readonly facts: Facts }> {
  try {
    if (control.kind === 'external') {
      const link = await linkToExternal(context, control.host);
      onLink(link);
      return { runtimePath: await installRuntime(await runtimeTarget(context, link)), facts: new Map() };
    }
    const open = await openMaster(context, control.vm, control.isNew);
    const link = linkToMaster(context, open);
    onLink(link);
    const target = await runtimeTarget(context, link);
    const found = await findRuntime(target);
    const isAnnounced = found === undefined || control.isNew;
    if (isAnnounced) {
      await logOnce(context, 'Creating and copying Ansible playbook files');
      await logOnce(context, 'Performing preliminary steps to configure Ansible.');
    }
    const facts = new Map([[control.vm, await prepareMaster(context, plan, open)]]);
    return { runtimePath: found && !isAnnounced ? found : await ensureRuntime(context, target, isAnnounced), facts };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof ImError || error instanceof SshError) {
      throw new InfrastructureFailure([`Error in the ansible installation process: ${errorText(error)}`], error);
    }
    throw error;
  }
}

/** Everything up to the first step. Ends with the progress `steps`. */
async function prepare(context: RunContext, radl: Radl, control: ControlNode, hooks: RunHooks): Promise<ControlLink> {
  const { ports, environment, run, progress } = context;
  const { disabledVms } = checkDisabled(radl, await ports.vms());
  const started = environment.now();
  await waitForAddresses(context, disabledVms);
  const draft = await planFor(context, radl, control, new Map());
  await reportLeftOut(context, draft, disabledVms);
  const table = createTaskTable(draft);

  // The control node and the other VMs come up side by side; when the control node fails, nobody waits any longer.
  const failed = new AbortController();
  const others: RunContext = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
  const { door, open, fail } = createControlDoor();
  const controlWork = openControl(context, control, draft, (link) => {
    hooks.onLink(link);
    open(link);
  }).catch((error: unknown) => {
    fail(error);
    failed.abort(error);
    throw error;
  });
  const master = control.kind === 'master' ? control.vm : null;
  const [ready, facts] = await Promise.all([controlWork, prepareOthers(others, draft, table, master, door)]);
  const seconds = ((environment.now() - started) / 1000).toFixed(1);
  await logOnce(context, `All VMs reached and prepared in ${seconds} s.`);

  const connections: Facts = new Map([...ready.facts, ...facts]);
  await logOnce(context, 'Copying YAML, hosts and inventory files.');
  const plan = await planFor(context, radl, control, connections);
  const { remoteConfDir } = environment.settings;
  const link = await door.link;
  try {
    await stageFiles(await link.connection(context.signal), {
      remoteConfDir,
      infrastructureId: run.infrastructureId,
      directory: infrastructureDir(remoteConfDir, run.infrastructureId),
      runtimePath: ready.runtimePath,
      files: plan.files,
      ansibleKey: context.ansibleKey,
      signal: context.signal,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ImError || error instanceof SshError)) throw error;
    throw new InfrastructureFailure([`Error copying the files to the master VM: ${errorText(error)}`], error);
  }
  await progress.update(() => ({ phase: 'steps', runtimePath: ready.runtimePath, connections }));
  return link;
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
export async function configure(context: RunContext, hooks: RunHooks): Promise<void> {
  const { ports, progress, environment, run } = context;
  const radl = await ports.radl();
  const vms = await ports.vms();
  if (!vms.some((vm) => !vm.isDeleting)) {
    await logOnce(context, 'No VMs to deploy. Exiting.');
    return;
  }
  const { isInfrastructureDisabled, disabledVms } = checkDisabled(radl, vms);
  if (isInfrastructureDisabled) {
    await runDisabled(context, vms);
    return;
  }
  await reportDisabledVms(context, disabledVms);
  if (!vms.some((vm) => isAlive(vm) && !disabledVms.has(vm.number))) {
    await reportLeftOut(
      context,
      await planFor(context, radl, { kind: 'master', vm: -1, isNew: false }, new Map()),
      disabledVms,
    );
    return;
  }
  const control = await chooseControlNode(context, radl, vms, disabledVms);
  const isResumed = progress.current.phase === 'steps';
  const link = isResumed ? await reopen(context, control, hooks) : await prepare(context, radl, control, hooks);
  const { connections, runtimePath } = progress.current;
  const plan = await planFor(context, radl, control, connections);
  await runSteps({
    base: context,
    link,
    plan,
    table: createTaskTable(plan),
    directory: infrastructureDir(environment.settings.remoteConfDir, run.infrastructureId),
    runtimePath,
    connections,
    passwords: passwordsOf(await ports.vms(), context.ansibleKey.privateKey),
    sources: new Map(plan.files.map(({ path, content }) => [path, content])),
    remainingMs: hooks.remainingMs,
  });
}
