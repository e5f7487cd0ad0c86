// SPDX-License-Identifier: Apache-2.0
// The story of reconfigure: take over recipes, steps, credentials and applications, then configure again (core.md §19).
import { infrastructureNotFound } from '../domain/index.js';
import { deserializeRadl, reconfigureRadl, takeNewCredentials } from '../radl/index.js';
import { configureOperation, decodeConfigureRequest, resetForConfiguration } from './configure/trigger.js';
import type { OperationContext, OperationOutcome } from './context.js';

/** Merges the document of the request into the infrastructure's and starts a configuration. */
export async function reconfigure(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation, workspace } = context;
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  if (infrastructure === undefined) {
    return { ok: false, error: infrastructureNotFound() };
  }
  const document = deserializeRadl(String(operation.request.document ?? ''));
  const merged = infrastructure.radl.clone();
  reconfigureRadl(merged, document);
  const vms = await environment.store.listVms(operation.infrastructureId);
  for (const vm of vms) {
    const wanted = document.getSystem(vm.systemName);
    if (wanted !== undefined) {
      await workspace.vms.update(vm.number, (present) => {
        const info = present.info.clone();
        const system = info.systems[0];
        return system !== undefined && takeNewCredentials(system, wanted) ? { info } : undefined;
      });
    }
  }
  return {
    ok: true,
    changes: [
      { kind: 'update-infrastructure', id: infrastructure.id, set: { radl: merged } },
      ...resetForConfiguration(infrastructure.id, vms),
    ],
    next: configureOperation(operation, { ...decodeConfigureRequest(operation), refreshRoles: true }),
  };
}
