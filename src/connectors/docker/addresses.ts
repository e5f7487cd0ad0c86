// SPDX-License-Identifier: Apache-2.0
// The address at which the published ports of an engine are reached (docker.md §4).
import { lookup } from 'node:dns/promises';
import { errorText } from '../../domain/index.js';
import { DeadlineError, poll, withTimeout } from '../../util/deadline.js';
import { parseIp } from '../../util/ip.js';
import type { Logger } from '../../util/logger.js';
import type { DockerClient } from './client.js';
import { answeringAddress, type BridgeGateways, candidateAddresses, ownAddresses } from './local-addresses.js';

const LOOKUP_TIMEOUT_MS = 10_000;

/** How long a node that was just started may need until its SSH server answers, before the likeliest address is taken unproved. */
const PATIENCE_MS = 3_000;

/** Addresses of local engines that were proved by an answer, by engine name; kept between connectors. */
export type ProvedAddresses = Map<string, string>;

/** Finds the public address of the nodes of an engine. */
export interface PublicAddress {
  /**
   * @param sshPort where a node's SSH server is published, to try addresses with
   * @param isNew the node was just started: wait a little for it
   * @returns undefined when the engine's host name cannot be resolved now
   */
  find(sshPort: number | undefined, isNew: boolean, signal: AbortSignal): Promise<string | undefined>;
}

/** What is known about an engine's place. */
export interface EnginePlace {
  readonly name: string;
  /** Host of a remote engine, undefined for a local one. */
  readonly server: string | undefined;
}

/**
 * For a remote engine the address of its host. For an engine of this machine the best of its addresses at which a node really answers.
 */
export function createPublicAddress(
  place: EnginePlace,
  client: DockerClient,
  proved: ProvedAddresses,
  logger: Logger,
): PublicAddress {
  // Once is enough for a connector, which serves one call; the addresses of the machine are read again for the next.
  let confirmed: string | undefined;
  let resolved: string | undefined;

  const findLocal = async (port: number | undefined, isNew: boolean, signal: AbortSignal): Promise<string> => {
    confirmed ??= provedAddress(proved, place.name);
    if (confirmed !== undefined) return confirmed;
    const candidates = await candidateAddresses(await bridgeGateways(client, logger, signal));
    if (port === undefined) return candidates[0];
    const probe = async (): Promise<string | undefined> =>
      provedAddress(proved, place.name) ?? (await answeringAddress(candidates, port, signal));
    const address = isNew ? await untilAnswer(probe, signal) : await probe();
    if (address !== undefined) proved.set(place.name, address);
    return address ?? candidates[0];
  };

  return {
    find: async (sshPort, isNew, signal) => {
      if (place.server === undefined) return findLocal(sshPort, isNew, signal);
      resolved ??= await resolve(place.server, logger, signal);
      if (resolved !== undefined && isLoopback(resolved)) return findLocal(sshPort, isNew, signal);
      return resolved;
    },
  };
}

/** A proved address counts as long as this machine has it; any other one is proved again. */
function provedAddress(proved: ProvedAddresses, engineName: string): string | undefined {
  const address = proved.get(engineName);
  if (address === undefined || isLoopback(address)) return undefined;
  if (ownAddresses().includes(address)) return address;
  proved.delete(engineName);
  return undefined;
}

async function untilAnswer(probe: () => Promise<string | undefined>, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await poll({ timeoutMs: PATIENCE_MS, intervalMs: 100, what: 'the SSH server of the node', signal }, probe);
  } catch (error) {
    if (error instanceof DeadlineError) return undefined;
    throw error;
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

async function resolve(server: string, logger: Logger, signal: AbortSignal): Promise<string | undefined> {
  if (parseIp(server) !== undefined) return server;
  try {
    const found = await withTimeout({ timeoutMs: LOOKUP_TIMEOUT_MS, what: `the address of ${server}`, signal }, () =>
      lookup(server, { all: true }),
    );
    return (found.find(({ family }) => family === 4) ?? found[0])?.address;
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(`The address of Docker host ${server} is not known: ${errorText(error)}`);
    return undefined;
  }
}

async function bridgeGateways(client: DockerClient, logger: Logger, signal: AbortSignal): Promise<BridgeGateways> {
  try {
    const networks = await client.listNetworks({ driver: ['bridge'] }, signal);
    const gatewaysOf = (isCommon: boolean): readonly string[] =>
      networks.filter(({ name }) => (name === 'bridge') === isCommon).flatMap(({ gateways }) => gateways);
    return { common: gatewaysOf(true), others: gatewaysOf(false) };
  } catch (error) {
    signal.throwIfAborted();
    logger.debug(`The gateways of the Docker bridges are not known: ${errorText(error)}`);
    return { common: [], others: [] };
  }
}
