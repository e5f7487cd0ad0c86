// SPDX-License-Identifier: Apache-2.0
// Docker as a cloud: every VM is a container, or a Swarm service, that runs an SSH server (docker.md).
import { type CloudCredential, errorText, ImError, type Resource } from '../../domain/index.js';
import { sleep } from '../../util/deadline.js';
import { createKeyedSemaphore, type KeyedSemaphore } from '../../util/keyed-semaphore.js';
import type {
  Capability,
  CloudConnector,
  ConnectorEnvironment,
  ConnectorType,
  LaunchOutcome,
  LaunchRequest,
  Observation,
  ProviderVm,
  VmReference,
} from '../connector.js';
import { asCompleted } from '../shared/as-completed.js';
import { notSupported } from '../shared/cloud-errors.js';
import { createHttpClient } from '../shared/http.js';
import { imageCandidates } from '../shared/image-candidates.js';
import { cancelledOutcome, vmNumberOfToken } from '../shared/launch-outcomes.js';
import { createPublicAddress, type ProvedAddresses } from './addresses.js';
import { createDockerClient } from './client.js';
import { createContainerBackend } from './containers.js';
import { dockerEndpoint } from './credentials.js';
import { CONCURRENCY, type Engine } from './engine.js';
import { ensureImage, imageRules } from './images.js';
import { type LaunchPlan, launchImage, launchPlan } from './launch-plan.js';
import { findNetwork, preparePrivateNetworks, removeNetwork } from './network.js';
import type { NodeBackend } from './node-backend.js';
import { createServiceBackend } from './services.js';
import { findVolume, removeVolume } from './storage.js';
import type { EngineInfo } from './views.js';

/** A Swarm refuses the power operations, which is known only once the engine was asked. */
const CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>(['stop', 'start', 'reboot', 'idempotent-launch']);

/** `type = Docker; host = ...`, with `public_key` and `private_key` for engines that ask for a client certificate. */
export const dockerType: ConnectorType = createDockerType();

/** What outlives a connector. */
interface SharedState {
  readonly creation: KeyedSemaphore;
  readonly proved: ProvedAddresses;
}

function createDockerType(): ConnectorType {
  // Shared by all connectors of the process, since each serves one call.
  const shared: SharedState = { creation: createKeyedSemaphore(1), proved: new Map() };
  return {
    type: 'Docker',
    connect: (cloud, environment) => createDockerConnector(createEngine(cloud, environment, shared)),
  };
}

function createEngine(cloud: CloudCredential, environment: ConnectorEnvironment, shared: SharedState): Engine {
  const endpoint = dockerEndpoint(cloud, environment.settings.verifySsl);
  const { name } = endpoint.http;
  const client = createDockerClient(createHttpClient(endpoint.http), name);
  let known: EngineInfo | undefined;
  return {
    cloud,
    environment,
    client,
    name,
    creation: shared.creation,
    publicAddress: createPublicAddress({ name, server: endpoint.server }, client, shared.proved, environment.logger),
    info: async (signal) => {
      known ??= await client.info(signal);
      return known;
    },
  };
}

function createDockerConnector(engine: Engine): CloudConnector {
  const { cloud, environment } = engine;
  const containers = createContainerBackend(engine);
  const services = createServiceBackend(engine);
  const backend = async (signal: AbortSignal): Promise<NodeBackend> =>
    (await engine.info(signal)).isSwarm ? services : containers;

  return {
    cloud,
    capabilities: CAPABILITIES,
    candidates: async (system) => imageCandidates(system, cloud, imageRules(environment)),
    launch: (request) => launch(engine, backend, request),
    findByToken: (tokens, infrastructureId, signal) => findByToken(backend, tokens, infrastructureId, signal),
    listMarked: async (signal) => (await backend(signal)).listMarked(signal),
    adopt: (request, found) => adopt(engine, backend, request, found),
    observe: (vms, signal) => observe(backend, vms, signal),
    destroy: async (vm, signal) => (await backend(signal)).destroy(vm, signal),
    destroyResource: (resource, signal) => destroyResource(engine, backend, resource, signal),
    findResource: (resource, signal) => findResource(engine, backend, resource, signal),
    start: async (vm, signal) => (await backend(signal)).start(vm, signal),
    stop: async (vm, signal) => (await backend(signal)).stop(vm, signal),
    reboot: async (vm, signal) => (await backend(signal)).reboot(vm, signal),
    alter: async () => {
      throw notSupported();
    },
  };
}

