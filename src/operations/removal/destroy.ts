// SPDX-License-Identifier: Apache-2.0
// The story of destroying an infrastructure (core.md §18): VMs in reverse order, then shared resources, then the record itself.
import { badRequest, errorText } from '../../domain/index.js';
import type { Change } from '../../store/index.js';
import type { OperationContext, OperationOutcome } from '../context.js';
import { logLine } from '../log-line.js';
import { takeUpInherited } from './inherited.js';
import { removeVm } from './remove-vm.js';
import { removeUnusedResources } from './shared-resources.js';

/** Deletes everything; `isForced` forgets what could not be deleted, but keeps it in the ledger as abandoned. */
export async function destroy(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation } = context;
  const { store } = environment;
  const isForced = operation.request.isForced === true;
  const failures = [
    ...(await removeAllVms(context)),
    ...(await removeUnusedResources(context)),
    ...(await removeSnapshots(context)),
  ];
  const id = operation.infrastructureId;
  if (failures.length > 0 && !isForced) {
    const message = `Error destroying the infrastructure: \n${failures.map((failure) => `${failure}\n`).join('')}`;
    return {
      ok: false,
      error: badRequest(message),
      changes: [
        { kind: 'update-infrastructure', id, set: { isDestroying: false } },
        { kind: 'append-log', infrastructureId: id, vm: null, text: logLine(message, environment.now()) },
        // Their configuration was stopped by this destroy; nobody goes on with it.
        ...(await store.listVmStatuses(id))
          .filter(({ configured }) => configured === null)
          .map(
            ({ number }): Change => ({ kind: 'update-vm', infrastructureId: id, number, set: { configured: false } }),
          ),
      ],
    };
  }
  const left = await store.listResources(id, { states: ['intent', 'created', 'deleting'] });
  for (const resource of left) {
    environment.logger.warn(
      `Abandoned by a forced destroy: ${resource.kind} ${resource.providerId ?? resource.token} in cloud ${resource.cloud.id}.`,
      {
        infId: id,
      },
    );
  }
  const vms = await store.listVmStatuses(id);
  const changes: Change[] = [
    ...left.map((resource): Change => ({ kind: 'update-resource', id: resource.id, set: { state: 'abandoned' } })),
    ...vms.map(
      ({ number }): Change => ({
        kind: 'update-vm',
        infrastructureId: id,
        number,
        set: { isDestroyed: true, isDeleting: false },
      }),
    ),
    { kind: 'update-infrastructure', id, set: { isDeleted: true } },
  ];
  return { ok: true, changes };
}

/** Reverse order, so that a daemon that hosts itself in VM 0 dies last. */
async function removeAllVms(context: OperationContext): Promise<readonly string[]> {
  const { store } = context.environment;
  const id = context.operation.infrastructureId;
  const vms = [...(await store.listVms(id))].reverse();
  const resources = new Map(
    (await store.listResources(id))
      .filter(({ kind }) => kind === 'vm')
      .map((resource) => [resource.vmNumber, resource]),
  );
  await takeUpInherited(context, vms, resources);
  const failures: string[] = [];
  await Promise.all(
    vms.map(async (vm) => {
      const failure = await removeVm(context, vm, resources.get(vm.number));
      if (failure !== undefined) {
        failures.push(failure);
      }
    }),
  );
  return failures;
}

/** Snapshots made with auto_delete go with the infrastructure, each one through a cloud that knows its URL (core.md §16). */
async function removeSnapshots(context: OperationContext): Promise<readonly string[]> {
  const { environment, operation, clouds, signal } = context;
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  const failures: string[] = [];
  for (const url of infrastructure?.snapshots ?? []) {
    const refusals: string[] = [];
    let isDeleted = false;
    for (const option of clouds.options()) {
      if (isDeleted || !('connector' in option) || option.connector.deleteImage === undefined) {
        continue;
      }
      try {
        await option.connector.deleteImage(url, signal);
        isDeleted = true;
      } catch (error) {
        signal.throwIfAborted();
        refusals.push(errorText(error));
      }
    }
    // One cloud that knows the URL is enough; the others refuse it.
    if (!isDeleted && refusals.length > 0) {
      failures.push(`The snapshot ${url} could not be deleted: ${refusals.join('; ')}`);
    }
  }
  return failures;
}
