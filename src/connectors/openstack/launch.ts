// SPDX-License-Identifier: Apache-2.0
// Launching servers: the shared part once, then one create call per VM, which carries the launch token; lost answers are looked up
// (openstack.md §3, design/idempotency.md).
import { errorText, ImError } from '../../domain/index.js';
import { poll, sleep } from '../../util/deadline.js';
import type { LaunchOutcome, LaunchRequest, LaunchVm, ProviderVm } from '../connector.js';
import { asCompleted } from '../shared/as-completed.js';
import { systemOf } from '../shared/first-system.js';
import { cancelledOutcome, vmNumberOfToken } from '../shared/launch-outcomes.js';
import { planDisks } from './block-devices.js';
import { type KnownAddress, launchedDocument } from './document.js';
import { isUncertain } from './errors.js';
import { chooseFlavor, flavorsOf, flavorWish } from './flavors.js';
import { ensureFloatingIp, isMadeFor, releaseFloatingIps } from './floating-ips.js';
import { planNetworks } from './network-plan.js';
import { ensurePorts, type VmPort } from './ports.js';
import { ensureSecurityGroups } from './security-groups.js';
import { type ServerPlan, serverBody, serverName } from './server-body.js';
import { CLEANUP_TIMEOUT_MS, CONCURRENCY, META_LAUNCH, type Site } from './site.js';
import { serverState } from './states.js';
import type { ServerView } from './views.js';
import { encodeExtra, type VmExtra } from './vm-extra.js';

/** Pauses between looks for a server that is not shown: a create call that was under way may be done only now. */
const LOOKS_MS: readonly number[] = [0, 2_000, 5_000];

/** Launches; one outcome per VM, as soon as it is known. */
export async function* launch(site: Site, request: LaunchRequest): AsyncGenerator<LaunchOutcome> {
  let plan: ServerPlan;
  try {
    request.signal.throwIfAborted();
    plan = await prepare(site, request);
  } catch (error) {
    for (const { number } of request.vms) {
      yield request.signal.aborted ? cancelledOutcome(number) : { number, ok: false, message: errorText(error) };
    }
    return;
  }
  yield* asCompleted(request.vms, CONCURRENCY, (vm) => launchOne(site, request, vm, plan));
}

/** What all VMs share. Everything that can be refused without making anything comes first. */
async function prepare(site: Site, request: LaunchRequest): Promise<ServerPlan> {
  const { signal, concrete } = request;
  const system = systemOf(concrete);
  const flavor = chooseFlavor(await flavorsOf(site, signal), system.features);
  if (flavor === undefined) {
    throw new ImError(
      'provider',
      `No flavor found for the specified VM requirements. (${flavorWish(system.features)})`,
    );
  }
  const disks = await planDisks(site, system, signal);
  const networks = await planNetworks(site, request);
  const groups = await ensureSecurityGroups(site, request, networks.document);
  return { networks, flavor, disks, groups };
}

async function launchOne(site: Site, request: LaunchRequest, vm: LaunchVm, plan: ServerPlan): Promise<LaunchOutcome> {
  if (request.signal.aborted) return cancelledOutcome(vm.number);
  try {
    const { ports, isRepeated } = await ensurePorts(site, request, vm, plan.networks, plan.groups);
    const floating = await attachFloatingIps(site, request, vm, plan, ports);
    request.signal.throwIfAborted();
    // Without ports nothing but the look tells whether an earlier try got through.
    const earlier = isRepeated || ports.length === 0 ? await findServer(site, vm.token, request.signal) : undefined;
    const id = earlier?.id ?? (await createServer(site, request, vm, plan, ports));
    return outcome(site, request, vm, plan, ports, floating, id, 'BUILD');
  } catch (error) {
    return failed(site, request, vm, error);
  }
}

