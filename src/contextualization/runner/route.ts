// SPDX-License-Identifier: Apache-2.0
// Finds the way from the control node to a VM (contextualization.md §4).
import { ImError } from '../../domain/index.js';
import type { SshConnection } from '../../ssh/index.js';
import type { ConfigurableVm } from '../contract.js';
import { firstOpen } from './first-open.js';
import { type Endpoint, innerEndpoints, tunnelEndpoint } from './vm-access.js';

const PROBE_TIMEOUT_MS = 5000;

/**
 * The first address at which the VM answers the control node.
 * @throws ImError `provider` when it answers at none; the signal's reason on abort.
 */
export async function findRoute(control: SshConnection, vm: ConfigurableVm, signal: AbortSignal): Promise<Endpoint> {
  const ways = [...innerEndpoints(vm), tunnelEndpoint(vm)].map((endpoint) => ({ ...endpoint, via: control }));
  const { way, isForwardingForbidden } = await firstOpen(ways, PROBE_TIMEOUT_MS, signal);
  if (way) return { host: way.host, port: way.port };
  const tried = innerEndpoints(vm)
    .map(({ host, port }) => `${host}:${port}`)
    .join(', ');
  throw new ImError(
    'provider',
    isForwardingForbidden
      ? `${control.host} forbids TCP forwarding, so VM ${vm.number} cannot be reached through it: set AllowTcpForwarding yes in its sshd_config.`
      : `VM ${vm.number} cannot be reached from ${control.host} (tried ${tried}): put both into one network, give the VM a public one, or let it open a reverse tunnel (SSH_REVERSE_TUNNELS).`,
  );
}
