// SPDX-License-Identifier: Apache-2.0
// The stories of start, stop and reboot, for one VM or for all of an infrastructure (core.md §16).
import type { CloudConnector, VmReference } from '../connectors/index.js';
import { badRequest, type CloudState, errorText, ImError, type VirtualMachine, vmNotFound } from '../domain/index.js';
import { isLaunched, vmReference } from './cloud-session.js';
import type { OperationContext, OperationHandler } from './context.js';

type PowerAction = 'start' | 'stop' | 'reboot';

const GERUND: Record<PowerAction, string> = { start: 'starting', stop: 'stopping', reboot: 'rebooting' };

/** Power operation on the VM of the request. */
export function powerVm(action: PowerAction): OperationHandler {
  return async (context) => {
    const number = Number(context.operation.request.vmNumber);
    const vm = await context.environment.store.getVm(context.operation.infrastructureId, number);
    if (vm === undefined) {
      return { ok: false, error: vmNotFound() };
    }
    const failure = await switchVm(context, vm, action);
    return failure === undefined
      ? { ok: true }
      : { ok: false, error: badRequest(`Error ${GERUND[action]} the VM: ${failure}`) };
  };
}

/** Power operation on every living VM, or on those of the request that live; goes on after failures. */
export function powerInfrastructure(action: 'start' | 'stop'): OperationHandler {
  return async (context) => {
    const living = await context.environment.store.listVms(context.operation.infrastructureId);
    const { vmNumbers } = context.operation.request;
    const wanted = Array.isArray(vmNumbers) ? new Set(vmNumbers.map(Number)) : undefined;
    const vms = living.filter(({ number }) => wanted?.has(number) ?? true);
    const failures = (await Promise.all(vms.map((vm) => switchVm(context, vm, action)))).filter(
      (failure) => failure !== undefined,
    );
    return failures.length === 0
      ? { ok: true }
      : {
          ok: false,
          error: badRequest(
            `Error ${GERUND[action]} the infrastructure: ${failures.map((failure) => `${failure}\n`).join('')}`,
          ),
        };
  };
}

/** @returns text of the failure; undefined on success */
async function switchVm(
  context: OperationContext,
  vm: VirtualMachine,
  action: PowerAction,
): Promise<string | undefined> {
  try {
    if (!isLaunched(vm)) {
      throw new ImError('incorrect-state', `VM ${vm.number} was never launched.`);
    }
    const connector = context.clouds.connectorFor(vm.cloud);
    const call = powerCall(connector, action);
    const cloudState = await context.limits.run(vm.cloud.id, context.signal, () =>
      call(vmReference(vm), context.signal),
    );
    await context.workspace.vms.set(vm.number, {
      cloudState,
      lastUpdate: context.environment.now(),
      isUpdateFailing: false,
    });
    if (cloudState === 'running') {
      // A started VM may have new addresses.
      await context.observer.observe(context.workspace, context.clouds, context.signal, new Set([vm.number]));
    }
    return undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    return errorText(error);
  }
}

function powerCall(
  connector: CloudConnector,
  action: PowerAction,
): (vm: VmReference, signal: AbortSignal) => Promise<CloudState> {
  const call = connector[action];
  if (call === undefined) {
    throw new ImError('not-supported', 'Operation not supported');
  }
  return call.bind(connector);
}
