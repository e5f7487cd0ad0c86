// SPDX-License-Identifier: Apache-2.0
// Private networks of the RADL as networks of the engine: made once per infrastructure, used by its nodes (docker.md §3 step 2).
import { errorText, ImError, type Resource } from '../../domain/index.js';
import { isPublicNetwork, type Network, networkIds, requestedInterfaceName, type System } from '../../radl/index.js';
import { poll } from '../../util/deadline.js';
import { cidrsOverlap, parseCidr } from '../../util/ip.js';
import type { LaunchRequest } from '../connector.js';
import { pickCidr } from '../shared/cidr.js';
import { systemOf } from '../shared/first-system.js';
import { dockerNetworkName } from '../shared/network-names.js';
import type { Engine } from './engine.js';
import { LABEL_INFRASTRUCTURE } from './labels.js';
import type { NetworkView } from './views.js';

/** A network of the engine that serves a private network of the RADL. */
export interface PrivateNetwork {
  /** Id in the RADL. */
  readonly networkId: string;
  /** Name at the engine: the user's `provider_id` or ours. */
  readonly name: string;
  /** Id at the engine. */
  readonly providerId: string;
  /** First interface of the system in this network. */
  readonly interfaceIndex: number;
}

/** How long the engine may need to let go of the last endpoints of a network. */
const REMOVAL_TIMEOUT_MS = 30_000;
const REMOVAL_INTERVAL_MS = 200;

/**
 * Makes sure that every private network of the system exists, in the order of its interfaces. Networks that are there already are used:
 * ours again, the user's without being registered, so that they are never deleted.
 */
export async function preparePrivateNetworks(
  engine: Engine,
  request: LaunchRequest,
): Promise<readonly PrivateNetwork[]> {
  const system = systemOf(request.concrete);
  const prepared: PrivateNetwork[] = [];
  for (const [interfaceIndex, networkId] of networkIds(system).entries()) {
    const network = request.concrete.getNetwork(networkId);
    if (network === undefined || isPublicNetwork(network)) continue;
    if (prepared.some((known) => known.networkId === networkId)) continue;
    const name = engineNetworkName(network, request.infrastructureId);
    const providerId = await engine.creation.run(
      `${engine.name} ${name}`,
      () => ensureNetwork(engine, request, network, name),
      request.signal,
    );
    prepared.push({ networkId, name, providerId, interfaceIndex });
  }
  return prepared;
}

/** The user's `provider_id`, else a name of ours. */
function engineNetworkName(network: Network, infrastructureId: string): string {
  const chosen = network.features.getText('provider_id') ?? '';
  return chosen !== '' ? chosen : dockerNetworkName(infrastructureId, network.id);
}

async function ensureNetwork(engine: Engine, request: LaunchRequest, network: Network, name: string): Promise<string> {
  const { infrastructureId, signal } = request;
  const existing = await findByName(engine, name, signal);
  if (existing !== undefined && !isOurs(existing, infrastructureId)) return existing.id;

  let made: string | undefined;
  await request.resources.record(
    { kind: 'network', token: name, vmNumber: null, data: { name, networkId: network.id } },
    async () => {
      if (existing !== undefined) return existing.id;
      made = await createNetwork(engine, request, network, name);
      return made;
    },
    async () => existing?.id,
  );
  // Without either the ledger knew an id of before, and the network was removed by hand since. A new one of the same name is found by its
  // label when the time comes to delete it.
  return made ?? existing?.id ?? createNetwork(engine, request, network, name);
}

async function createNetwork(engine: Engine, request: LaunchRequest, network: Network, name: string): Promise<string> {
  const { isSwarm } = await engine.info(request.signal);
  const subnet = await chooseSubnet(engine, network, name, request.signal);
  return engine.client.createNetwork(
    {
      Name: name,
      CheckDuplicate: true,
      Labels: { [LABEL_INFRASTRUCTURE]: request.infrastructureId },
      ...(isSwarm && { Driver: 'overlay', Scope: 'swarm', Attachable: true }),
      IPAM: { Driver: 'default', ...(subnet !== undefined && { Config: [{ Subnet: subnet }] }) },
    },
    request.signal,
  );
}

/**
 * The range that the RADL wishes, when the engine has it free; networks of one engine cannot overlap, so a taken range is not an error:
 * the engine then chooses.
 */
async function chooseSubnet(
  engine: Engine,
  network: Network,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wish = network.features.getText('cidr') ?? '';
  if (wish === '') return undefined;
  const networks = await engine.client.listNetworks({}, signal);
  const used = networks.flatMap(({ subnets }) => subnets.map(parseCidr).filter((range) => range !== undefined));
  const subnet = pickCidr(wish, used);
  const range = subnet === undefined ? undefined : parseCidr(subnet);
  if (range !== undefined && !used.some((taken) => cidrsOverlap(taken, range))) return subnet;
  engine.environment.logger.warn(
    `The range ${wish} of network ${name} is not free on ${engine.name}; it chooses another one.`,
  );
  return undefined;
}

async function findByName(engine: Engine, name: string, signal: AbortSignal): Promise<NetworkView | undefined> {
  const networks = await engine.client.listNetworks({ name: [name] }, signal);
  // The filter matches parts of names.
  return networks.find((network) => network.name === name);
}

function isOurs(network: NetworkView, infrastructureId: string): boolean {
  return network.labels.get(LABEL_INFRASTRUCTURE) === infrastructureId;
}

/** Names by which other nodes of the network find the VM: the requested host name of that interface, and with its domain. */
export function networkAliases(
  engine: Engine,
  system: System,
  interfaceIndex: number,
  vmNumber: number,
): readonly string[] {
  const { defaultVmName, defaultDomain } = engine.environment.settings;
  const name = requestedInterfaceName(system, interfaceIndex, vmNumber, defaultVmName, defaultDomain);
  if (name === undefined) return [];
  return name.domain === undefined ? [name.host] : [name.host, `${name.host}.${name.domain}`];
}

/** Networks of a registered resource that carry the label of its infrastructure; the id alone may be out of date. */
async function registeredNetworks(
  engine: Engine,
  resource: Resource,
  signal: AbortSignal,
): Promise<readonly NetworkView[]> {
  const label = `${LABEL_INFRASTRUCTURE}=${resource.infrastructureId}`;
  const ours = await engine.client.listNetworks({ label: [label] }, signal);
  return ours.filter((network) => network.id === resource.providerId || network.name === resource.token);
}

/** Id of a registered network whose creation was interrupted. */
export async function findNetwork(
  engine: Engine,
  resource: Resource,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await registeredNetworks(engine, resource, signal))[0]?.id;
}

/**
 * Deletes a registered network and returns when the engine does not list it any more, waiting a little for nodes that are still
 * leaving it.
 * @throws ImError `provider` when something else keeps using it
 */
export async function removeNetwork(engine: Engine, resource: Resource, signal: AbortSignal): Promise<void> {
  let reason: string | undefined;
  const remove = async (): Promise<true | undefined> => {
    const remaining = await registeredNetworks(engine, resource, signal);
    for (const { id } of remaining) reason = await engine.client.removeNetwork(id, signal);
    return remaining.length === 0 ? true : undefined;
  };
  const what = `network ${resource.token} to be gone`;
  try {
    await poll({ timeoutMs: REMOVAL_TIMEOUT_MS, intervalMs: REMOVAL_INTERVAL_MS, what, signal }, remove);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImError) throw error;
    throw new ImError('provider', `Error deleting the network ${resource.token}: ${reason ?? errorText(error)}`, {
      cause: error,
    });
  }
}
