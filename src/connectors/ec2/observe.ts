// SPDX-License-Identifier: Apache-2.0
// State and live documents of VMs: one paged listing per region (ec2.md §4).
import type { Address, Instance } from '@aws-sdk/client-ec2';
import { errorText, type JsonObject } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import type { Observation, VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { type PriceTable, readPrices } from '../shared/prices.js';
import { ensureAddress, listAddresses, needsAddresses } from './addresses.js';
import { setDnsEntries } from './dns.js';
import { observedDocument } from './document.js';
import type { Ec2, Engine } from './engine.js';
import { type InstanceType, typesByName } from './instance-types.js';
import { instancesById, listInstances } from './instances.js';
import { addRoutes } from './router-networks.js';
import { fulfilledRequests, type SpotRequest } from './spot-requests.js';
import { instanceState, stateReason } from './states.js';
import { TAG_OWNER, tagged } from './tags.js';
import { instanceOf, isSpotRequest, parseRegionalId } from './vm-id.js';

/** EC2 may not know a new instance for some seconds; after this time "not found" means gone (ec2.md §9). */
const FRESH_MS = 120_000;

/** When a region does not answer, that is said of its VMs: their states stay what they were. */
export async function observe(
  engine: Engine,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const byRegion = new Map<string, VmReference[]>();
  const observations: Observation[] = [];
  for (const vm of vms) {
    try {
      const { region } = parseRegionalId(vm.providerId);
      byRegion.set(region, [...(byRegion.get(region) ?? []), vm]);
    } catch (error) {
      observations.push({ number: vm.number, ok: false, message: errorText(error) });
    }
  }
  const answers = await Promise.all(
    [...byRegion].map(async ([region, group]): Promise<readonly Observation[]> => {
      try {
        return await observeRegion(engine, engine.clients.ec2(region), group, signal);
      } catch (error) {
        signal.throwIfAborted();
        const message = errorText(error);
        return group.map(({ number }) => ({ number, ok: false, message }));
      }
    }),
  );
  return [...observations, ...answers.flat()];
}

/** What a region says of its VMs, asked once for all of them. */
interface RegionView {
  readonly ec2: Ec2;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly spotRequests: ReadonlyMap<string, SpotRequest>;
  readonly addresses: readonly Address[];
  readonly changedTypes: ReadonlyMap<string, InstanceType>;
  readonly prices: PriceTable;
}

async function observeRegion(
  engine: Engine,
  ec2: Ec2,
  vms: readonly VmReference[],
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const requests = vms.map(({ providerId }) => parseRegionalId(providerId)).filter(isSpotRequest);
  const spotRequests = await fulfilledRequests(
    ec2,
    requests.map(({ id }) => id),
    signal,
  );
  const idOf = (vm: VmReference): string =>
    spotRequests.get(parseRegionalId(vm.providerId).id)?.instanceId ?? instanceOf(vm).id;

  const infrastructures = [...new Set(vms.map(({ infrastructureId }) => infrastructureId))];
  const listed = await listInstances(ec2, [tagged(TAG_OWNER, ...infrastructures)], signal);
  const instances = new Map(listed.map((instance) => [instance.InstanceId ?? '', instance]));
  // Those that the reference launched do not carry the tag, and some are too new, or gone.
  const missing = vms.map(idOf).filter((id) => !instances.has(id) && !isSpotRequest({ region: ec2.region, id }));
  for (const [id, instance] of await instancesById(ec2, missing, signal)) instances.set(id, instance);

  const changedTypes = new Set(
    vms.flatMap((vm) => {
      const type = instances.get(idOf(vm))?.InstanceType;
      return type === undefined || type === systemOf(vm.info).features.getText('instance_type') ? [] : [type];
    }),
  );
  const view: RegionView = {
    ec2,
    instances,
    spotRequests,
    addresses: vms.some(needsAddresses) ? await listAddresses(ec2, [], signal) : [],
    changedTypes: await typesByName(engine, ec2.region, changedTypes, signal),
    prices: changedTypes.size > 0 ? await readPrices(engine.environment.settings.priceFile) : { find: () => undefined },
  };
  const routed = await addRoutes(engine, ec2, vms, instances, idOf, signal);
  return Promise.all(
    vms.map(async (vm): Promise<Observation> => {
      try {
        return await observation(engine, view, vm, idOf(vm), routed.get(vm.number), signal);
      } catch (error) {
        signal.throwIfAborted();
        return { number: vm.number, ok: false, message: errorText(error) };
      }
    }),
  );
}

async function observation(
  engine: Engine,
  view: RegionView,
  vm: VmReference,
  id: string,
  routed: Radl | undefined,
  signal: AbortSignal,
): Promise<Observation> {
  const { number } = vm;
  const { ec2 } = view;
  const request = view.spotRequests.get(parseRegionalId(vm.providerId).id);
  if (isSpotRequest({ region: ec2.region, id })) {
    return request === undefined
      ? { number, ok: true, cloudState: 'off', reason: `The spot request ${id} is not found in ${ec2.region}.` }
      : {
          number,
          ok: true,
          cloudState: request.cloudState,
          ...(request.reason !== undefined && { reason: request.reason }),
        };
  }
  const instance = view.instances.get(id);
  if (instance === undefined) return notFound(engine, vm, id, ec2.region);
  const cloudState = instanceState(instance);
  let elasticIp: string | undefined;
  if (needsAddresses(vm)) elasticIp = await ensureAddress(engine, ec2, vm, instance, view.addresses, signal);
  const changedType = view.changedTypes.get(instance.InstanceType ?? '');
  const before = routed ?? vm.info;
  const updated =
    cloudState === 'off' || cloudState === 'failed'
      ? routed
      : (observedDocument(engine, before, instance, { elasticIp, changedType, prices: view.prices }, ec2.region) ??
        routed);
  const extra: Record<string, JsonObject[string]> = {};
  if (request?.instanceId !== undefined && vm.extra.instanceId !== request.instanceId)
    extra.instanceId = request.instanceId;
  if (cloudState === 'running') {
    const dnsEntries = await setDnsEntries(engine, vm, updated ?? vm.info, signal);
    if (dnsEntries !== undefined) extra.dnsEntries = dnsEntries;
  }
  return {
    number,
    ok: true,
    cloudState,
    ...(updated !== undefined && { info: updated }),
    ...(Object.keys(extra).length > 0 && { extra: { ...vm.extra, ...extra } }),
    ...(cloudState !== 'running' && cloudState !== 'pending' && { reason: stateReason(instance) }),
  };
}

function notFound(engine: Engine, vm: VmReference, id: string, region: string): Observation {
  const { number, extra, info } = vm;
  const launchTime = systemOf(info).features.getNumber('launch_time');
  const launchedAt = typeof extra.launchedAt === 'number' ? extra.launchedAt : (launchTime ?? 0) * 1000;
  return engine.environment.now() - launchedAt < FRESH_MS
    ? { number, ok: true, cloudState: 'pending' }
    : { number, ok: true, cloudState: 'off', reason: `The instance ${id} is not found in ${region}.` };
}
