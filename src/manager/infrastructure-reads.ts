// SPDX-License-Identifier: Apache-2.0
// Use cases: VM list, document and log of an infrastructure (core.md §15).
import { infrastructureNotFound, type VirtualMachine } from '../domain/index.js';
import { type Radl, visibleRadl } from '../radl/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { shownTo } from './secret-features.js';
import { vmMessage } from './vm-info.js';

/** Clients look for this line between the logs of VMs. */
const SEPARATOR = '*'.repeat(75);

/** Numbers of living VMs. */
export async function listVms(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<readonly number[]> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read', 'people-and-nodes');
  return (await environment.store.listVmStatuses(infrastructureId)).map(({ number }) => number);
}

/** The document without the daemon's internal systems. */
export async function infrastructureRadl(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<Radl> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'read', 'people-and-nodes');
  const infrastructure = await environment.store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined) {
    throw infrastructureNotFound();
  }
  return shownTo(environment, caller, visibleRadl(infrastructure.radl));
}

/** The infrastructure's log and, unless only the header is asked for, that of each living VM that has one. */
export async function infrastructureContMsg(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  isHeaderOnly: boolean,
): Promise<string> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read', 'people-and-nodes');
  const { text } = await environment.store.readLog(infrastructureId, null);
  if (isHeaderOnly) {
    return text;
  }
  const logs = await environment.store.readVmLogs(infrastructureId);
  const vms = await environment.store.listVms(infrastructureId);
  return text + vms.map((vm) => vmBlock(vm, logs.get(vm.number) ?? '')).join('');
}

function vmBlock(vm: VirtualMachine, log: string): string {
  const message = vmMessage(vm.errorMessage, log);
  return message === '' ? '' : `VM ${vm.number}:\n${message}\n${SEPARATOR}\n`;
}
