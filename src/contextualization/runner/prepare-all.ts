// SPDX-License-Identifier: Apache-2.0
// Waits for all VMs at once and prepares each as soon as it lets us in; private ones through the control node (contextualization.md §5.5, §24).
import { errorText, ImError } from '../../domain/index.js';
import { type SshConnection, SshError } from '../../ssh/index.js';
import { describeStep } from '../bootstrap/report.js';
import type { ConfigurationPlan, PlannedBootstrap } from '../contract.js';
import { stepBegin, stepEnd, stoppedLine, taskBegin, taskFailed, taskSucceeded } from '../render/index.js';
import type { ControlDoor } from './control-link.js';
import { recordFailures } from './failures.js';
import { againWhenLost } from './lost-connection.js';
import { type PreparedVm, prepareVm } from './prepare-vm.js';
import { prepareWindows } from './prepare-windows.js';
import type { VmConnection } from './progress.js';
import { findRoute } from './route.js';
import type { RunContext } from './run-context.js';
import type { TaskTable } from './task-table.js';
import { type Endpoint, mainAddress } from './vm-access.js';
import { type OpenVm, waitLogin } from './wait-login.js';

const BASIC_STEP = 1;
const BASIC_TASK = 'basic';
/** Fixed by contextualization.md §5.5. */
const VM_ACCESS_TIMEOUT_MS = 600_000;

/** What was found out about a prepared VM, for Ansible. */
export const connectionOf = (prepared: PreparedVm, route: VmConnection['route']): VmConnection => ({
  user: prepared.user,
  route,
  needsPassword: prepared.report.sudo === 'password',
  python: prepared.report.python?.path ?? '',
});

/** How the progress remembers that the block `basic` of a VM is in its log. */
export const basicMark = (vm: number): string => `basic of ${vm}`;

/** Writes the block `basic` of a VM, once. */
export async function logBasicBlock(
  context: RunContext,
  vm: number,
  lines: readonly string[],
  isOk: boolean,
): Promise<void> {
  const { ports, progress } = context;
  const mark = basicMark(vm);
  if (progress.current.logged.includes(mark)) return;
  const end = isOk ? taskSucceeded(BASIC_TASK) + stepEnd() : taskFailed(BASIC_TASK, 1, 1);
  const body = lines.map((line) => `${line}\n`).join('');
  await ports.logVm(vm, stepBegin() + taskBegin(BASIC_TASK) + body + end);
  await progress.update(({ logged }) => ({ logged: [...logged, mark] }));
}

/** A VM that cannot be prepared takes no further part. */
async function dropVm(context: RunContext, table: TaskTable, vm: number, lines: readonly string[]): Promise<void> {
  const { ports, progress } = context;
  await logBasicBlock(context, vm, lines, false);
  await recordFailures(context, [{ phase: 'bootstrap', vm, task: BASIC_TASK, lines }]);
  await progress.update(({ failedVms }) => ({ failedVms: [...new Set([...failedVms, vm])] }));
  await ports.setVmResult(vm, false);
  const notRun = table.ofVm(vm).map(({ task }) => task.name);
  await ports.logInfrastructure(stoppedLine(vm, BASIC_STEP, [BASIC_TASK], notRun));
}

const where = ({ endpoint, isThroughMaster, isThroughProxy }: OpenVm): string => {
  const way = isThroughMaster ? ' through the master' : isThroughProxy ? ' through the proxy host' : '';
  return `Remote access to VM: ${endpoint.host}:${endpoint.port}${way} Open!`;
};

/** The way that Ansible takes: the one through which we came in, a direct one, at last through the bastion. */
async function routeOf(
  context: RunContext,
  open: OpenVm,
  control: SshConnection,
): Promise<{ readonly route: Endpoint; readonly isBehindProxy: boolean }> {
  if (open.isThroughMaster) return { route: open.endpoint, isBehindProxy: false };
  try {
    return { route: await findRoute(control, open.vm, context.signal), isBehindProxy: false };
  } catch (error) {
    if (!open.isThroughProxy || !(error instanceof ImError)) throw error;
    return { route: open.endpoint, isBehindProxy: true };
  }
}