/** A create call whose answer is lost is followed by a search: the server may be there. */
async function createServer(
  site: Site,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: ServerPlan,
  ports: readonly VmPort[],
): Promise<string> {
  try {
    return await site.nova.createServer(serverBody(site, request, vm, plan, ports), request.signal);
  } catch (error) {
    request.signal.throwIfAborted();
    if (!isUncertain(error)) throw error;
    const [found] = await findByToken(site, [vm.token], request.infrastructureId, request.signal);
    if (found !== undefined) return found.providerId;
    throw new UncertainLaunchError(errorText(error), error);
  }
}

/** Nobody knows whether the provider made the server. */
class UncertainLaunchError extends ImError {
  constructor(message: string, cause: unknown) {
    super('provider', `${message} The server is not to be seen; it is looked for again before another one is made.`, {
      cause,
    });
  }
}

/** Removes what the try made, before its failure is told. What cannot be removed now stays in the ledger under its token. */
async function failed(site: Site, request: LaunchRequest, vm: LaunchVm, error: unknown): Promise<LaunchOutcome> {
  const { number } = vm;
  const message = request.signal.aborted ? 'The launch was cancelled.' : errorText(error);
  if (error instanceof UncertainLaunchError) return { number, ok: false, message, mayExist: true };
  try {
    // Not the signal of the launch: a cancelled one has to be cleaned up too.
    await removeLaunched(site, request.infrastructureId, vm.token, AbortSignal.timeout(CLEANUP_TIMEOUT_MS));
    return { number, ok: false, message };
  } catch (cleanupError) {
    return {
      number,
      ok: false,
      message: `${message} (not removed yet: ${errorText(cleanupError)})`,
      mayExist: true,
    };
  }
}

async function attachFloatingIps(
  site: Site,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: ServerPlan,
  ports: readonly VmPort[],
): Promise<{ readonly addresses: readonly KnownAddress[]; readonly problem: string }> {
  const addresses: KnownAddress[] = [];
  const problems: string[] = [];
  const carriers = ports.filter(({ nic }) => !nic.isPublic);
  for (const [index, wish] of plan.networks.floating.entries()) {
    const carrier = carriers[index];
    try {
      if (carrier === undefined) throw new ImError('provider', 'Each public interface needs a private one of its own.');
      const floatingIp = await ensureFloatingIp(
        site,
        {
          infrastructureId: request.infrastructureId,
          vmNumber: vm.number,
          token: `${vm.token}-${wish.interfaceIndex}`,
          portId: carrier.port.id,
          reachablePools: plan.networks.reachablePools,
          pools: plan.networks.pools,
        },
        wish,
        request.resources,
        request.signal,
      );
      addresses.push({ address: floatingIp.address, network: wish.pool, isFloating: true });
    } catch (error) {
      request.signal.throwIfAborted();
      problems.push(errorText(error));
    }
  }
  return { addresses, problem: problems.join('; ') };
}

async function outcome(
  site: Site,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: ServerPlan,
  ports: readonly VmPort[],
  floating: { readonly addresses: readonly KnownAddress[]; readonly problem: string },
  id: string,
  status: string,
): Promise<LaunchOutcome> {
  const fixed = ports.flatMap(({ port, nic }) =>
    port.addresses.map(({ address }): KnownAddress => ({ address, network: nic.network.name, isFloating: false })),
  );
  const extra: VmExtra = {
    ports: ports.map(({ port }) => port.id),
    volumes: [],
    ...(floating.problem !== '' && { floatingIp: { attempts: 1, problem: floating.problem } }),
  };
  return {
    number: vm.number,
    ok: true,
    providerId: id,
    info: launchedDocument(site, plan.networks, {
      providerId: id,
      name: serverName(request, vm),
      addresses: [...floating.addresses, ...fixed],
    }),
    cloudState: serverState(status),
    extra: encodeExtra(extra),
  };
}

/** The server of a token, if the cloud shows one now. */
async function findServer(site: Site, token: string, signal: AbortSignal): Promise<ServerView | undefined> {
  return (await serversOf(site, token, signal)).find((server) => server.metadata.get(META_LAUNCH) === token);
}

