// SPDX-License-Identifier: Apache-2.0
// Nodes as containers of a plain engine: create, finish after a crash, observe, remove (docker.md §3-§6).
import { type CloudState, errorText, ImError } from '../../domain/index.js';
import { poll } from '../../util/deadline.js';
import { createSemaphore } from '../../util/semaphore.js';
import type { LaunchOutcome, LaunchRequest, LaunchVm, Observation, ProviderVm, VmReference } from '../connector.js';
import { cancelledOutcome } from '../shared/launch-outcomes.js';
import { CREDENTIALS_FILE } from './bootstrap.js';
import { orCleanUp } from './clean-up.js';
import { containerBody } from './container-body.js';
import { connectedDocument, launchedDocument, NODE_USER } from './document.js';
import { CONCURRENCY, type Engine, engineName } from './engine.js';
import { PASSWORD_LENGTH } from './images.js';
import { LABEL_INFRASTRUCTURE, LABEL_LAUNCH, SERVICE_LABEL } from './labels.js';
import type { LaunchPlan } from './launch-plan.js';
import { networkAliases } from './network.js';
import type { NodeBackend } from './node-backend.js';
import { containerState } from './states.js';
import { type DiskMount, prepareDisks, removeOwnVolumes } from './storage.js';
import { createTar, readFirstFile } from './tar.js';
import type { ContainerView } from './views.js';

/** How long the engine may need to remove a container. */
const REMOVAL_TIMEOUT_MS = 60_000;
/** The SSH server ends at once when asked; a container that is being deleted needs no more. */
const STOP_SECONDS = 2;

/** Nodes as containers. */
export function createContainerBackend(engine: Engine): NodeBackend {
  return {
    launch: (request, vm, plan) => launch(engine, request, vm, plan),
    listMarked: (signal) => listMarked(engine, signal),
    find: (tokens, infrastructureId, signal) => find(engine, tokens, infrastructureId, signal),
    adopt: (request, vm, plan, found) => adopt(engine, request, vm, plan, found),
    observe: (vms, signal) => observe(engine, vms, signal),
    destroy: (vm, signal) => destroy(engine, vm, signal),
    remove: (id, signal) => removeContainer(engine, id, signal),
    start: async (vm, signal) => {
      await engine.client.startContainer(vm.providerId, signal);
      return currentState(engine, vm, signal);
    },
    stop: async (vm, signal) => {
      await engine.client.stopContainer(vm.providerId, signal);
      return currentState(engine, vm, signal);
    },
    reboot: async (vm, signal) => {
      await engine.client.restartContainer(vm.providerId, signal);
      return currentState(engine, vm, signal);
    },
  };
}

/** The name follows from the launch token: the engine refuses a second container of that name. */
const containerName = (token: string): string => engineName('im-', token);

async function launch(engine: Engine, request: LaunchRequest, vm: LaunchVm, plan: LaunchPlan): Promise<LaunchOutcome> {
  if (request.signal.aborted) return cancelledOutcome(vm.number);
  const remove = (token: string, signal: AbortSignal) => removeLaunched(engine, token, signal);
  return orCleanUp(engine, request, vm, remove, async () => {
    const disks = await prepareDisks(engine, request, vm);
    request.signal.throwIfAborted();
    const name = containerName(vm.token);
    const body = containerBody(engine, request, vm, plan, disks);
    const result = await engine.client.createContainer(name, body, request.signal);
    if ('id' in result) return finish(engine, request, vm, plan, disks, result.id);
    // The name is taken: by an earlier try with this token, or by a container that is none of our business.
    const existing = await engine.client.inspectContainer(name, request.signal);
    if (existing?.labels.get(LABEL_LAUNCH) !== vm.token) {
      throw new ImError('provider', `Error creating the Container: ${result.message}`);
    }
    return finish(engine, request, vm, plan, disks, existing.id);
  });
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
    return finish(engine, request, vm, plan, disks, found.providerId);
  });
}

async function removeLaunched(engine: Engine, token: string, signal: AbortSignal): Promise<void> {
  const container = await engine.client.inspectContainer(containerName(token), signal);
  if (container?.labels.get(LABEL_LAUNCH) === token) await removeContainer(engine, container.id, signal);
}

/**
 * Does what is still to do for a container that exists: attach it to its networks, give it its password, start it. Each step is passed
 * over when it was done before, so that an interrupted launch is completed and a completed one only read.
 */
async function finish(
  engine: Engine,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: LaunchPlan,
  disks: readonly DiskMount[],
  id: string,
): Promise<LaunchOutcome> {
  const { signal } = request;
  const created = await inspect(engine, id, signal);
  for (const network of plan.privateNetworks) {
    if (created.networks.includes(network.name)) continue;
    const aliases = networkAliases(engine, plan.system, network.interfaceIndex, vm.number);
    await engine.client.connectNetwork(network.providerId, id, aliases, signal);
  }
  const password = await ensurePassword(engine, created, signal);
  if (created.status !== 'running') await engine.client.startContainer(id, signal);
  const started = await inspect(engine, id, signal);
  if (started.status === 'exited' || started.status === 'dead') {
    throw new ImError('provider', `Error starting the Container: it ended at once (${started.detail})`);
  }
  const launched = launchedDocument(request.concrete, plan, { providerId: id, name: started.name, password, disks });
  const connected = await connectedDocument(engine, request.infrastructureId, launched, started, true, signal);
  return {
    number: vm.number,
    ok: true,
    providerId: id,
    info: connected ?? launched,
    cloudState: containerState(started.status),
  };
}

