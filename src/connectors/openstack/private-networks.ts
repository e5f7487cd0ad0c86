// SPDX-License-Identifier: Apache-2.0
// Private networks made for an infrastructure: network, subnet, and the way out through a router (openstack.md §3.1).
import { errorText, ImError, type Resource } from '../../domain/index.js';
import { isPublicNetwork, type Network } from '../../radl/index.js';
import { poll } from '../../util/deadline.js';
import { parseCidr } from '../../util/ip.js';
import type { LaunchRequest } from '../connector.js';
import { DEFAULT_CIDR_PATTERN, pickCidr } from '../shared/cidr.js';
import { asText } from '../shared/json-reader.js';
import { providerNetworkName } from '../shared/network-names.js';
import { statusOf } from './errors.js';
import { recorded } from './recorded.js';
import type { Site } from './site.js';
import type { Topology } from './topology.js';
import { type NetworkView, networkView, type RouterView, routerView, type SubnetView, subnetView } from './views.js';

/** A network with the CIDR of its subnet. */
export interface PrivateNetwork {
  readonly network: NetworkView;
  readonly cidr: string;
  /** The networks of the project with this one. */
  readonly topology: Topology;
}

/** Descriptions tell administrators whose network it is, and us that it is ours. */
const description = (infrastructureId: string): string => `Made by the IM for infrastructure ${infrastructureId}`;

/** Device owners of the ports by which routers stand in a network. */
export const ROUTER_PORT_OWNERS: readonly string[] = [
  'network:router_interface',
  'network:router_interface_distributed',
  'network:ha_router_replicated_interface',
];

/**
 * The network of that name: a foreign one as it is; one of ours with everything that an interrupted try has left undone.
 * @throws ImError `provider` whose text says which step failed
 */
export async function ensurePrivateNetwork(
  site: Site,
  request: LaunchRequest,
  topology: Topology,
  radlNetwork: Network,
): Promise<PrivateNetwork> {
  const { infrastructureId, signal } = request;
  const chosen = radlNetwork.features.getText('provider_id') ?? '';
  const name = chosen !== '' ? chosen : providerNetworkName(infrastructureId, radlNetwork.id);
  const existing = topology.byName(name);
  const subnetOf = (network: NetworkView): SubnetView | undefined =>
    topology.subnets.find(({ networkId }) => networkId === network.id);
  if (existing !== undefined && existing.description !== description(infrastructureId)) {
    return { network: existing, cidr: subnetOf(existing)?.cidr ?? '', topology };
  }
  const shared = { vmNumber: null, data: { name, networkId: radlNetwork.id } } as const;
  const network = await named(`Error creating ost network for net ${radlNetwork.id}`, () =>
    recorded(
      request.resources,
      { kind: 'network', token: name, ...shared },
      {
        create: async () =>
          networkView(
            await site.neutron.create('network', { name, description: description(infrastructureId) }, signal),
          ),
        find: () => findNetwork(site, name, infrastructureId, signal),
      },
      existing,
    ),
  );
  const subnetName = `im-${infrastructureId}-sub${radlNetwork.id}`;
  const subnet = await named(`Error creating ost subnet for net ${radlNetwork.id}`, () =>
    recorded(
      request.resources,
      { kind: 'subnet', token: subnetName, ...shared },
      {
        create: async () =>
          subnetView(
            await site.neutron.create(
              'subnet',
              subnetBody(request, topology, radlNetwork, network, subnetName),
              signal,
            ),
          ),
        find: async () => (await site.neutron.subnets({ name: subnetName, network_id: network.id }, signal))[0],
      },
      subnetOf(network),
    ),
  );
  const router = await ensureRouter(site, request, topology, radlNetwork, subnet);
  return { network, cidr: subnet.cidr, topology: topology.with(network, subnet, router) };
}

