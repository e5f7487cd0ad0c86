// SPDX-License-Identifier: Apache-2.0
// The one place that decides whether a call may touch an infrastructure or a VM (core.md §5.1-§5.3, OWASP API1).
import {
  accessNotGranted,
  type Caller,
  functionDisabled,
  INFRASTRUCTURE_ID_PATTERN,
  type InfrastructureHeader,
  infrastructureNotFound,
  isGranted,
  type VirtualMachine,
  vmDeleted,
  vmNotFound,
} from '../domain/index.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** What a use case does, for BOOT_MODE: `delete` is allowed in mode 2, `write` only in mode 0. */
export type AccessKind = 'read' | 'write' | 'delete';

/** A call that may act on an infrastructure. */
export interface Access {
  readonly caller: Caller;
  readonly header: InfrastructureHeader;
}

/** BOOT_MODE, then the credentials of the call. */
export async function admit(environment: ManagerEnvironment, call: Call, kind: AccessKind): Promise<Caller> {
  const { bootMode } = environment.settings;
  if ((bootMode === 1 && kind !== 'read') || (bootMode === 2 && kind === 'write')) {
    throw functionDisabled();
  }
  return environment.authenticate(call.items, call.signal);
}

/** As admit, then: does the infrastructure exist, and does it belong to the caller. */
export async function admitToInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  kind: AccessKind,
): Promise<Access> {
  const caller = await admit(environment, call, kind);
  const header = INFRASTRUCTURE_ID_PATTERN.test(infrastructureId)
    ? await environment.store.getHeader(infrastructureId)
    : undefined;
  if (header === undefined || header.isDeleted) {
    throw infrastructureNotFound();
  }
  if (!isGranted(caller, header.owners)) {
    throw accessNotGranted();
  }
  return { caller, header };
}

/** A VM number as sent: an integer, or its text. @throws ImError `vm-not-found` for anything else */
export function parseVmNumber(vmId: string | number): number {
  const text = String(vmId).trim();
  if (!/^\d{1,9}$/.test(text)) {
    throw vmNotFound();
  }
  return Number(text);
}

/** A living VM of the infrastructure. @throws ImError `vm-not-found` or `vm-deleted` */
export async function findVm(
  environment: ManagerEnvironment,
  infrastructureId: string,
  vmId: string | number,
): Promise<VirtualMachine> {
  const vm = await environment.store.getVm(infrastructureId, parseVmNumber(vmId));
  if (vm === undefined) {
    throw vmNotFound();
  }
  if (vm.isDestroyed) {
    throw vmDeleted();
  }
  return vm;
}