async function inspect(engine: Engine, id: string, signal: AbortSignal): Promise<ContainerView> {
  const container = await engine.client.inspectContainer(id, signal);
  if (container === undefined) {
    throw new ImError('provider', 'Error getting info about the Container: it was removed during its launch.');
  }
  return container;
}

/** The root password that an earlier try left in the container, else a new one, which the first start applies. */
async function ensurePassword(engine: Engine, container: ContainerView, signal: AbortSignal): Promise<string> {
  const archive = await engine.client.getArchive(container.id, CREDENTIALS_FILE, signal);
  const line = archive === undefined ? undefined : readFirstFile(archive)?.toString('utf8').trim();
  const known = line?.startsWith(`${NODE_USER}:`) ? line.slice(NODE_USER.length + 1) : '';
  if (known !== '') return known;
  const password = engine.environment.randomText(PASSWORD_LENGTH);
  const file = { path: CREDENTIALS_FILE.slice(1), mode: 0o600, content: Buffer.from(`${NODE_USER}:${password}\n`) };
  await engine.client.putArchive(container.id, createTar([file]), signal);
  if (container.status === 'running') await engine.client.restartContainer(container.id, signal, STOP_SECONDS);
  return password;
}

async function listMarked(engine: Engine, signal: AbortSignal): Promise<readonly ProviderVm[]> {
  const containers = await engine.client.listContainers(LABEL_LAUNCH, signal);
  return containers.flatMap(({ id, labels }) => {
    // Containers of services are their services' business.
    const token = labels.has(SERVICE_LABEL) ? '' : (labels.get(LABEL_LAUNCH) ?? '');
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
  const containers = await engine.client.listContainers(`${LABEL_INFRASTRUCTURE}=${infrastructureId}`, signal);
  return containers.flatMap(({ id, labels }) => {
    const token = labels.get(LABEL_LAUNCH) ?? '';
    return wanted.has(token) ? [{ token, providerId: id }] : [];
  });
}

/** One list call for all; only VMs that it does not show (made by another manager, or gone) are asked for one by one. */
async function observe(
  engine: Engine,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const infrastructures = new Set(vms.map((vm) => vm.infrastructureId));
  const [only] = infrastructures;
  const label =
    infrastructures.size === 1 && only !== undefined ? `${LABEL_INFRASTRUCTURE}=${only}` : LABEL_INFRASTRUCTURE;
  const listed = new Map((await engine.client.listContainers(label, signal)).map((view) => [view.id, view]));
  const bound = createSemaphore(CONCURRENCY);
  return Promise.all(
    vms.map((vm) =>
      bound.run(async (): Promise<Observation> => {
        try {
          const view = listed.get(vm.providerId) ?? (await engine.client.inspectContainer(vm.providerId, signal));
          return await observation(engine, vm, view, signal);
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
  view: ContainerView | undefined,
  signal: AbortSignal,
): Promise<Observation> {
  if (view === undefined) {
    return { number: vm.number, ok: true, cloudState: 'off', reason: `The container is not found on ${engine.name}.` };
  }
  const cloudState = containerState(view.status);
  if (cloudState !== 'running') {
    const detail = view.detail === '' ? '' : ` (${view.detail})`;
    return { number: vm.number, ok: true, cloudState, reason: `The container is ${view.status}${detail}.` };
  }
  const info = await connectedDocument(engine, vm.infrastructureId, vm.info, view, false, signal);
  return { number: vm.number, ok: true, cloudState, ...(info !== undefined && { info }) };
}

async function currentState(engine: Engine, vm: VmReference, signal: AbortSignal): Promise<CloudState> {
  const view = await engine.client.inspectContainer(vm.providerId, signal);
  return view === undefined ? 'off' : containerState(view.status);
}

async function destroy(engine: Engine, vm: VmReference, signal: AbortSignal): Promise<void> {
  if (vm.providerId !== '') await removeContainer(engine, vm.providerId, signal);
  await removeOwnVolumes(engine, vm.infrastructureId, vm.number, signal);
}

/** Stops and deletes a container, and returns when the engine does not know it any more. */
async function removeContainer(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  const container = await engine.client.inspectContainer(id, signal);
  if (container === undefined) return;
  if (container.status === 'running') {
    try {
      await engine.client.stopContainer(id, signal, STOP_SECONDS);
    } catch (error) {
      signal.throwIfAborted();
      engine.environment.logger.debug(`Container ${id} does not stop, it is killed: ${errorText(error)}`);
    }
  }
  await poll(
    { timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: 500, what: `container ${id.slice(0, 12)} to be gone`, signal },
    async () => {
      await engine.client.removeContainer(id, signal);
      return (await engine.client.inspectContainer(id, signal)) === undefined ? true : undefined;
    },
  );
}
