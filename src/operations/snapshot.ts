// SPDX-License-Identifier: Apache-2.0
// The story of making an image of a VM's disk (core.md §16).
import { badRequest, errorText, ImError, vmNotFound } from '../domain/index.js';
import { isLaunched, vmReference } from './cloud-session.js';
import type { OperationContext, OperationOutcome } from './context.js';

/** Makes the image; with auto_delete its URL is kept, to be deleted with the infrastructure. */
export async function snapshot(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation } = context;
  const { vmNumber, disk, imageName, isAutoDelete } = operation.request;
  const vm = await environment.store.getVm(operation.infrastructureId, Number(vmNumber));
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  if (vm === undefined || vm.isDestroyed || infrastructure === undefined) {
    return { ok: false, error: vmNotFound() };
  }
  try {
    if (!isLaunched(vm)) {
      throw new ImError('incorrect-state', `VM ${vm.number} was never launched.`);
    }
    const connector = context.clouds.connectorFor(vm.cloud);
    if (connector.snapshot === undefined) {
      throw new ImError('not-supported', 'Not supported');
    }
    const url = await connector.snapshot(
      vmReference(vm),
      Number(disk),
      String(imageName),
      isAutoDelete === true,
      context.signal,
    );
    return {
      ok: true,
      result: { url },
      ...(isAutoDelete === true && {
        changes: [
          {
            kind: 'update-infrastructure' as const,
            id: infrastructure.id,
            set: { snapshots: [...infrastructure.snapshots, url] },
          },
        ],
      }),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    return { ok: false, error: badRequest(`Error creating snapshot: ${errorText(error)}`) };
  }
}
