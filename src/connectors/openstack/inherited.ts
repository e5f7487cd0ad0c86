// SPDX-License-Identifier: Apache-2.0
// What grycap/im made for an infrastructure that was imported, of which it kept no ledger: security groups, networks and a router, by their
// names and descriptions (openstack.md §3.1, §3.3, §6.2).
import { createHash } from 'node:crypto';
import type { Resource } from '../../domain/index.js';
import type { Network } from '../../radl/index.js';
import type { InheritedResource, VmReference } from '../connector.js';
import { collectFailures } from '../shared/failures.js';
import { asTexts } from '../shared/json-reader.js';
import { removeNetwork, removeRouter, routerName } from './private-networks.js';
import { groupName, removeUnownedGroup, unownedGroups } from './security-groups.js';
import { ownProject, type Site } from './site.js';

/** One entry for all that was made in the project. */
export function inherited(vms: readonly VmReference[], networks: readonly Network[]): readonly InheritedResource[] {
  const [first] = vms;
  if (first === undefined) return [];
  const { infrastructureId } = first;
  const known = [...networks, ...vms.flatMap(({ info, requested }) => [...info.networks, ...requested.networks])];
  const groups = [...new Set(known.map((network) => groupName(infrastructureId, network)))].sort();
  // A later VM may know of further groups: that is another entry.
  const digest = createHash('sha256').update(JSON.stringify(groups)).digest('hex').slice(0, 16);
  return [
    { kind: 'other', token: `inherited ${digest}`, providerId: networkPrefix(infrastructureId), data: { groups } },
  ];
}

/** Ids of infrastructures are all of one length: no other one's names begin like this. */
const networkPrefix = (infrastructureId: string): string => `im-${infrastructureId}-`;

/**
 * Deletes what was made for the infrastructure; groups of other descriptions, and those that machines of others use, stay.
 * @throws ImError `provider` with the texts of everything that could not be deleted
 */
export async function removeInherited(site: Site, resource: Resource, signal: AbortSignal): Promise<void> {
  const { infrastructureId, data } = resource;
  const failures = collectFailures(signal);
  const attempt = (what: string, task: () => Promise<void>): Promise<void> =>
    failures.attempt(task, (text) => `Error deleting the ${what}: ${text}`);
  await attempt('SG', async () => {
    for (const group of await unownedGroups(site, infrastructureId, asTexts(data.groups), signal)) {
      await attempt('SG', () => removeUnownedGroup(site, infrastructureId, group, signal));
    }
  });
  await attempt('networks', async () => {
    const prefix = networkPrefix(infrastructureId);
    for (const { id, name } of await site.neutron.networks(await ownProject(site, signal), signal)) {
      if (!name.startsWith(prefix)) continue;
      await attempt(`network ${name}`, () =>
        removeNetwork(site, { ...resource, kind: 'network', token: name, providerId: id }, signal),
      );
    }
  });
  const router: Resource = { ...resource, kind: 'router', token: routerName(infrastructureId), providerId: null };
  await attempt('router', () => removeRouter(site, router, signal));
  failures.throwAny(' ');
}
