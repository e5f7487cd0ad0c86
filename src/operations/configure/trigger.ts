// SPDX-License-Identifier: Apache-2.0
// What starting a configuration resets, and the journal entry that asks for it (core.md §19.3).
import type { JsonObject, Operation, VmStatus } from '../../domain/index.js';
import type { Change } from '../../store/index.js';
import type { NewOperation } from '../context.js';

/** What a configuration run is asked to do. */
export interface ConfigureRequest {
  /** VMs whose configure steps run; absent: all. */
  readonly vmList?: readonly number[];
  /** Roles and collections are fetched anew. */
  readonly refreshRoles?: boolean;
  /** Follows an addition of VMs: what has not changed may stay as it is (CTXT_INCREMENTAL). */
  readonly isAddition?: boolean;
}

/** Results and logs of all living VMs and of the infrastructure start from nothing. */
export function resetForConfiguration(infrastructureId: string, vms: readonly VmStatus[]): readonly Change[] {
  return [
    { kind: 'update-infrastructure', id: infrastructureId, set: { configured: null } },
    { kind: 'reset-log', infrastructureId, vm: null },
    ...vms.flatMap(({ number }): Change[] => [
      { kind: 'update-vm', infrastructureId, number, set: { configured: null } },
      { kind: 'reset-log', infrastructureId, vm: number },
    ]),
  ];
}

/** The configuration that follows an operation, with its credentials. */
export function configureOperation(cause: Operation, request: ConfigureRequest): NewOperation {
  return {
    kind: 'configure',
    infrastructureId: cause.infrastructureId,
    caller: cause.caller,
    credentials: cause.credentials,
    request: encodeConfigureRequest(request),
  };
}

/** As stored with the operation. */
export function encodeConfigureRequest({ vmList, refreshRoles, isAddition }: ConfigureRequest): JsonObject {
  return {
    ...(vmList !== undefined && { vmList }),
    ...(refreshRoles === true && { refreshRoles }),
    ...(isAddition === true && { isAddition }),
  };
}

/** Inverse of encodeConfigureRequest. */
export function decodeConfigureRequest(operation: Operation): ConfigureRequest {
  const { vmList, refreshRoles, isAddition } = operation.request;
  return {
    ...(Array.isArray(vmList) && { vmList: vmList.map(Number) }),
    refreshRoles: refreshRoles === true,
    isAddition: isAddition === true,
  };
}
