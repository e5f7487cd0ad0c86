// SPDX-License-Identifier: Apache-2.0
// Deleting a VM with what belongs only to it, and what a launch registered in the ledger (ec2.md §6).
import { ImError, type Resource } from '../../domain/index.js';
import { sleep } from '../../util/deadline.js';
import { createSemaphore } from '../../util/semaphore.js';
import type { VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { releaseAddresses, untaggedAddresses } from './addresses.js';
import { removeDnsEntries } from './dns.js';
import { CONCURRENCY, CONSISTENCY_WINDOW_MS, type Ec2, type Engine } from './engine.js';
import { awsCode, isNotFound } from './failure.js';
import { findRegisteredGroup, registeredName } from './find-groups.js';
import { findOwnNetwork } from './find-networks.js';
import { removeInherited } from './inherited.js';
import { findByToken, terminate } from './instances.js';
import { removeGroup } from './remove-group.js';
import { removeGateway, removeSubnet, removeVpc } from './remove-networks.js';
import { requestsOf } from './spot-requests.js';
import { instanceOf, isSpotRequest, parseRegionalId } from './vm-id.js';
import { findVolumeByToken, removeVolume } from './volumes.js';

/**
 * Terminates the instance, releases the addresses that were allocated for it and removes its names. Returns when EC2 has taken the
 * termination, which cannot be undone: shutting down goes on by itself, and whoever deletes the groups and networks waits for it.
 */
export async function destroyVm(engine: Engine, vm: VmReference, signal: AbortSignal): Promise<void> {
  if (vm.providerId !== '') {
    const given = parseRegionalId(vm.providerId);
    const { region, id } = instanceOf(vm);
    const ec2 = engine.clients.ec2(region);
    if (isSpotRequest(given)) {
      const fulfilled = await cancelSpotRequest(ec2, given.id, signal);
      if (fulfilled !== undefined) await terminateForSure(engine, ec2, vm, fulfilled, signal);
    }
    if (!isSpotRequest({ region, id })) {
      const isByReference = typeof vm.extra.token !== 'string';
      if (isByReference) await cancelRequestsOf(ec2, vm, id, signal);
      const untagged = isByReference ? await untaggedAddresses(ec2, vm, id, signal) : [];
      await terminateForSure(engine, ec2, vm, id, signal);
      await releaseAddresses(engine, ec2, vm, untagged, signal);
    }
  }
  await removeDnsEntries(engine, vm, signal);
}

/** A fresh instance may be unknown to EC2 for some seconds: that is not "gone". */
async function terminateForSure(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const { launchedAt } = vm.extra;
  const shown = (typeof launchedAt === 'number' ? launchedAt : 0) + CONSISTENCY_WINDOW_MS;
  for (;;) {
    try {
      await ec2.call('terminateInstances', { InstanceIds: [id] }, signal);
      return;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (engine.environment.now() >= shown) return;
    }
    await sleep(1_000, signal);
  }
}

/** @returns the instance that fulfilled it */
async function cancelSpotRequest(ec2: Ec2, id: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await ec2.call('cancelSpotInstanceRequests', { SpotInstanceRequestIds: [id] }, signal);
    const { SpotInstanceRequests: [request] = [] } = await ec2.call(
      'describeSpotInstanceRequests',
      { SpotInstanceRequestIds: [id] },
      signal,
    );
    return request?.InstanceId;
  } catch (error) {
    if (isNotFound(error) || awsCode(error).startsWith('InvalidSpotInstanceRequestID')) return undefined;
    throw error;
  }
}

/** The reference leaves the spot request of a machine open that it knows by its instance. */
async function cancelRequestsOf(ec2: Ec2, vm: VmReference, instanceId: string, signal: AbortSignal): Promise<void> {
  if (systemOf(vm.requested).features.getText('spot') !== 'yes') return;
  for (const id of await requestsOf(ec2, instanceId, signal)) await cancelSpotRequest(ec2, id, signal);
}

