// SPDX-License-Identifier: Apache-2.0
// Altering a machine: size, disks, public address, open ports; in this order, and only what the request names (openstack.md §7).
import { errorText, ImError } from '../../domain/index.js';
import {
  createNetwork,
  type Features,
  interfaceCount,
  isPublicNetwork,
  type Network,
  networkIds,
  type Radl,
  removeInterface,
  type System,
} from '../../radl/index.js';
import { DeadlineError } from '../../util/deadline.js';
import type { AlterResult, ResourceRecorder, VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { chooseFlavor, flavorsOf, flavorWish, writeFlavor } from './flavors.js';
import { ensureFloatingIp, isMadeFor, releaseFloatingIp } from './floating-ips.js';
import { imageUrl } from './image-url.js';
import { publicInterfaces } from './observe.js';
import { existing, untilServer } from './power.js';
import { alterSecurityGroups } from './security-groups.js';
import type { Site } from './site.js';
import type { ServerView } from './views.js';
import { decodeExtra, encodeExtra, reusedAddresses, type VmExtra } from './vm-extra.js';
import { addDisk } from './volumes.js';

const START_TIMEOUT_MS = 120_000;
const RESIZE_TIMEOUT_MS = 120_000;

/** The request of an alter. */
export interface AlterRequest {
  readonly wanted: System;
  /** Networks that the request defines. */
  readonly networks: readonly Network[];
  readonly resources: ResourceRecorder;
  readonly signal: AbortSignal;
}

/** See the top of the file. @throws ImError `provider` with the first failure; what was done before it stays done */
export async function alter(site: Site, vm: VmReference, request: AlterRequest): Promise<AlterResult> {
  const { wanted, networks, signal } = request;
  const info = vm.info.clone();
  const before = decodeExtra(vm.extra);
  await existing(site, vm, signal);
  const server = await untilServer(site, vm, signal, ({ status }) => status !== 'BUILD', START_TIMEOUT_MS);
  await resize(site, vm, info, server, wanted.features, signal);
  const volumes = await addDisks(site, vm, info, server, request);
  const extra = await changePublicAddress(
    site,
    vm,
    info,
    { ...before, volumes: [...before.volumes, ...volumes] },
    request,
  );
  await alterPorts(site, vm, info, networks, signal);
  return { info, extra: encodeExtra(extra, vm.extra) };
}

const SIZES = ['cpu.count', 'memory.size', 'gpu.count', 'disks.free_size', 'instance_type'];

/** A new flavor. What the request does not mention stays at least as it is. */
async function resize(
  site: Site,
  vm: VmReference,
  info: Radl,
  server: ServerView,
  wanted: Features,
  signal: AbortSignal,
): Promise<void> {
  if (!SIZES.some((name) => wanted.has(name))) return;
  const { features } = systemOf(info);
  const wish = features.clone();
  wish.delete('instance_type');
  for (const name of ['cpu.count', 'memory.size']) atLeast(wish, name);
  for (const name of SIZES) {
    const feature = wanted.feature(name);
    if (feature !== undefined) wish.replace(feature);
    const interval = wanted.getInterval(name);
    if (interval?.lower !== undefined && interval.upper !== undefined && interval.lower !== interval.upper) {
      wish.putSlot(name, { kind: 'number', interval });
    }
  }
  const flavor = chooseFlavor(await flavorsOf(site, signal), wish);
  if (flavor === undefined) {
    throw new ImError('provider', `Error resizing VM: No instance type found. (${flavorWish(wish)})`);
  }
  if (flavor.name === server.size.flavorName || flavor.id === server.size.flavorId) return;
  try {
    await site.nova.action(server.id, { resize: { flavorRef: flavor.id } }, signal);
    await untilResized(site, vm, signal);
    await site.nova.action(server.id, { confirmResize: null }, signal);
    await untilServer(site, vm, signal, ({ vmState, taskState }) => vmState !== 'resized' && taskState === '');
  } catch (error) {
    signal.throwIfAborted();
    throw new ImError('provider', `Error resizing VM: ${errorText(error)}`, { cause: error });
  }
  writeFlavor(features, flavor);
}

function atLeast(features: Features, name: string): void {
  const feature = features.feature(name);
  if (feature === undefined || typeof feature.value === 'string' || typeof feature.value === 'object') return;
  features.replace({ ...feature, operator: '>=' });
}

async function untilResized(site: Site, vm: VmReference, signal: AbortSignal): Promise<void> {
  let state = '';
  try {
    await untilServer(
      site,
      vm,
      signal,
      ({ vmState, status, faultMessage, taskState }) => {
        state = vmState;
        if (status === 'ERROR') throw new ImError('provider', faultMessage === '' ? 'the server failed' : faultMessage);
        if (taskState !== '') return false;
        if (vmState === 'resized') return true;
        // Back where it was, with nothing going on: the provider gave up.
        throw new ImError(
          'provider',
          `Resize cannot be confirmed. VM state: ${vmState}. The cloud has no room for that size now, or not for that flavor.`,
        );
      },
      RESIZE_TIMEOUT_MS,
    );
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    throw new ImError('provider', `Resize cannot be confirmed. VM state: ${state}`, { cause: error });
  }
}

/** The disks of the request that the machine does not have yet. @returns ids of their volumes */
async function addDisks(
  site: Site,
  vm: VmReference,
  info: Radl,
  server: ServerView,
  { wanted, resources, signal }: AlterRequest,
): Promise<readonly string[]> {
  const { features } = systemOf(info);
  let disk = 1;
  while (features.has(`disk.${disk}.size`) || features.has(`disk.${disk}.image.url`)) disk += 1;
  const made: string[] = [];
  for (; wanted.features.has(`disk.${disk}.size`); disk += 1) {
    const volume = await addDisk(site, vm, server, wanted, disk, resources, signal);
    made.push(volume.id);
    features.setInteger(`disk.${disk}.size`, volume.sizeGb, 'G');
    features.setText(`disk.${disk}.image.url`, imageUrl(site.cloud, volume.id));
    features.setText(`disk.${disk}.device`, volume.device.slice(volume.device.lastIndexOf('/') + 1));
    if (volume.type !== '') features.setText(`disk.${disk}.type`, volume.type);
  }
  return made;
}

/** Gives or takes the public address, when the request names interfaces at all. */
async function changePublicAddress(
  site: Site,
  vm: VmReference,
  info: Radl,
  extra: VmExtra,
  request: AlterRequest,
): Promise<VmExtra> {
  const { wanted, networks } = request;
  const ids = networkIds(wanted);
  if (ids.length === 0) return extra;
  const wantedPublic = ids
    .flatMap((id) => networks.find((network) => network.id === id) ?? info.getNetwork(id) ?? [])
    .filter(isPublicNetwork);
  const present = publicInterfaces(info);
  if (wantedPublic.length > 0 && present.length === 0) {
    return addPublicAddress(site, vm, info, extra, wantedPublic.at(-1), request);
  }
  return wantedPublic.length === 0 && present.length > 0 ? dropPublicAddress(site, vm, info, extra, request) : extra;
}

async function addPublicAddress(
  site: Site,
  vm: VmReference,
  info: Radl,
  extra: VmExtra,
  model: Network | undefined,
  { wanted, resources, signal }: AlterRequest,
): Promise<VmExtra> {
  const system = systemOf(info);
  const network = model ?? createNetwork('public', true);
  const interfaceIndex = interfaceCount(system);
  const [portId] = await portsOf(site, vm, extra, signal);
  if (portId === undefined)
    throw new ImError('provider', 'Error adding a floating IP: the machine has no network card.');
  const wantedIndex = networkIds(wanted).indexOf(network.id);
  const pool = network.features.getText('provider_id') ?? '';
  try {
    await ensureFloatingIp(
      site,
      {
        infrastructureId: vm.infrastructureId,
        vmNumber: vm.number,
        token: `${vm.infrastructureId}-${vm.number}-a-${interfaceIndex}`,
        portId,
      },
      { interfaceIndex, pool, fixedIp: wanted.features.getText(`net_interface.${wantedIndex}.ip`) ?? '' },
      resources,
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    throw new ImError('provider', `Error adding a floating IP: ${errorText(error)}`, { cause: error });
  }
  if (info.getNetwork(network.id) === undefined) info.add({ ...network, features: network.features.clone() });
  system.features.setText(`net_interface.${interfaceIndex}.connection`, network.id);
  return extra;
}

/** Addresses that we made are deleted, the user's only detached. */
async function dropPublicAddress(
  site: Site,
  vm: VmReference,
  info: Radl,
  extra: VmExtra,
  { signal }: AlterRequest,
): Promise<VmExtra> {
  const ports = await portsOf(site, vm, extra, signal);
  const floatingIps = ports.length === 0 ? [] : await site.neutron.floatingIps({ port_id: ports }, signal);
  const reused = new Set(reusedAddresses(vm.extra));
  for (const floatingIp of floatingIps) {
    try {
      const isOurs =
        isMadeFor(floatingIp, vm.infrastructureId) || (extra.ports.length === 0 && !reused.has(floatingIp.address));
      await releaseFloatingIp(site, floatingIp, isOurs, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new ImError(
        'provider',
        `Error detaching IP ${floatingIp.address} from node ${vm.providerId}: ${errorText(error)}`,
        { cause: error },
      );
    }
  }
  for (const index of [...publicInterfaces(info)].reverse()) removeInterface(systemOf(info), index);
  const { floatingIp: _missing, ...rest } = extra;
  return rest;
}

async function portsOf(site: Site, vm: VmReference, extra: VmExtra, signal: AbortSignal): Promise<readonly string[]> {
  const present = (await site.neutron.ports({ device_id: vm.providerId }, signal)).map(({ id }) => id);
  // In the order of the launch: the first card is the one that floating IPs lead to.
  return [...extra.ports.filter((id) => present.includes(id)), ...present.filter((id) => !extra.ports.includes(id))];
}

/** Opens and closes ports of the networks that the request defines and the machine stands in. */
async function alterPorts(
  site: Site,
  vm: VmReference,
  info: Radl,
  networks: readonly Network[],
  signal: AbortSignal,
): Promise<void> {
  const changed: Network[] = [];
  for (const id of networkIds(systemOf(info))) {
    const network = info.getNetwork(id);
    const outports = networks.find((candidate) => candidate.id === id)?.features.getText('outports');
    if (network === undefined || outports === undefined) continue;
    if (outports === '') network.features.delete('outports');
    else network.features.setText('outports', outports);
    changed.push(network);
  }
  await alterSecurityGroups(site, vm.infrastructureId, changed, signal);
}