/** The name is a filter of the provider, a regular expression on most; what counts is the metadata. */
async function serversOf(site: Site, name: string, signal: AbortSignal): Promise<readonly ServerView[]> {
  return site.nova.servers(name.replace(/[^A-Za-z0-9_-]/g, '.'), signal);
}

/** Which of the tokens the cloud has a server for; looks several times while some are missing. */
export async function findByToken(
  site: Site,
  tokens: readonly string[],
  infrastructureId: string,
  signal: AbortSignal,
): Promise<readonly ProviderVm[]> {
  const wanted = new Set(tokens);
  let found: readonly ProviderVm[] = [];
  for (const pause of LOOKS_MS) {
    if (pause > 0) await sleep(pause, signal);
    found = (await serversOf(site, infrastructureId, signal)).flatMap(({ id, metadata, status }) => {
      const token = metadata.get(META_LAUNCH) ?? '';
      return wanted.has(token) && status !== 'DELETED' ? [{ token, providerId: id }] : [];
    });
    if (new Set(found.map(({ token }) => token)).size === wanted.size) break;
  }
  return found;
}

/** Servers of the project that carry a launch token. */
export async function listMarked(site: Site, signal: AbortSignal): Promise<readonly ProviderVm[]> {
  return (await site.nova.servers(undefined, signal)).flatMap(({ id, metadata, status }) => {
    const token = metadata.get(META_LAUNCH) ?? '';
    return token === '' || status === 'DELETED' ? [] : [{ token, providerId: id }];
  });
}

/** Rebuilds the outcome of a server that exists. */
export async function adopt(site: Site, request: LaunchRequest, found: ProviderVm): Promise<LaunchOutcome> {
  const vm = { number: vmNumberOfToken(request, found.token), token: found.token };
  try {
    const plan = await prepare(site, request);
    const { ports } = await ensurePorts(site, request, vm, plan.networks, plan.groups);
    const floating = await attachFloatingIps(site, request, vm, plan, ports);
    const server = await site.nova.server(found.providerId, request.signal);
    if (server === undefined) throw new ImError('provider', `The server ${found.providerId} is gone.`);
    return outcome(site, request, vm, plan, ports, floating, server.id, server.status);
  } catch (error) {
    return failed(site, request, vm, error);
  }
}

/** Removes the servers, ports and addresses of a launch token. */
export async function removeLaunched(
  site: Site,
  infrastructureId: string,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  for (const server of await serversOf(site, token, signal)) {
    if (server.metadata.get(META_LAUNCH) === token) await removeServer(site, server.id, signal);
  }
  const ports: string[] = [];
  for (let index = 0; ; index += 1) {
    const [port] = await site.neutron.ports({ name: `im-${token}-${index}` }, signal);
    if (port === undefined) break;
    ports.push(port.id);
  }
  await removePorts(site, ports, (floatingIp) => isMadeFor(floatingIp, infrastructureId), signal);
}

/** Takes the addresses off ports and deletes them. */
export async function removePorts(
  site: Site,
  ports: readonly string[],
  isOurs: Parameters<typeof releaseFloatingIps>[2],
  signal: AbortSignal,
): Promise<void> {
  await releaseFloatingIps(site, ports, isOurs, signal);
  for (const port of ports) await site.neutron.delete('port', port, signal);
}

const REMOVAL_TIMEOUT_MS = 180_000;
const REMOVAL_INTERVAL_MS = 500;

/** Deletes a server and returns when the cloud does not know it any more. */
export async function removeServer(site: Site, id: string, signal: AbortSignal): Promise<void> {
  await site.nova.deleteServer(id, signal);
  await poll(
    { timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: REMOVAL_INTERVAL_MS, what: `server ${id} to be gone`, signal },
    async () => {
      const server = await site.nova.server(id, signal);
      if (server === undefined || serverState(server.status) === 'off') return true;
      if (server.status === 'ERROR' && server.taskState === '') {
        // A deletion that failed at the provider is asked for again: an administrator may have repaired it meanwhile.
        await site.nova.deleteServer(id, signal);
      }
      return undefined;
    },
  );
}