/** Longer than the engine needs to create a container. */
const SECOND_LOOK_MS = 1_000;

type ChooseBackend = (signal: AbortSignal) => Promise<NodeBackend>;

async function* launch(engine: Engine, backend: ChooseBackend, request: LaunchRequest): AsyncGenerator<LaunchOutcome> {
  let prepared: { readonly nodes: NodeBackend; readonly plan: LaunchPlan };
  try {
    prepared = await prepare(engine, backend, request, true);
  } catch (error) {
    for (const { number } of request.vms) {
      yield request.signal.aborted ? cancelledOutcome(number) : { number, ok: false, message: errorText(error) };
    }
    return;
  }
  const { nodes, plan } = prepared;
  yield* asCompleted(request.vms, CONCURRENCY, (vm) => nodes.launch(request, vm, plan));
}

/** The image first: when there is none, nothing has been made yet. A Swarm pulls it where the task runs. */
async function prepare(
  engine: Engine,
  backend: ChooseBackend,
  request: LaunchRequest,
  isCreating: boolean,
): Promise<{ readonly nodes: NodeBackend; readonly plan: LaunchPlan }> {
  const { signal } = request;
  const nodes = await backend(signal);
  const { isSwarm, cpuCount } = await engine.info(signal);
  const image = launchImage(request.concrete);
  if (isCreating && !isSwarm) await ensureImage(engine, image, signal);
  const networks = await preparePrivateNetworks(engine, request);
  return { nodes, plan: launchPlan(engine, request, image, networks, cpuCount) };
}

/**
 * Looks twice when something is missing: a create call that was under way when its daemon died may be done only now.
 */
async function findByToken(
  backend: ChooseBackend,
  tokens: readonly string[],
  infrastructureId: string,
  signal: AbortSignal,
): Promise<readonly ProviderVm[]> {
  const nodes = await backend(signal);
  const found = await nodes.find(tokens, infrastructureId, signal);
  if (new Set(found.map(({ token }) => token)).size === new Set(tokens).size) return found;
  await sleep(SECOND_LOOK_MS, signal);
  return nodes.find(tokens, infrastructureId, signal);
}

async function adopt(
  engine: Engine,
  backend: ChooseBackend,
  request: LaunchRequest,
  found: ProviderVm,
): Promise<LaunchOutcome> {
  const number = vmNumberOfToken(request, found.token);
  const { nodes, plan } = await prepare(engine, backend, request, false);
  return nodes.adopt(request, { number, token: found.token }, plan, found);
}

/** When the engine does not answer, that is said of every VM: their states stay what they were. */
async function observe(
  backend: ChooseBackend,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  if (vms.length === 0) return [];
  try {
    return await (await backend(signal)).observe(vms, signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = `Error connecting with Docker server: ${errorText(error)}`;
    return vms.map(({ number }) => ({ number, ok: false, message }));
  }
}

async function destroyResource(
  engine: Engine,
  backend: ChooseBackend,
  resource: Resource,
  signal: AbortSignal,
): Promise<void> {
  switch (resource.kind) {
    case 'network':
      return removeNetwork(engine, resource, signal);
    case 'volume':
      return removeVolume(engine, resource, signal);
    case 'vm':
      return destroyByToken(backend, resource, signal);
    default:
      throw new ImError('internal', `Docker registers no resource of kind ${resource.kind}.`);
  }
}

/** A VM of which only the ledger knows. */
async function destroyByToken(backend: ChooseBackend, resource: Resource, signal: AbortSignal): Promise<void> {
  const nodes = await backend(signal);
  for (const { providerId } of await nodes.find([resource.token], resource.infrastructureId, signal)) {
    await nodes.remove(providerId, signal);
  }
}

async function findResource(
  engine: Engine,
  backend: ChooseBackend,
  resource: Resource,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (resource.kind) {
    case 'network':
      return findNetwork(engine, resource, signal);
    case 'volume':
      return findVolume(engine, resource, signal);
    case 'vm': {
      const found = await (await backend(signal)).find([resource.token], resource.infrastructureId, signal);
      return found[0]?.providerId;
    }
    default:
      return undefined;
  }
}
