// SPDX-License-Identifier: Apache-2.0
// Nodes as services of a Swarm, each with one replica (docker.md §3.2, §4-§6).
import { errorText, ImError } from '../../domain/index.js';
import { DeadlineError, poll } from '../../util/deadline.js';
import { createSemaphore } from '../../util/semaphore.js';
import type { LaunchOutcome, LaunchRequest, LaunchVm, Observation, ProviderVm, VmReference } from '../connector.js';
import { notSupported } from '../shared/cloud-errors.js';
import { cancelledOutcome } from '../shared/launch-outcomes.js';
import { PASSWORD_VARIABLE } from './bootstrap.js';
import { orCleanUp } from './clean-up.js';
import { connectedDocument, launchedDocument, type NodeConnections } from './document.js';
import { CONCURRENCY, type Engine, engineName } from './engine.js';
import { PASSWORD_LENGTH } from './images.js';
import { LABEL_INFRASTRUCTURE, LABEL_LAUNCH } from './labels.js';
import type { LaunchPlan } from './launch-plan.js';
import type { NodeBackend } from './node-backend.js';
import { serviceBody } from './service-body.js';
import { serviceState } from './states.js';
import { type DiskMount, prepareDisks, removeOwnVolumes } from './storage.js';
import type { ServiceView, TaskView } from './views.js';

/** How long the Swarm may need to remove a service and its task. */
const REMOVAL_TIMEOUT_MS = 60_000;
/** How long the Swarm may need to give a service its ports and addresses. */
const ALLOCATION_TIMEOUT_MS = 10_000;
/** Service names are host names. */
const LONGEST_NAME = 63;

/** Nodes as services. */
export function createServiceBackend(engine: Engine): NodeBackend {
  const refusePower = async (): Promise<never> => {
    throw notSupported();
  };
  return {
    launch: (request, vm, plan) => launch(engine, request, vm, plan),
    listMarked: (signal) => listMarked(engine, signal),
    find: (tokens, infrastructureId, signal) => find(engine, tokens, infrastructureId, signal),
    adopt: (request, vm, plan, found) => adopt(engine, request, vm, plan, found),
    observe: (vms, signal) => observe(engine, vms, signal),
    destroy: (vm, signal) => destroy(engine, vm, signal),
    remove: (id, signal) => removeService(engine, id, signal),
    start: refusePower,
    stop: refusePower,
    reboot: refusePower,
  };
}

/** `<image name or imsvc>-<launch token>`: unique, so that the Swarm refuses a second service of one launch. */
function serviceName(plan: LaunchPlan, token: string): string {
  const unique = engineName('-', token).replaceAll('.', '-');
  const prefix = (plan.system.features.getText('disk.0.image.name') ?? 'imsvc').replace(/[^A-Za-z0-9]+/g, '-');
  const readable = prefix
    .replace(/^-+/, '')
    .slice(0, Math.max(1, LONGEST_NAME - unique.length))
    .replace(/-+$/, '');
  return `${readable === '' ? 'im' : readable}${unique}`;
}

async function launch(engine: Engine, request: LaunchRequest, vm: LaunchVm, plan: LaunchPlan): Promise<LaunchOutcome> {
  if (request.signal.aborted) return cancelledOutcome(vm.number);
  const remove = (token: string, signal: AbortSignal) => removeLaunched(engine, token, signal);
  return orCleanUp(engine, request, vm, remove, async () => {
    const disks = await prepareDisks(engine, request, vm);
    request.signal.throwIfAborted();
    // Looked for first: a repeated create call fails for its taken ports before its taken name is noticed.
    const existing = await engine.client.listServices({ label: [`${LABEL_LAUNCH}=${vm.token}`] }, request.signal);
    const id = existing[0]?.id ?? (await create(engine, request, vm, plan, disks));
    return outcome(engine, request, vm, plan, disks, id);
  });
}

async function create(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: LaunchPlan,
  disks: readonly DiskMount[],
): Promise<string> {
  const name = serviceName(plan, vm.token);
  const password = engine.environment.randomText(PASSWORD_LENGTH);
  const body = serviceBody(engine, request, vm, plan, disks, name, password);
  const result = await engine.client.createService(body, request.signal);
  if ('id' in result) return result.id;
  const taken = await engine.client.inspectService(name, request.signal);
  if (taken?.labels.get(LABEL_LAUNCH) === vm.token) return taken.id;
  throw new ImError('provider', `Error creating the Container: ${result.message}`);
}

async function adopt(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: LaunchPlan,
  found: ProviderVm,
): Promise<LaunchOutcome> {
  const remove = (token: string, signal: AbortSignal) => removeLaunched(engine, token, signal);
  return orCleanUp(engine, request, vm, remove, async () => {
    const disks = await prepareDisks(engine, request, vm);
    return outcome(engine, request, vm, plan, disks, found.providerId);
  });
}

/** A service starts by itself: what remains is to read what the Swarm made of it. */
async function outcome(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: LaunchPlan,
  disks: readonly DiskMount[],
  id: string,
): Promise<LaunchOutcome> {
  const service = await allocatedService(engine, plan, id, request.signal);
  const password = passwordOf(service);
  const launched = launchedDocument(request.concrete, plan, { providerId: id, name: service.name, password, disks });
  const names = new Map(plan.privateNetworks.map((network) => [network.providerId, network.name]));
  const connected = await connectedDocument(
    engine,
    request.infrastructureId,
    launched,
    connections(service, names),
    true,
    request.signal,
  );
  const tasks = await engine.client.listTasks({ service: [service.name] }, request.signal);
  return {
    number: vm.number,
    ok: true,
    providerId: id,
    info: connected ?? launched,
    cloudState: serviceState(tasks.map(({ state }) => state)),
  };
}