/** Everything that the bootstrap does may be done twice. */
const prepareOne = (
  context: RunContext,
  plan: ConfigurationPlan,
  bootstrap: PlannedBootstrap,
  door: ControlDoor,
): Promise<VmConnection> => againWhenLost(context.signal, () => tryToPrepare(context, plan, bootstrap, door));

async function tryToPrepare(
  context: RunContext,
  plan: ConfigurationPlan,
  bootstrap: PlannedBootstrap,
  door: ControlDoor,
): Promise<VmConnection> {
  const open = await waitLogin(context, bootstrap.vm, {
    timeoutMs: VM_ACCESS_TIMEOUT_MS,
    master: async (): Promise<SshConnection | undefined> => door.current()?.connection(context.signal),
  });
  try {
    const preparation = { bootstrap, etcHosts: plan.etcHosts, isMaster: false };
    const prepared = await prepareVm(context, open.vm, open.connection, preparation);
    const { report } = prepared;
    if (report.problem !== undefined) throw new ImError('provider', report.problem);
    const link = await door.link;
    const { route, isBehindProxy } = await link.use(context.signal, (control) => routeOf(context, open, control));
    const lines = [
      where(open),
      ...report.steps.map(describeStep),
      `Route from the master: ${route.host}:${route.port}${isBehindProxy ? ' through the proxy host' : ''}`,
    ];
    await logBasicBlock(context, bootstrap.vm, lines, true);
    return { ...connectionOf(prepared, route), ...(isBehindProxy && { isBehindProxy: true as const }) };
  } finally {
    open.connection.close();
  }
}

async function prepareOneWindows(
  context: RunContext,
  plan: ConfigurationPlan,
  vm: number,
  door: ControlDoor,
): Promise<VmConnection> {
  const { connection, lines } = await prepareWindows(context, plan, vm, door, VM_ACCESS_TIMEOUT_MS);
  await logBasicBlock(context, vm, lines, true);
  return connection;
}

/**
 * Prepares all VMs but the master. Those that cannot be prepared are dropped, with the reason in their logs.
 * @returns what Ansible must know of the others
 * @throws the signal's reason on abort, whatever the control node's link fails with, errors of the ports.
 */
export async function prepareOthers(
  context: RunContext,
  plan: ConfigurationPlan,
  table: TaskTable,
  master: number | null,
  doorOf: (systemName: string) => ControlDoor,
): Promise<ReadonlyMap<number, VmConnection>> {
  const systems = new Map((await context.ports.vms()).map(({ number, systemName }) => [number, systemName]));
  const doorFor = (vm: number): ControlDoor => doorOf(systems.get(vm) ?? '');
  const connections = new Map<number, VmConnection>();
  const others = plan.bootstrap.filter(({ vm }) => vm !== master);
  const jobs = [
    ...others.map((bootstrap) => ({
      vm: bootstrap.vm,
      work: () => prepareOne(context, plan, bootstrap, doorFor(bootstrap.vm)),
    })),
    ...plan.windows.map((vm) => ({ vm, work: () => prepareOneWindows(context, plan, vm, doorFor(vm)) })),
  ];
  const outcomes = await Promise.allSettled(
    jobs.map(async ({ vm, work }) => {
      try {
        connections.set(vm, await work());
      } catch (error) {
        context.signal.throwIfAborted();
        await doorFor(vm).link; // a failed control node is the failure of the run, not of this VM
        if (!(error instanceof ImError || error instanceof SshError)) throw error;
        const current = await context.ports.vm(vm);
        const address = (current && mainAddress(current)) ?? `VM ${vm}`;
        await dropVm(context, table, vm, [`Error Waiting access to VM: ${address}`, errorText(error)]);
      }
    }),
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
  return connections;
}