const regionOf = ({ data, cloud }: Resource): string => {
  if (typeof data.region === 'string') return data.region;
  throw new ImError('internal', `The ledger entry of cloud ${cloud.id} names no region.`);
};

/** Deletes what the ledger knows. */
export async function destroyResource(
  engine: Engine,
  resource: Resource,
  signal: AbortSignal,
  living: ReadonlySet<string> = new Set(),
): Promise<void> {
  if (resource.kind === 'vm') {
    for (const { providerId } of await findVm(engine, resource, signal)) {
      const { region, id } = parseRegionalId(providerId);
      await terminate(engine.clients.ec2(region), id, signal);
    }
    return;
  }
  const providerId = resource.providerId ?? (await findResource(engine, resource, signal));
  if (providerId === undefined) return;
  const { region, id } = parseRegionalId(providerId);
  const ec2 = engine.clients.ec2(region);
  switch (resource.kind) {
    case 'security-group':
      return removeGroup(
        engine,
        ec2,
        { infrastructureId: resource.infrastructureId, name: registeredName(resource), id, living },
        signal,
      );
    case 'subnet':
      return removeSubnet(ec2, id, signal);
    case 'router':
      return removeGateway(ec2, id, signal);
    case 'network':
      return removeVpc(ec2, id, signal);
    case 'volume':
      return removeVolume(ec2, id, signal);
    case 'other':
      return removeInherited(engine, ec2, resource, living, signal);
    default:
      throw new ImError('internal', `EC2 registers no resource of kind ${resource.kind}.`);
  }
}

function findVm(engine: Engine, { token, infrastructureId, data, providerId }: Resource, signal: AbortSignal) {
  if (providerId !== null) return Promise.resolve([{ token, providerId }]);
  const region = typeof data.region === 'string' ? data.region : undefined;
  return findInRegions(engine, [token], infrastructureId, region === undefined ? undefined : [region], signal);
}

/** Looks for launch tokens in some regions, or in all of the account. */
export async function findInRegions(
  engine: Engine,
  tokens: readonly string[],
  infrastructureId: string,
  regions: readonly string[] | undefined,
  signal: AbortSignal,
  patience: 'whole-window' | 'one-look' = 'whole-window',
) {
  return inRegions(engine, regions, signal, (ec2) =>
    findByToken(engine, ec2, tokens, infrastructureId, signal, patience),
  );
}

/** Looks in some regions, or in all of the account. */
export async function inRegions<Found>(
  engine: Engine,
  regions: readonly string[] | undefined,
  signal: AbortSignal,
  look: (ec2: Ec2) => Promise<readonly Found[]>,
): Promise<readonly Found[]> {
  const places = regions ?? (await allRegions(engine, signal));
  const bound = createSemaphore(CONCURRENCY);
  const found = await Promise.all(places.map((region) => bound.run(() => look(engine.clients.ec2(region)), signal)));
  return found.flat();
}

const FIRST_REGION = 'us-east-1';

/** The regions that the account can use. */
export async function allRegions(engine: Engine, signal: AbortSignal): Promise<readonly string[]> {
  const ec2 = engine.clients.ec2(engine.account.defaultRegion ?? FIRST_REGION);
  const { Regions = [] } = await ec2.call('describeRegions', {}, signal);
  return Regions.flatMap(({ RegionName }) => (RegionName === undefined ? [] : [RegionName]));
}

/** Finds a registered resource whose creation was interrupted. */
export async function findResource(
  engine: Engine,
  resource: Resource,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (resource.kind === 'vm') return (await findVm(engine, resource, signal))[0]?.providerId;
  const ec2 = engine.clients.ec2(regionOf(resource));
  switch (resource.kind) {
    case 'security-group':
      return findRegisteredGroup(ec2, resource, signal);
    case 'volume':
      return findVolumeByToken(ec2, resource, signal);
    default:
      return findOwnNetwork(ec2, resource, signal);
  }
}