/** The service once the Swarm has given it its ports and addresses, which it does a moment after it accepted the service. */
async function allocatedService(
  engine: Engine,
  plan: LaunchPlan,
  id: string,
  signal: AbortSignal,
): Promise<ServiceView> {
  let last: ServiceView | undefined;
  const look = async (): Promise<ServiceView | undefined> => {
    last = await engine.client.inspectService(id, signal);
    if (last === undefined) {
      throw new ImError('provider', 'Error getting info about the Container: it was removed during its launch.');
    }
    const { addresses, ports } = last;
    const hasAddresses = plan.privateNetworks.every(({ providerId }) => addresses.has(providerId));
    return hasAddresses && (ports.length > 0 || plan.ports.length === 0) ? last : undefined;
  };
  try {
    return await poll({ timeoutMs: ALLOCATION_TIMEOUT_MS, intervalMs: 100, what: `addresses of ${id}`, signal }, look);
  } catch (error) {
    // A busy Swarm: the service exists, and what is missing is read when it is observed.
    if (error instanceof DeadlineError && last !== undefined) return last;
    throw error;
  }
}

/** The password that the service was created with: after a crash it is the one that counts. */
function passwordOf(service: ServiceView): string {
  const prefix = `${PASSWORD_VARIABLE}=`;
  return service.environment.find((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? '';
}

function connections(service: ServiceView, networkNames: ReadonlyMap<string, string>): NodeConnections {
  const addresses = new Map<string, readonly string[]>();
  for (const [networkId, list] of service.addresses) {
    const name = networkNames.get(networkId);
    // The ingress network, which published ports come through, is none of the node's.
    if (name !== undefined) addresses.set(name, list);
  }
  return { ports: service.ports, addresses };
}

async function removeLaunched(engine: Engine, token: string, signal: AbortSignal): Promise<void> {
  const services = await engine.client.listServices({ label: [`${LABEL_LAUNCH}=${token}`] }, signal);
  for (const { id } of services) await removeService(engine, id, signal);
}

async function listMarked(engine: Engine, signal: AbortSignal): Promise<readonly ProviderVm[]> {
  const services = await engine.client.listServices({ label: [LABEL_LAUNCH] }, signal);
  return services.flatMap(({ id, labels }) => {
    const token = labels.get(LABEL_LAUNCH) ?? '';
    return token === '' ? [] : [{ token, providerId: id }];
  });
}

async function find(
  engine: Engine,
  tokens: readonly string[],
  infrastructureId: string,
  signal: AbortSignal,
): Promise<readonly ProviderVm[]> {
  const wanted = new Set(tokens);
  const services = await engine.client.listServices({ label: [`${LABEL_INFRASTRUCTURE}=${infrastructureId}`] }, signal);
  return services.flatMap(({ id, labels }) => {
    const token = labels.get(LABEL_LAUNCH) ?? '';
    return wanted.has(token) ? [{ token, providerId: id }] : [];
  });
}

/** Three list calls for all: services, tasks, network names. */
async function observe(
  engine: Engine,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const [services, tasks, networks] = await Promise.all([
    engine.client.listServices({ label: [LABEL_INFRASTRUCTURE] }, signal),
    engine.client.listTasks({}, signal),
    engine.client.listNetworks({}, signal),
  ]);
  const listed = new Map(services.map((service) => [service.id, service]));
  const names = new Map(networks.map(({ id, name }) => [id, name]));
  const bound = createSemaphore(CONCURRENCY);
  return Promise.all(
    vms.map((vm) =>
      bound.run(async (): Promise<Observation> => {
        try {
          const service = listed.get(vm.providerId) ?? (await engine.client.inspectService(vm.providerId, signal));
          if (service === undefined) {
            const reason = `The service is not found on ${engine.name}.`;
            return { number: vm.number, ok: true, cloudState: 'off', reason };
          }
          const ownTasks = tasks.filter(({ serviceId }) => serviceId === service.id);
          return await observation(engine, vm, service, ownTasks, names, signal);
        } catch (error) {
          return { number: vm.number, ok: false, message: errorText(error) };
        }
      }, signal),
    ),
  );
}

async function observation(
  engine: Engine,
  vm: VmReference,
  service: ServiceView,
  tasks: readonly TaskView[],
  networkNames: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Observation> {
  const cloudState = serviceState(tasks.map(({ state }) => state));
  const info = await connectedDocument(
    engine,
    vm.infrastructureId,
    vm.info,
    connections(service, networkNames),
    false,
    signal,
  );
  const problem = tasks.find(({ error }) => error !== '');
  const reason =
    cloudState === 'running'
      ? undefined
      : `The service has no running task${problem === undefined ? '' : `: ${problem.error}`}.`;
  return {
    number: vm.number,
    ok: true,
    cloudState,
    ...(info !== undefined && { info }),
    ...(reason !== undefined && { reason }),
  };
}

async function destroy(engine: Engine, vm: VmReference, signal: AbortSignal): Promise<void> {
  if (vm.providerId !== '') await removeService(engine, vm.providerId, signal);
  await removeOwnVolumes(engine, vm.infrastructureId, vm.number, signal);
}

async function removeService(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  await poll({ timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: 500, what: `service ${id} to be gone`, signal }, async () => {
    await engine.client.removeService(id, signal);
    return (await engine.client.inspectService(id, signal)) === undefined ? true : undefined;
  });
}
