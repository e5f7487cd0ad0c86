// SPDX-License-Identifier: Apache-2.0
// The story of a configuration: run it over all living VMs and write down how it ended.
import type { OperationContext, OperationOutcome } from '../context.js';
import { contextualizationPorts } from './ports.js';
import { decodeConfigureRequest } from './trigger.js';

/** Runs a configuration; re-attaches to one that was running when the daemon ended. */
export async function configure(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation } = context;
  const request = decodeConfigureRequest(operation);
  const outcome = await environment.contextualizer.run({
    infrastructureId: operation.infrastructureId,
    runId: operation.id,
    ...(request.vmList !== undefined && { vmList: request.vmList }),
    refreshRoles: request.refreshRoles === true,
    isAddition: request.isAddition === true,
    startedAt: operation.startedAt ?? environment.now(),
    ports: contextualizationPorts(context),
    signal: context.signal,
  });
  return {
    ok: true,
    changes: [
      {
        kind: 'update-infrastructure',
        id: operation.infrastructureId,
        set: { configured: outcome.isInfrastructureConfigured },
      },
    ],
  };
}
