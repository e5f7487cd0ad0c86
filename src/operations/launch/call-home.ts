// SPDX-License-Identifier: Apache-2.0
// Reverse tunnels: machines that nobody reaches are told at their launch how to call home (contextualization.md §4).
import type { CloudConnector } from '../../connectors/index.js';
import { type Infrastructure, newCallHomeToken, withCallHomeToken } from '../../domain/index.js';
import { hasPublicNetwork } from '../../radl/index.js';
import type { OperationContext } from '../context.js';
import type { PendingVm } from './pending-vm.js';
import { launchServiceUrl } from './request.js';

/**
 * Gives machines that nobody reaches from outside a token to call home with. Its hash is written down before the provider gets it; a
 * machine that is taken over after a crash has the token of its launch.
 */
export async function tellToCallHome(
  context: OperationContext,
  infrastructure: Infrastructure,
  connector: CloudConnector,
  entries: readonly PendingVm[],
): Promise<void> {
  const { environment, operation, workspace } = context;
  const serviceUrl = launchServiceUrl(operation);
  const isWanted = environment.settings.sshReverseTunnels && connector.capabilities.has('user-data');
  // Over XML-RPC nobody says where the service is.
  if (!isWanted || serviceUrl === '') return;
  await Promise.all(
    entries.map(async (entry) => {
      const { number, info, systemName } = entry.vm;
      if (hasPublicNetwork(info, systemName)) return;
      const secret = newCallHomeToken(environment.randomText);
      await workspace.vms.update(number, ({ extra }) => ({ extra: withCallHomeToken(extra, secret) }));
      entry.callHome = {
        commandUrl: `${serviceUrl}/infrastructures/${infrastructure.id}/vms/${number}/command`,
        token: secret,
      };
    }),
  );
}
