// SPDX-License-Identifier: Apache-2.0
// Floating IPs: found, taken from the free ones of the project, or made; and given back (openstack.md §4.1, §6.1).
import { errorText, ImError, type Resource } from '../../domain/index.js';
import { isPrivateIp } from '../../util/ip.js';
import type { ResourceRecorder } from '../connector.js';
import { statusOf } from './errors.js';
import { poolsReachableFrom } from './external-reach.js';
import type { FloatingWish } from './network-plan.js';
import { createSurely } from './recorded.js';
import { alone, ownProject, type Site } from './site.js';
import { type FloatingIpView, floatingIpView, type NetworkView } from './views.js';

/** Where a floating IP is to lead. */
export interface FloatingTarget {
  readonly infrastructureId: string;
  readonly vmNumber: number;
  /** Names the address in the ledger and at the provider: the launch token and the interface. */
  readonly token: string;
  readonly portId: string;
  /** External networks that can be reached from the port; the cloud is asked when absent. */
  readonly reachablePools?: ReadonlySet<string>;
  /** External networks of the cloud; they are asked for when absent. */
  readonly pools?: readonly NetworkView[];
}

/** Begins the description of every address that we made. */
const MARK = 'IM floating IP of';

const description = (target: FloatingTarget): string => `${MARK} ${target.token}`;

/** Did we make this address for that infrastructure? */
export const isMadeFor = (floatingIp: FloatingIpView, infrastructureId: string): boolean =>
  floatingIp.description.startsWith(`${MARK} ${infrastructureId}-`);

/**
 * An address for a port: the one it has, the user's fixed one, a free one of the project, or a new one.
 * @param resources ledger for a new one; without it the address is known by its description and its port only
 * @throws ImError `provider` with the reason of every external network that was tried
 */
export function ensureFloatingIp(
  site: Site,
  target: FloatingTarget,
  wish: FloatingWish,
  resources: ResourceRecorder | undefined,
  signal: AbortSignal,
): Promise<FloatingIpView> {
  // One at a time per project: two machines must not take the same free address.
  return alone(site, 'floating IPs', signal, async () => {
    const known = await site.neutron.floatingIps(await ownProject(site, signal), signal);
    const present = known.find(({ portId }) => portId === target.portId);
    if (present !== undefined) return present;
    if (wish.fixedIp !== '') return attachFixed(site, known, target, wish.fixedIp, signal);
    const offered = target.pools ?? (await site.neutron.networks({ 'router:external': 'True' }, signal));
    const reachable = target.reachablePools ?? (await poolsReachableFrom(site, target.portId, signal));
    const pools = orderedPools(offered, reachable, wish);
    if (pools.length === 0) throw new ImError('provider', 'No pools available.');
    const reasons: string[] = [];
    for (const pool of pools) {
      try {
        return (
          (await takeFree(site, known, target, pool, signal)) ?? (await make(site, target, pool, resources, signal))
        );
      } catch (error) {
        signal.throwIfAborted();
        reasons.push(`${pool.name}: ${errorText(error)}`);
      }
    }
    throw new ImError('provider', `Error attaching a Floating IP to the node. ${reasons.join('; ')}`);
  });
}

/** The named network first, then those that a router of the port's network leads to, then the others. */
function orderedPools(
  pools: readonly NetworkView[],
  reachable: ReadonlySet<string>,
  wish: FloatingWish,
): readonly NetworkView[] {
  const rank = ({ id, name }: NetworkView): number => (name === wish.pool ? 0 : reachable.has(id) ? 1 : 2);
  return pools
    .filter(({ isExternal }) => isExternal)
    .map((pool) => ({ pool, rank: rank(pool) }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ pool }) => pool);
}

async function attachFixed(
  site: Site,
  known: readonly FloatingIpView[],
  target: FloatingTarget,
  address: string,
  signal: AbortSignal,
): Promise<FloatingIpView> {
  const fixed = known.find((candidate) => candidate.address === address);
  if (fixed === undefined) throw new ImError('provider', `Fixed IP ${address} not found.`);
  if (fixed.portId !== '') {
    throw new ImError('provider', `Fixed IP ${address} is in use by another machine (port ${fixed.portId}).`);
  }
  return attach(site, fixed, target, signal);
}

