// SPDX-License-Identifier: Apache-2.0
// Brings up the control node: log-in, its own bootstrap, the Ansible runtime. Without it nothing goes on (contextualization.md §7, §24.3).
import { errorText, ImError } from '../../domain/index.js';
import { SshError } from '../../ssh/index.js';
import { describeStep } from '../bootstrap/report.js';
import type { ConfigurationPlan } from '../contract.js';
import { findRuntime, installRuntime } from '../runtime/index.js';
import { contentLines } from './content.js';
import type { ControlLink } from './control-link.js';
import { type ControlNode, linkToExternal, linkToMaster, openMaster } from './control-node.js';
import type { ConnectionFacts } from './planning.js';
import { connectionOf, logBasicBlock } from './prepare-all.js';
import { prepareVm } from './prepare-vm.js';
import type { VmConnection } from './progress.js';
import { InfrastructureFailure, logOnce, type RunContext } from './run-context.js';
import { onRuntime } from './runtime-target.js';
import { innerEndpoints } from './vm-access.js';
import type { OpenVm } from './wait-login.js';

/** A control node that Ansible can be started on. */
export interface OpenControl {
  readonly runtimePath: string;
  /** Of the master VM itself. */
  readonly facts: ConnectionFacts;
}

/** Prepares the master itself; without it nothing goes on. */
async function prepareMaster(
  context: RunContext,
  plan: ConfigurationPlan,
  open: OpenVm,
  link: ControlLink,
): Promise<VmConnection> {
  const { number } = open.vm;
  const bootstrap = plan.bootstrap.find(({ vm }) => vm === number);
  if (!bootstrap)
    throw new InfrastructureFailure([`Error configuring master node: VM ${number} cannot be configured.`]);
  const preparation = { bootstrap, etcHosts: plan.etcHosts, isMaster: true };
  const prepared = await link.use(context.signal, (connection) => prepareVm(context, open.vm, connection, preparation));
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

/**
 * The runtime on the control node: found or installed, with the lines of contextualization.md §7.
 * @param early an installation that was begun before; undefined when it came to nothing
 */
async function ensureRuntime(
  context: RunContext,
  link: ControlLink,
  isAnnounced: boolean,
  early: Promise<string | undefined>,
): Promise<string> {
  const path = await onRuntime(context, link, async (target) => {
    const version = target.ansibleVersion === '' ? '' : ` (v. ${target.ansibleVersion})`;
    if (isAnnounced) await logOnce(context, `Configure Ansible${version} in the master VM.`);
    return (await early) ?? installRuntime(target);
  });
  if (isAnnounced) await logOnce(context, 'Ansible successfully configured in the master VM.');
  return path;
}

/**
 * Opens the control node; `onLink` is called as soon as VMs can be reached through it.
 * @throws InfrastructureFailure with the lines of contextualization.md §5, §7.
 */
export async function openControl(
  context: RunContext,
  control: ControlNode,
  plan: ConfigurationPlan,
  onLink: (link: ControlLink) => void,
): Promise<OpenControl> {
  try {
    if (control.kind === 'external') {
      const link = await linkToExternal(context, control.host);
      onLink(link);
      return { runtimePath: await onRuntime(context, link, (target) => installRuntime(target)), facts: new Map() };
    }
    const open = await openMaster(context, control.vm, control.isNew);
    const link = linkToMaster(context, open);
    onLink(link);
    const found = await onRuntime(context, link, findRuntime);
    const isAnnounced = found === undefined || control.isNew;
    if (isAnnounced) {
      await logOnce(context, 'Creating and copying Ansible playbook files');
      for (const line of contentLines(plan)) await logOnce(context, line);
      await logOnce(context, 'Performing preliminary steps to configure Ansible.');
    }
    // It is sent while the machine is prepared. A machine without Python gets both afterwards, and says what is wrong then.
    const early =
      found === undefined
        ? onRuntime(context, link, (target) => installRuntime(target, true)).catch(() => undefined)
        : Promise.resolve(undefined);
    const facts = new Map([[control.vm, await prepareMaster(context, plan, open, link)]]);
    const runtimePath = found && !isAnnounced ? found : await ensureRuntime(context, link, isAnnounced, early);
    return { runtimePath, facts };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof ImError || error instanceof SshError) {
      throw new InfrastructureFailure([`Error in the ansible installation process: ${errorText(error)}`], error);
    }
    throw error;
  }
}
