// SPDX-License-Identifier: Apache-2.0
// The one place that decides whether a call may touch an infrastructure or a VM (core.md §5.1-§5.3, OWASP API1).
import {
  accessNotGranted,
  type Caller,
  functionDisabled,
  ImError,
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
import { withKeptCredentials } from './node-credentials.js';

/** What a use case does, for BOOT_MODE: `delete` is allowed in mode 2, `write` only in mode 0. */
export type AccessKind = 'read' | 'write' | 'delete';

/** Who may use a function: `people` unless it says that nodes need it too (domain/infrastructure-token.ts). */
export type Audience = 'people' | 'people-and-nodes';

/** A call that may act on an infrastructure. */
export interface Access {
  readonly caller: Caller;
  readonly header: InfrastructureHeader;
}

/**
 * BOOT_MODE, then the credentials of the call.
 * @throws ImError `function-disabled`; `invalid-credentials`; `unauthorized` for nodes where they have no business
 */
export async function admit(
  environment: ManagerEnvironment,
  call: Call,
  kind: AccessKind,
  audience: Audience = 'people',
): Promise<Caller> {
  const { bootMode } = environment.settings;
  if ((bootMode === 1 && kind !== 'read') || (bootMode === 2 && kind === 'write')) {
    throw functionDisabled();
  }
  const caller = await environment.authenticate(call.items, call.signal);
  if (caller.onlyInfrastructure !== undefined && audience === 'people') {
    throw notForNodes();
  }
  return caller;
}

/** 403 for a node where it has no business. */
export const notForNodes = (): ImError =>
  new ImError(
    'unauthorized',
    'The token of an infrastructure is not enough for this: use the credentials of one of its owners. ' +
      'It reads states, documents and logs, adds and removes virtual machines, and starts, stops and reboots them.',
  );

/** As admit, then: does the infrastructure exist, and does it belong to the caller. */
export async function admitToInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  kind: AccessKind,
  audience: Audience = 'people',
): Promise<Access> {
  const caller = await admit(environment, call, kind, audience);
  const header = INFRASTRUCTURE_ID_PATTERN.test(infrastructureId)
    ? await environment.store.getHeader(infrastructureId)
    : undefined;
  if (header === undefined || header.isDeleted) {
    throw infrastructureNotFound();
  }
  const { onlyInfrastructure } = caller;
  if (onlyInfrastructure !== undefined) {
    if (onlyInfrastructure !== infrastructureId) throw accessNotGranted();
    return {
      caller: kind === 'read' ? caller : await withKeptCredentials(environment, caller, infrastructureId),
      header,
    };
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

/** Admits who looks at machines, people and nodes, and has the background look whether the providers say something new. */
export async function admitAndRefresh(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<Access> {
  const access = await admitToInfrastructure(environment, call, infrastructureId, 'read', 'people-and-nodes');
  refresh(environment, access.caller, infrastructureId);
  return access;
}

/** Has the background look at the machines, unless a node reads that brings no cloud to ask. */
export function refresh({ refresher }: ManagerEnvironment, caller: Caller, infrastructureId: string): void {
  if (caller.onlyInfrastructure !== undefined && caller.clouds.length === 0) return;
  refresher.request(infrastructureId, caller.items);
}

/** Base URL under which machines reach the service; empty when nobody knows. */
export const serviceUrlOf = ({ settings }: ManagerEnvironment, call: Call): string =>
  settings.serviceUrl === '' ? call.serviceUrl : settings.serviceUrl;