/** A free address: attached to nothing at all, since one of a load balancer has a port and no server. */
async function takeFree(
  site: Site,
  known: readonly FloatingIpView[],
  target: FloatingTarget,
  pool: NetworkView,
  signal: AbortSignal,
): Promise<FloatingIpView | undefined> {
  const masks = site.environment.settings.privateNetMasks;
  for (const floatingIp of known) {
    const { networkId, portId, address } = floatingIp;
    if (networkId !== pool.id || portId !== '' || isPrivateIp(address, masks)) continue;
    // One of ours that is free belongs to a VM that is being deleted.
    if (floatingIp.description.startsWith(MARK)) continue;
    try {
      return await attach(site, floatingIp, target, signal);
    } catch (error) {
      // Somebody else was faster; the next one then.
      if (statusOf(error) !== 412 && statusOf(error) !== 409) throw error;
    }
  }
  return undefined;
}

async function attach(
  site: Site,
  floatingIp: FloatingIpView,
  target: FloatingTarget,
  signal: AbortSignal,
): Promise<FloatingIpView> {
  const body = { port_id: target.portId };
  try {
    return floatingIpView(await site.neutron.update('floatingip', floatingIp.id, body, signal, floatingIp.revision));
  } catch (error) {
    if (statusOf(error) !== 412) throw error;
    // A repeated call whose first answer was lost finds a newer revision: its own.
    const [present] = await site.neutron.floatingIps({ id: floatingIp.id }, signal);
    if (present?.portId !== target.portId) throw error;
    return present;
  }
}

/** Made and attached by one call. */
async function make(
  site: Site,
  target: FloatingTarget,
  pool: NetworkView,
  resources: ResourceRecorder | undefined,
  signal: AbortSignal,
): Promise<FloatingIpView> {
  const find = async (): Promise<FloatingIpView | undefined> =>
    (await site.neutron.floatingIps({ description: description(target) }, signal))[0];
  const create = async (): Promise<FloatingIpView> =>
    floatingIpView(
      await site.neutron.create(
        'floatingip',
        { floating_network_id: pool.id, port_id: target.portId, description: description(target) },
        signal,
      ),
    );
  let made: FloatingIpView | undefined;
  if (resources === undefined) {
    made = await createSurely({ create, find });
  } else {
    const id = await resources.record(
      { kind: 'floating-ip', token: target.token, vmNumber: target.vmNumber, data: { pool: pool.name } },
      async () => {
        made = await createSurely({ create, find });
        return made.id;
      },
      async () => {
        made = await find();
        return made?.id;
      },
    );
    made ??= (await site.neutron.floatingIps({ id }, signal))[0] ?? (await createSurely({ create, find }));
  }
  if (isPrivateIp(made.address, site.environment.settings.privateNetMasks)) {
    await site.neutron.delete('floatingip', made.id, signal);
    throw new ImError('provider', `its addresses are private (${made.address})`);
  }
  return made;
}

/**
 * Takes the addresses off a port: those that we made are deleted, the user's are only detached.
 * @param isReused keeps an address that has no mark of ours (machines made by the reference)
 */
export async function releaseFloatingIps(
  site: Site,
  ports: readonly string[],
  isOurs: (floatingIp: FloatingIpView) => boolean,
  signal: AbortSignal,
): Promise<void> {
  if (ports.length === 0) return;
  for (const floatingIp of await site.neutron.floatingIps({ port_id: ports }, signal)) {
    await releaseFloatingIp(site, floatingIp, isOurs(floatingIp), signal);
  }
}

/** Deletes one of ours, detaches one of the user's. */
export async function releaseFloatingIp(
  site: Site,
  floatingIp: FloatingIpView,
  isOurs: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (isOurs) {
    await site.neutron.delete('floatingip', floatingIp.id, signal);
    return;
  }
  try {
    await site.neutron.update('floatingip', floatingIp.id, { port_id: null }, signal);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/** Id of a registered address when it exists. */
export async function findFloatingIp(site: Site, resource: Resource, signal: AbortSignal): Promise<string | undefined> {
  return (await site.neutron.floatingIps({ description: `${MARK} ${resource.token}` }, signal))[0]?.id;
}