function subnetBody(
  request: LaunchRequest,
  topology: Topology,
  radlNetwork: Network,
  network: NetworkView,
  name: string,
): Readonly<Record<string, unknown>> {
  const pattern = radlNetwork.features.getText('cidr') || DEFAULT_CIDR_PATTERN;
  const used = [
    ...topology.subnets.map(({ cidr }) => cidr),
    ...request.concrete.networks
      .map(({ features }) => features.getText('cidr') ?? '')
      .filter((text) => !text.includes('*')),
  ].flatMap((text) => parseCidr(text) ?? []);
  const cidr = pickCidr(pattern, used);
  if (cidr === undefined) {
    throw new ImError('provider', `No net CIDR specified nor free net CIDR found. (${pattern} is all used)`);
  }
  const dns = radlNetwork.features.getText('dnsserver') ?? '';
  return {
    network_id: network.id,
    name,
    cidr,
    ip_version: 4,
    description: description(request.infrastructureId),
    ...(dns !== '' && { dns_nameservers: dns.split(',').map((server) => server.trim()) }),
  };
}

/** Connects the subnet with a router that leads out; one is made when the project has none. Without external network it stays isolated. */
async function ensureRouter(
  site: Site,
  request: LaunchRequest,
  topology: Topology,
  radlNetwork: Network,
  subnet: SubnetView,
): Promise<RouterView | undefined> {
  const { signal } = request;
  const ports = await site.neutron.ports({ network_id: subnet.networkId, device_owner: ROUTER_PORT_OWNERS }, signal);
  if (ports.length > 0) return undefined;
  const router = usableRouter(request, topology) ?? (await makeRouter(site, request, topology));
  if (router === undefined) {
    site.environment.logger.warn(
      `Network ${radlNetwork.id} has no way out: the project has no router and sees no external network.`,
      { infId: request.infrastructureId },
    );
    return undefined;
  }
  await named('Error adding subnet to the router', () => site.neutron.connectSubnet(router.id, subnet.id, signal));
  return router;
}

/** A router with a gateway: on the external network that the document names, else on the first one of the cloud that has any. */
function usableRouter({ concrete }: LaunchRequest, topology: Topology): RouterView | undefined {
  const outside = topology.routers.filter(({ externalNetworkId }) => externalNetworkId !== '');
  const wanted = concrete.networks.find(isPublicNetwork)?.features.getText('provider_id') ?? '';
  const pool = wanted === '' ? undefined : topology.pools.find(({ name }) => name === wanted);
  if (pool !== undefined) return outside.find(({ externalNetworkId }) => externalNetworkId === pool.id);
  const nearest = topology.pools.map(({ id }) => outside.find(({ externalNetworkId }) => externalNetworkId === id));
  return nearest.find((router) => router !== undefined) ?? outside[0];
}

/** Name of the router that is made where there is none. */
export const routerName = (infrastructureId: string): string => `im-${infrastructureId}`;

async function makeRouter(site: Site, request: LaunchRequest, topology: Topology): Promise<RouterView | undefined> {
  const { infrastructureId, signal, concrete } = request;
  const wanted = concrete.networks.find(isPublicNetwork)?.features.getText('provider_id');
  const pool = topology.pools.find(({ name }) => name === wanted) ?? topology.pools[0];
  if (pool === undefined) return undefined;
  const name = routerName(infrastructureId);
  return named('Error creating the router', () =>
    recorded(
      request.resources,
      { kind: 'router', token: name, vmNumber: null },
      {
        create: async () =>
          routerView(
            await site.neutron.create(
              'router',
              {
                name,
                description: 'IM created router',
                admin_state_up: true,
                external_gateway_info: { network_id: pool.id },
              },
              signal,
            ),
          ),
        find: () => findRouter(site, name, signal),
      },
      topology.routers.find((router) => router.name === name),
    ),
  );
}

/** A network of ours by its name. */
export async function findNetwork(
  site: Site,
  name: string,
  infrastructureId: string,
  signal: AbortSignal,
): Promise<NetworkView | undefined> {
  const found = await site.neutron.networks({ name }, signal);
  return found.find(
    (network) => network.description === description(infrastructureId) || name.startsWith(`im-${infrastructureId}-`),
  );
}

