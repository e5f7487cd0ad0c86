// SPDX-License-Identifier: Apache-2.0
// The calls of the network service (Neutron v2.0) that the connector makes.
import { asRecord, type JsonRecord } from '../shared/json-reader.js';
import { refusal } from './errors.js';
import type { Session } from './session.js';
import {
  type FloatingIpView,
  floatingIpView,
  type NetworkView,
  networkView,
  type PortView,
  portView,
  type RouterView,
  routerView,
  type SecurityGroupView,
  type SubnetView,
  securityGroupView,
  subnetView,
} from './views.js';

/** Kinds of objects that are created and deleted alike. */
export type NetworkObject =
  | 'network'
  | 'subnet'
  | 'router'
  | 'port'
  | 'floatingip'
  | 'security_group'
  | 'security_group_rule';

/** Filters of list calls: a field and its accepted values. */
export type Filters = Readonly<Record<string, string | readonly string[]>>;

/** The network service. Deleting what does not exist is no error. */
export interface Neutron {
  networks(filters: Filters, signal: AbortSignal): Promise<readonly NetworkView[]>;
  subnets(filters: Filters, signal: AbortSignal): Promise<readonly SubnetView[]>;
  routers(filters: Filters, signal: AbortSignal): Promise<readonly RouterView[]>;
  ports(filters: Filters, signal: AbortSignal): Promise<readonly PortView[]>;
  floatingIps(filters: Filters, signal: AbortSignal): Promise<readonly FloatingIpView[]>;
  securityGroups(filters: Filters, signal: AbortSignal): Promise<readonly SecurityGroupView[]>;
  create(kind: NetworkObject, body: JsonRecord, signal: AbortSignal): Promise<JsonRecord>;
  /** All or none of them. */
  createAll(kind: NetworkObject, bodies: readonly JsonRecord[], signal: AbortSignal): Promise<void>;
  /** @param revision refuses the change (412) when somebody else changed the object since */
  update(
    kind: NetworkObject,
    id: string,
    body: JsonRecord,
    signal: AbortSignal,
    revision?: number,
  ): Promise<JsonRecord>;
  delete(kind: NetworkObject, id: string, signal: AbortSignal): Promise<void>;
  /** Nothing happens when the subnet is connected already. */
  connectSubnet(routerId: string, subnetId: string, signal: AbortSignal): Promise<void>;
  /** Nothing happens when it is not connected. */
  disconnectSubnet(routerId: string, subnetId: string, signal: AbortSignal): Promise<void>;
  quotas(projectId: string, signal: AbortSignal): Promise<JsonRecord>;
}

const PATHS: Readonly<Record<NetworkObject, string>> = {
  network: '/networks',
  subnet: '/subnets',
  router: '/routers',
  port: '/ports',
  floatingip: '/floatingips',
  security_group: '/security-groups',
  security_group_rule: '/security-group-rules',
};

/**
 * Does an object of an answer fit the filters? A service that does not know one of them passes it over and shows everything, and what we find we
 * may delete.
 */
function matches(record: JsonRecord, filters: Filters): boolean {
  return Object.entries(filters).every(([field, accepted]) => {
    const value = record[field];
    if (typeof value !== 'string') return field === 'router:external' || field === 'project_id';
    return typeof accepted === 'string' ? value === accepted : accepted.includes(value);
  });
}

/** Makes the client. */
export function createNeutron(session: Session): Neutron {
  const list = <View>(kind: NetworkObject, view: (record: JsonRecord) => View) => {
    return async (filters: Filters, signal: AbortSignal): Promise<readonly View[]> =>
      (await session.list('network', `${kind}s`, { method: 'GET', path: PATHS[kind], query: filters, signal }))
        .filter((record) => matches(record, filters))
        .map(view);
  };
  const objectPath = (kind: NetworkObject, id: string): string => `${PATHS[kind]}/${encodeURIComponent(id)}`;
  return {
    networks: list('network', networkView),
    subnets: list('subnet', subnetView),
    routers: list('router', routerView),
    ports: list('port', portView),
    floatingIps: list('floatingip', floatingIpView),
    securityGroups: list('security_group', securityGroupView),
    create: async (kind, body, signal) =>
      asRecord(
        (await session.json('network', { method: 'POST', path: PATHS[kind], body: { [kind]: body }, signal }))[kind],
      ),
    createAll: async (kind, bodies, signal) => {
      if (bodies.length === 0) return;
      await session.json('network', { method: 'POST', path: PATHS[kind], body: { [`${kind}s`]: bodies }, signal });
    },
    update: async (kind, id, body, signal, revision) => {
      const call = {
        method: 'PUT',
        path: objectPath(kind, id),
        body: { [kind]: body },
        signal,
        ...(revision !== undefined && { ifRevision: revision }),
      } as const;
      return asRecord((await session.json('network', call))[kind]);
    },
    delete: async (kind, id, signal) => {
      await session.call('network', { method: 'DELETE', path: objectPath(kind, id), signal, accepts: [404] });
    },
    connectSubnet: async (routerId, subnetId, signal) => {
      const path = `${objectPath('router', routerId)}/add_router_interface`;
      const answer = await session.call('network', {
        method: 'PUT',
        path,
        body: { subnet_id: subnetId },
        signal,
        accepts: [400],
      });
      if (answer.status !== 400) return;
      const error = refusal(answer, 'network');
      // A repeated call is answered like that; anything else is a real refusal.
      if (!error.message.includes('already has a port on subnet')) throw error;
    },
    disconnectSubnet: async (routerId, subnetId, signal) => {
      await session.call('network', {
        method: 'PUT',
        path: `${objectPath('router', routerId)}/remove_router_interface`,
        body: { subnet_id: subnetId },
        signal,
        accepts: [404],
      });
    },
    quotas: async (projectId, signal) => {
      const path = `/quotas/${encodeURIComponent(projectId)}/details.json`;
      return asRecord((await session.json('network', { method: 'GET', path, signal })).quota);
    },
  };
}
