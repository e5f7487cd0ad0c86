// SPDX-License-Identifier: Apache-2.0
// The story of forgetting an infrastructure that was exported: whoever has the document has its machines now.
import { incorrectState, isJsonObject, type JsonValue, type VmStatus } from '../../domain/index.js';
import { STATISTICS_KEY } from '../../store/index.js';
import type { OperationContext, OperationOutcome } from '../context.js';

/** The machines of an infrastructure as an export shows them: number and provider id of each VM. */
export function machinesOf(vms: readonly VmStatus[]): JsonValue {
  return vms.map(({ number, providerId }) => [number, providerId]);
}

/** Forgets it, unless its machines are others than those in the exported document. */
export async function release({ environment: { store }, operation }: OperationContext): Promise<OperationOutcome> {
  const id = operation.infrastructureId;
  const present = machinesOf(await store.listVmStatuses(id));
  if (JSON.stringify(present) !== JSON.stringify(operation.request.machines)) {
    return { ok: false, error: incorrectState() };
  }
  const resources = await store.listResources(id, { states: ['intent', 'created', 'deleting'] });
  const extra = (await store.getInfrastructure(id))?.extra ?? {};
  const statistics = extra[STATISTICS_KEY];
  const marked = { ...(isJsonObject(statistics) && statistics), isExported: true };
  return {
    ok: true,
    changes: [
      ...resources.map((resource) => ({
        kind: 'update-resource' as const,
        id: resource.id,
        set: { state: 'abandoned' as const },
      })),
      { kind: 'update-infrastructure', id, set: { isDeleted: true, extra: { ...extra, [STATISTICS_KEY]: marked } } },
    ],
  };
}