/** A router by its name. */
export async function findRouter(site: Site, name: string, signal: AbortSignal): Promise<RouterView | undefined> {
  return (await site.neutron.routers({ name }, signal))[0];
}

/** A subnet by its name. */
export async function findSubnet(site: Site, name: string, signal: AbortSignal): Promise<SubnetView | undefined> {
  return (await site.neutron.subnets({ name }, signal))[0];
}

const REMOVAL_TIMEOUT_MS = 180_000;
const REMOVAL_INTERVAL_MS = 1_000;

/** Deletes a network of ours with its subnets, after taking every router out of it. */
export async function removeNetwork(site: Site, resource: Resource, signal: AbortSignal): Promise<void> {
  const network = await findNetwork(site, resource.token, resource.infrastructureId, signal);
  const id = network?.id ?? resource.providerId;
  if (id === null) return;
  await leaveRouters(site, { network_id: id }, signal);
  await whenFree(site, `network ${resource.token}`, signal, async () => {
    for (const port of await site.neutron.ports({ network_id: id }, signal)) {
      // Ports of ours that outlived their machine; Neutron looks after its own, and a machine's port is in use.
      if (port.deviceId === '' && port.name.startsWith('im-')) await site.neutron.delete('port', port.id, signal);
    }
    await site.neutron.delete('network', id, signal);
  });
}

/** Deletes a subnet of ours, after taking every router out of it. */
export async function removeSubnet(site: Site, resource: Resource, signal: AbortSignal): Promise<void> {
  const subnet = await findSubnet(site, resource.token, signal);
  if (subnet === undefined) return;
  await leaveRouters(site, { network_id: subnet.networkId }, signal, subnet.id);
  await whenFree(site, `subnet ${resource.token}`, signal, () => site.neutron.delete('subnet', subnet.id, signal));
}

/** Deletes a router of ours, after taking it out of its networks. */
export async function removeRouter(site: Site, resource: Resource, signal: AbortSignal): Promise<void> {
  const id = resource.providerId ?? (await findRouter(site, resource.token, signal))?.id;
  if (id === undefined) return;
  await leaveRouters(site, { device_id: id }, signal);
  await whenFree(site, `router ${resource.token}`, signal, () => site.neutron.delete('router', id, signal));
}

/** The routers are found by their ports: they need not be those that the connector would choose today. */
async function leaveRouters(
  site: Site,
  where: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onlySubnet?: string,
): Promise<void> {
  for (const port of await site.neutron.ports({ ...where, device_owner: ROUTER_PORT_OWNERS }, signal)) {
    for (const { subnetId } of port.addresses) {
      if (onlySubnet !== undefined && subnetId !== onlySubnet) continue;
      await whenFree(site, `subnet ${subnetId}`, signal, () =>
        site.neutron.disconnectSubnet(port.deviceId, subnetId, signal),
      );
    }
  }
}

/** Tries until the last machine has let go of it: 409 means that it is still in use. */
export async function whenFree(
  site: Site,
  what: string,
  signal: AbortSignal,
  remove: () => Promise<void>,
): Promise<void> {
  let reason = '';
  try {
    await poll(
      { timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: REMOVAL_INTERVAL_MS, what: `${what} to be free`, signal },
      async () => {
        try {
          await remove();
          return true;
        } catch (error) {
          if (statusOf(error) !== 409) throw error;
          reason = errorText(error);
          return undefined;
        }
      },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImError || reason === '') throw error;
    site.environment.logger.debug(`${what} stays in use: ${reason}`);
    throw new ImError('provider', reason, { cause: error });
  }
}

async function named<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof ImError)) throw error;
    throw new ImError(error.code, `Error creating networks: ${what}: ${asText(error.message)}`, {
      cause: error,
      ...(error.details && { details: error.details }),
    });
  }
}
