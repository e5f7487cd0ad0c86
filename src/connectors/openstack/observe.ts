// SPDX-License-Identifier: Apache-2.0
// What the cloud says of machines: one list call per service and project, whatever their number (openstack.md §4).
import { errorText } from '../../domain/index.js';
import { isPublicNetwork, networkIds, printRadl, type Radl } from '../../radl/index.js';
import { createSemaphore } from '../../util/semaphore.js';
import type { Observation, VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { type KnownAddress, writeAddresses } from './document.js';
import { statusOf } from './errors.js';
import { flavorsOf, writeFlavor } from './flavors.js';
import { ensureFloatingIp } from './floating-ips.js';
import { addHostRoute } from './host-routes.js';
import { CONCURRENCY, ownProject, type Site } from './site.js';
import { serverState } from './states.js';
import type { FloatingIpView, ServerView, VolumeView } from './views.js';
import { decodeExtra, encodeExtra, type VmExtra } from './vm-extra.js';
import { writeVolumes } from './volumes.js';

/** Tries to give a running machine its floating IP before it is left without. */
const MOST_FLOATING_ATTEMPTS = 5;
/** Fewer VMs than this are asked for one by one: the project may hold thousands of others. */
const FEW = 3;

/** What was asked once for all VMs. */
interface Surroundings {
  readonly servers: ReadonlyMap<string, ServerView>;
  readonly floatingIps: readonly FloatingIpView[];
  readonly volumes: ReadonlyMap<string, VolumeView>;
  /** Names of external networks by id, for the floating IPs. */
  readonly poolNames: ReadonlyMap<string, string>;
}

/** One observation per VM; when the cloud does not answer, that is said of every VM. */
export async function observe(
  site: Site,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  if (vms.length === 0) return [];
  let surroundings: Surroundings;
  try {
    surroundings = await lookAround(site, vms, signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = errorText(error);
    return vms.map(({ number }) => ({ number, ok: false, message }));
  }
  const bound = createSemaphore(CONCURRENCY);
  return Promise.all(
    vms.map((vm) =>
      bound.run(async (): Promise<Observation> => {
        try {
          return await observation(site, vm, vms, surroundings, signal);
        } catch (error) {
          signal.throwIfAborted();
          return { number: vm.number, ok: false, message: errorText(error) };
        }
      }, signal),
    ),
  );
}

async function lookAround(site: Site, vms: readonly VmReference[], signal: AbortSignal): Promise<Surroundings> {
  const servers = await listServers(site, vms, signal);
  const present = [...servers.values()];
  const hasPublic = vms.some((vm) => publicInterfaces(vm.info).length > 0);
  const hasVolumes = present.some(({ volumes }) => volumes.length > 0);
  const [floatingIps, volumes] = await Promise.all([
    hasPublic ? site.neutron.floatingIps(await ownProject(site, signal), signal) : [],
    hasVolumes ? site.cinder.volumes(undefined, signal) : [],
  ]);
  const poolNames = new Map<string, string>();
  if (floatingIps.length > 0) {
    const pools = await site.session.remember('pools', () =>
      site.neutron.networks({ 'router:external': 'True' }, signal),
    );
    for (const { id, name } of pools) poolNames.set(id, name);
  }
  return { servers, floatingIps, volumes: new Map(volumes.map((volume) => [volume.id, volume])), poolNames };
}

async function listServers(
  site: Site,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ServerView>> {
  const servers = new Map<string, ServerView>();
  if (vms.length >= FEW) {
    const infrastructures = new Set(vms.map(({ infrastructureId }) => infrastructureId));
    const [only] = infrastructures;
    for (const server of await site.nova.servers(infrastructures.size === 1 ? only : undefined, signal)) {
      servers.set(server.id, server);
    }
  }
  // What the list does not show (few VMs, made by another manager, gone) is asked for.
  const bound = createSemaphore(CONCURRENCY);
  await Promise.all(
    vms
      .filter(({ providerId }) => !servers.has(providerId))
      .map(({ providerId }) =>
        bound.run(async () => {
          const server = await site.nova.server(providerId, signal);
          if (server !== undefined) servers.set(server.id, server);
        }, signal),
      ),
  );
  return servers;
}

async function observation(
  site: Site,
  vm: VmReference,
  vms: readonly VmReference[],
  { servers, floatingIps, volumes, poolNames }: Surroundings,
  signal: AbortSignal,
): Promise<Observation> {
  const { number } = vm;
  const server = servers.get(vm.providerId);
  if (server === undefined) {
    return {
      number,
      ok: true,
      cloudState: 'off',
      reason: `The server ${vm.providerId} is not found in ${site.cloud.id}.`,
    };
  }
  const cloudState = serverState(server.status);
  if (server.vmState === 'resized') await confirmResize(site, server.id, signal);
  const before = decodeExtra(vm.extra);
  const info = vm.info.clone();
  await writeSize(site, info, server, signal);
  let extra = before;
  if (server.addresses.length > 0) {
    const own = floatingIps.filter(
      ({ deviceId, portId }) => deviceId === server.id || (portId !== '' && before.ports.includes(portId)),
    );
    const floating = own.map(
      ({ address, networkId }): KnownAddress => ({
        address,
        network: poolNames.get(networkId) ?? '',
        isFloating: true,
      }),
    );
    if (cloudState === 'running') {
      const given = await giveFloatingIp(site, vm, before, floating, signal);
      extra = given.extra;
      floating.push(...given.addresses);
    }
    const seen = new Set(floating.map(({ address }) => address));
    // The compute service learns of floating IPs later than the network service, and forgets them later.
    const isKnown = ({ address, isFloating }: KnownAddress): boolean =>
      !seen.has(address) && (!isFloating || floatingIps.length === 0);
    writeAddresses(site, info, [...floating, ...server.addresses.filter(isKnown)]);
  }
  if (cloudState === 'running') await addHostRoute(site, info, vms, signal);
  const attached = server.volumes.flatMap((id) => volumes.get(id) ?? []);
  if (attached.length > 0) writeVolumes(site, systemOf(info).features, attached);
  const reason = reasonOf(server, cloudState, extra);
  return {
    number,
    ok: true,
    cloudState,
    ...(printRadl(info) !== printRadl(vm.info) && { info }),
    ...(JSON.stringify(extra.floatingIp) !== JSON.stringify(before.floatingIp) && {
      extra: encodeExtra(extra, vm.extra),
    }),
    ...(reason !== '' && { reason }),
  };
}

function reasonOf(server: ServerView, cloudState: string, extra: VmExtra): string {
  if (cloudState === 'failed') {
    return server.faultMessage === '' ? `The server is in state ${server.status}.` : server.faultMessage;
  }
  if (cloudState === 'running') {
    const { floatingIp } = extra;
    if (floatingIp === undefined) return '';
    const end = floatingIp.attempts >= MOST_FLOATING_ATTEMPTS ? ' Max number of retries reached.' : '';
    return `Error adding a floating IP: ${floatingIp.problem} (${floatingIp.attempts}/${MOST_FLOATING_ATTEMPTS})${end}`;
  }
  return cloudState === 'pending' ? '' : `The server is in state ${server.status}.`;
}

/** A resize that nobody confirmed would be undone or block the machine. */
async function confirmResize(site: Site, id: string, signal: AbortSignal): Promise<void> {
  try {
    await site.nova.action(id, { confirmResize: null }, signal);
  } catch (error) {
    // 409: somebody else did it.
    if (statusOf(error) !== 409) throw error;
  }
}

async function writeSize(site: Site, info: Radl, { size }: ServerView, signal: AbortSignal): Promise<void> {
  const { features } = systemOf(info);
  if (size.flavorName !== '' && size.flavorName === features.getText('instance_type')) return;
  const flavor = (await flavorsOf(site, signal)).find(
    ({ id, name }) =>
      (size.flavorId !== '' && id === size.flavorId) || (size.flavorName !== '' && name === size.flavorName),
  );
  if (flavor !== undefined && flavor.name !== features.getText('instance_type')) writeFlavor(features, flavor);
}

/** Interfaces in public networks, by index. */
export function publicInterfaces(info: Radl): readonly number[] {
  return networkIds(systemOf(info)).flatMap((id, index) => {
    const network = info.getNetwork(id);
    return network !== undefined && isPublicNetwork(network) ? [index] : [];
  });
}

/** Tries again what the launch could not do, a few times in the life of the machine. */
async function giveFloatingIp(
  site: Site,
  vm: VmReference,
  extra: VmExtra,
  present: readonly KnownAddress[],
  signal: AbortSignal,
): Promise<{ readonly extra: VmExtra; readonly addresses: readonly KnownAddress[] }> {
  const { floatingIp, ...without } = extra;
  if (floatingIp === undefined) return { extra, addresses: [] };
  const wanted = publicInterfaces(vm.info);
  if (present.length >= wanted.length) return { extra: without, addresses: [] };
  if (floatingIp.attempts >= MOST_FLOATING_ATTEMPTS) return { extra, addresses: [] };
  const interfaceIndex = wanted[present.length] ?? 0;
  const portId = extra.ports[present.length] ?? '';
  const network = vm.info.getNetwork(networkIds(systemOf(vm.info))[interfaceIndex] ?? '');
  const pool = network?.features.getText('provider_id') ?? '';
  try {
    if (portId === '') throw new Error('Each public interface needs a private one of its own.');
    const given = await ensureFloatingIp(
      site,
      {
        infrastructureId: vm.infrastructureId,
        vmNumber: vm.number,
        token: `${vm.infrastructureId}-${vm.number}-r-${interfaceIndex}`,
        portId,
      },
      { interfaceIndex, pool, fixedIp: requestedIp(vm, interfaceIndex) },
      undefined,
      signal,
    );
    const isComplete = present.length + 1 >= wanted.length;
    return {
      extra: isComplete ? without : { ...without, floatingIp: { ...floatingIp, attempts: floatingIp.attempts } },
      addresses: [{ address: given.address, network: pool, isFloating: true }],
    };
  } catch (error) {
    signal.throwIfAborted();
    return {
      extra: { ...without, floatingIp: { attempts: floatingIp.attempts + 1, problem: errorText(error) } },
      addresses: [],
    };
  }
}

/** The address that the user asked for on an interface. */
function requestedIp(vm: VmReference, interfaceIndex: number): string {
  return vm.requested.systems[0]?.features.getText(`net_interface.${interfaceIndex}.ip`) ?? '';
}
