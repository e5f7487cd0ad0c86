// SPDX-License-Identifier: Apache-2.0
// Deleting a machine with everything that belongs only to it, and what the ledger holds (openstack.md §6).
import { ImError, type Resource } from '../../domain/index.js';
import { interfaceCount } from '../../radl/index.js';
import type { VmReference } from '../connector.js';
import { collectFailures } from '../shared/failures.js';
import { systemOf } from '../shared/first-system.js';
import { findFloatingIp, isMadeFor, releaseFloatingIp } from './floating-ips.js';
import { removeInherited } from './inherited.js';
import { findByToken, removeLaunched, removePorts, removeServer } from './launch.js';
import { findPort, portNames } from './ports.js';
import {
  findNetwork,
  findRouter,
  findSubnet,
  removeNetwork,
  removeRouter,
  removeSubnet,
  whenFree,
} from './private-networks.js';
import { findSecurityGroup, removeSecurityGroup } from './security-groups.js';
import { META_INFRASTRUCTURE, META_LAUNCH, META_VM, type Site } from './site.js';
import type { FloatingIpView } from './views.js';
import { decodeExtra, reusedAddresses } from './vm-extra.js';
import { findVolume, removeVolume, vmVolumes } from './volumes.js';

/** Deletes a VM. Goes on after a failure and tells all of them at the end. */
export async function destroy(site: Site, vm: VmReference, signal: AbortSignal): Promise<void> {
  const { infrastructureId, number } = vm;
  const extra = decodeExtra(vm.extra);
  const { attempt, throwAny } = collectFailures(signal);

  // A second server of the VM, from a create call that was believed lost, goes as well.
  const token = `${infrastructureId}-${number}-`;
  const servers = (await site.nova.servers(token, signal)).filter(
    ({ metadata }) =>
      metadata.get(META_INFRASTRUCTURE) === infrastructureId && metadata.get(META_VM) === String(number),
  );
  const ids = new Set([vm.providerId, ...servers.map(({ id }) => id)].filter((id) => id !== ''));
  const isByReference =
    vm.providerId !== '' &&
    !servers.some(({ id, metadata }) => id === vm.providerId && metadata.has(META_LAUNCH)) &&
    extra.ports.length === 0;
  const reused = new Set(reusedAddresses(vm.extra));
  // The reference marks nothing: what it did not note as reused, it made.
  const isOurs = (floatingIp: FloatingIpView): boolean =>
    isMadeFor(floatingIp, infrastructureId) || (isByReference && !reused.has(floatingIp.address));

  const tokens = servers.flatMap(({ metadata }) => metadata.get(META_LAUNCH) ?? []);
  const ports = await portsOf(site, vm, [...ids], tokens, signal);
  const volumes = new Set([...extra.volumes, ...(await vmVolumes(site, infrastructureId, number, signal))]);
  for (const id of ids) await attempt(() => removeServer(site, id, signal));
  await attempt(() => removePorts(site, ports, isOurs, signal));
  for (const id of volumes) await attempt(() => removeVolume(site, id, signal));
  throwAny('\n ');
}

/** Ports of the record, of the launch tokens (a server that is still being built does not have them yet) and of the servers. */
async function portsOf(
  site: Site,
  vm: VmReference,
  servers: readonly string[],
  tokens: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names = tokens.flatMap((token) => portNames(token, interfaceCount(systemOf(vm.info)) + 1));
  const ofLaunches = names.length === 0 ? [] : await site.neutron.ports({ name: names }, signal);
  const ofServers = servers.length === 0 ? [] : await site.neutron.ports({ device_id: servers }, signal);
  return [...new Set([...decodeExtra(vm.extra).ports, ...[...ofLaunches, ...ofServers].map(({ id }) => id)])];
}

/** Deletes something that is in the ledger. */
export async function destroyResource(site: Site, resource: Resource, signal: AbortSignal): Promise<void> {
  const { kind, token, infrastructureId } = resource;
  switch (kind) {
    case 'vm':
      return removeLaunched(site, infrastructureId, token, signal);
    case 'network':
      return removeNetwork(site, resource, signal);
    case 'subnet':
      return removeSubnet(site, resource, signal);
    case 'router':
      return removeRouter(site, resource, signal);
    case 'security-group':
      return removeSecurityGroup(site, resource, signal);
    case 'port': {
      const id = resource.providerId ?? (await findPort(site, resource, signal));
      if (id === undefined) return;
      return whenFree(site, `port ${token}`, signal, () => site.neutron.delete('port', id, signal));
    }
    case 'floating-ip': {
      const found = (await site.neutron.floatingIps({ description: `IM floating IP of ${token}` }, signal))[0];
      if (found !== undefined) await releaseFloatingIp(site, found, true, signal);
      return;
    }
    case 'volume': {
      const id = resource.providerId ?? (await findVolume(site, resource, signal));
      return id === undefined ? undefined : removeVolume(site, id, signal);
    }
    case 'other':
      return removeInherited(site, resource, signal);
    default:
      throw new ImError('internal', `OpenStack registers no resource of kind ${kind}.`);
  }
}

/** Finds something whose creation was interrupted. */
export async function findResource(site: Site, resource: Resource, signal: AbortSignal): Promise<string | undefined> {
  const { kind, token, infrastructureId } = resource;
  switch (kind) {
    case 'vm':
      return (await findByToken(site, [token], infrastructureId, signal))[0]?.providerId;
    case 'network':
      return (await findNetwork(site, token, infrastructureId, signal))?.id;
    case 'subnet':
      return (await findSubnet(site, token, signal))?.id;
    case 'router':
      return (await findRouter(site, token, signal))?.id;
    case 'security-group':
      return findSecurityGroup(site, resource, signal);
    case 'port':
      return findPort(site, resource, signal);
    case 'floating-ip':
      return findFloatingIp(site, resource, signal);
    case 'volume':
      return findVolume(site, resource, signal);
    default:
      return undefined;
  }
}
