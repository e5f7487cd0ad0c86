// SPDX-License-Identifier: Apache-2.0
// Builders for connector tests: clouds, environments, launch requests from RADL text, and a ledger in memory.
import { randomBytes, randomUUID } from 'node:crypto';
import type {
  AlterResult,
  CloudConnector,
  ConnectorEnvironment,
  ConnectorSettings,
  LaunchOutcome,
  LaunchRequest,
  ResourceRecorder,
  VmReference,
} from '../../src/connectors/index.js';
import { type CloudCredential, launchToken, type Resource } from '../../src/domain/index.js';
import { parseRadl, Radl, type System } from '../../src/radl/index.js';
import type { Logger } from '../../src/util/logger.js';

/** The masks of the shipped configuration. */
export const PRIVATE_NET_MASKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'];

/** A logger that keeps its lines. */
export function recordingLogger(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (message: string): void => {
    lines.push(message);
  };
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
  return { logger, lines };
}

/** An environment with the options' defaults. */
export function connectorEnvironment(
  settings: Partial<ConnectorSettings> = {},
  logger: Logger = recordingLogger().logger,
): ConnectorEnvironment {
  return {
    logger,
    now: Date.now,
    randomText: (length) => randomBytes(length).toString('hex').slice(0, length),
    resolveEgiImage: async (url) => {
      throw new Error(`${url} is not looked up here`);
    },
    settings: {
      verifySsl: true,
      allowsUnixSockets: true,
      defaultVmName: 'vnode-#N#',
      defaultDomain: 'localdomain',
      privateNetMasks: PRIVATE_NET_MASKS,
      vmTagUsername: 'IM_USER',
      vmTagInfId: 'IM_INFRA_ID',
      vmTagImUrl: '',
      vmTagIm: '',
      priceFile: '',
      ...settings,
    },
  };
}

/** A cloud with the given parts. */
export function cloud(type: string, parts: Partial<CloudCredential> = {}): CloudCredential {
  return {
    id: type.toLowerCase(),
    type,
    protocol: '',
    server: '',
    port: -1,
    path: '',
    extra: {},
    item: { type },
    ...parts,
  };
}

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** A ledger in memory, with the rules of `ResourceRecorder`. */
export interface MemoryLedger extends ResourceRecorder {
  readonly resources: Resource[];
}

/** Makes a ledger of one infrastructure. */
export function memoryLedger(infrastructureId: string, reference: CloudCredential): MemoryLedger {
  const resources: Resource[] = [];
  return {
    resources,
    record: async (resource, create, find) => {
      const index = resources.findIndex(({ kind, token }) => kind === resource.kind && token === resource.token);
      const known = resources[index];
      if (known?.providerId != null) return known.providerId;
      const entry: Resource = {
        id: randomUUID(),
        infrastructureId,
        operationId: 'operation',
        kind: resource.kind,
        cloud: reference,
        vmNumber: resource.vmNumber,
        token: resource.token,
        providerId: null,
        state: 'intent',
        data: resource.data ?? {},
        createdAt: 0,
      };
      const position = index === -1 ? resources.push(entry) - 1 : index;
      const interrupted = known === undefined ? undefined : await find?.();
      const providerId = interrupted ?? (await create());
      resources[position] = { ...entry, providerId, state: 'created' };
      return providerId;
    },
  };
}

/** What a launch test needs. */
export interface RequestParts {
  readonly connector: CloudConnector;
  /** Document with one system (or the first is taken). */
  readonly radl: string;
  readonly numbers?: readonly number[];
  readonly generation?: number;
  readonly infrastructureId?: string;
  readonly resources?: ResourceRecorder;
  readonly signal?: AbortSignal;
}

/** The document of one system: all networks and that system. */
export function documentOf(radl: Radl, system: System): Radl {
  const document = Radl.empty();
  for (const network of radl.networks) document.add({ ...network, features: network.features.clone() });
  document.add({ ...system, features: system.features.clone() });
  return document;
}

/** A launch request for the first system of a document, with the connector's best candidate. */
export async function launchRequest(parts: RequestParts): Promise<LaunchRequest> {
  const radl = parseRadl(parts.radl);
  const system = radl.systems[0]!;
  const { candidates, refusals } = await parts.connector.candidates(system, never);
  if (candidates[0] === undefined) throw new Error(`no candidate: ${refusals.join('; ')}`);
  const infrastructureId = parts.infrastructureId ?? randomUUID();
  return {
    infrastructureId,
    username: 'ana',
    serviceUrl: '',
    concrete: documentOf(radl, candidates[0].system),
    requested: documentOf(radl, system),
    vms: (parts.numbers ?? [0]).map((number) => ({
      number,
      token: launchToken(infrastructureId, number, parts.generation ?? 0),
    })),
    resources: parts.resources ?? memoryLedger(infrastructureId, parts.connector.cloud),
    signal: parts.signal ?? never,
  };
}

/** A launched VM. */
export type Launched = Extract<LaunchOutcome, { ok: true }>;

/** All outcomes of a launch, by VM number. */
export async function launchAll(connector: CloudConnector, request: LaunchRequest): Promise<readonly LaunchOutcome[]> {
  const outcomes: LaunchOutcome[] = [];
  for await (const outcome of connector.launch(request)) outcomes.push(outcome);
  return outcomes.sort((left, right) => left.number - right.number);
}

/** All VMs of a launch that must succeed. */
export async function launchOk(connector: CloudConnector, request: LaunchRequest): Promise<readonly Launched[]> {
  return (await launchAll(connector, request)).map((outcome) => {
    if (!outcome.ok) throw new Error(`VM ${outcome.number} was not launched: ${outcome.message}`);
    return outcome;
  });
}

/** A launched VM as the daemon refers to it later. */
export function vmReference(request: LaunchRequest, launched: Launched): VmReference {
  return {
    infrastructureId: request.infrastructureId,
    number: launched.number,
    providerId: launched.providerId,
    info: launched.info,
    requested: request.requested,
    extra: launched.extra ?? {},
    cloudState: launched.cloudState,
  };
}

/** Alters a VM with the first system of a document, as the daemon would. */
export async function alterWith(
  connector: CloudConnector,
  vm: VmReference,
  radl: string,
  resources: ResourceRecorder = memoryLedger(vm.infrastructureId, connector.cloud),
): Promise<AlterResult> {
  const document = parseRadl(radl);
  const networks = document.networks.filter(({ isReference }) => !isReference);
  return connector.alter!(vm, document.systems[0]!, never, networks, resources);
}

/** The error of a promise that must be rejected. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
