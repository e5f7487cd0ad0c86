// SPDX-License-Identifier: Apache-2.0
// Changing a VM: its size, further disks, the outports of its networks (ec2.md §5). Safe to run again after a crash at any point.
import type { Instance } from '@aws-sdk/client-ec2';
import { errorText, ImError } from '../../domain/index.js';
import {
  Features,
  interfaceNetworks,
  type Network,
  networkOutports,
  type Radl,
  type System,
} from '../../radl/index.js';
import { DeadlineError } from '../../util/deadline.js';
import type { AlterResult, ResourceRecorder, VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { readPrices } from '../shared/prices.js';
import { chooseType, NO_INSTANCE_TYPE, writeType } from './choose-type.js';
import { namedDevices, planDisks } from './disks.js';
import type { Ec2, Engine } from './engine.js';
import { instanceTypes } from './instance-types.js';
import { instanceById } from './instances.js';
import { untilState } from './power.js';
import { changeOutports } from './security-groups.js';
import { isGone } from './states.js';
import { instanceOf } from './vm-id.js';
import { addVolume } from './volumes.js';

const SIZES = ['cpu.count', 'memory.size', 'gpu.count', 'disks.free_size'] as const;
const MOST_DISKS = 15;

/** Changes a VM towards the given system; what the request does not mention stays, or grows with the instance type. */
export async function alter(
  engine: Engine,
  vm: VmReference,
  wanted: System,
  signal: AbortSignal,
  networks: readonly Network[],
  resources: ResourceRecorder | undefined,
): Promise<AlterResult> {
  const { region, id } = instanceOf(vm);
  const ec2 = engine.clients.ec2(region);
  const instance = await instanceById(ec2, id, signal);
  if (instance === undefined || isGone(instance)) throw new ImError('provider', 'The instance has not been found');
  const info = vm.info.clone();
  await resize(engine, ec2, vm, info, wanted, instance, signal);
  await addDisks(ec2, vm, info, wanted, instance, resources, signal);
  for (const network of networks) await changeNetwork(ec2, vm, info, network, instance, signal);
  return { info };
}

/** What the new type has to fit: the wish, and for the rest at least what is there. */
function requirements(present: Features, wanted: Features): Features | undefined {
  const needed = new Features();
  const arch = present.getText('cpu.arch');
  if (arch !== undefined) needed.setText('cpu.arch', arch);
  const type = wanted.getText('instance_type') ?? '';
  if (type !== '') {
    needed.setText('instance_type', type);
    return needed;
  }
  if (!SIZES.some((property) => wanted.has(property))) return undefined;
  for (const property of SIZES) {
    const slot = wanted.slot(property);
    const feature = present.feature(property);
    if (slot !== undefined) needed.putSlot(property, slot);
    else if (feature?.kind === 'simple') needed.add({ ...feature, operator: '>=' });
  }
  return needed;
}

async function resize(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  info: Radl,
  wanted: System,
  instance: Instance,
  signal: AbortSignal,
): Promise<void> {
  const { features } = systemOf(info);
  const needed = requirements(features, wanted.features);
  if (needed === undefined) return;
  const prices = await readPrices(engine.environment.settings.priceFile);
  const types = await instanceTypes(engine, ec2.region, signal);
  const present = types.filter(({ name }) => name === instance.InstanceType);
  // A type that fits stays: changing it stops the machine.
  const type = chooseType(needed, present, prices, ec2.region) ?? chooseType(needed, types, prices, ec2.region);
  if (type === undefined) throw new ImError('provider', NO_INSTANCE_TYPE);
  const id = instance.InstanceId ?? '';
  if (type.name !== instance.InstanceType) await changeType(ec2, id, type.name, instance, signal);
  // Also what an interrupted try had stopped.
  const isToRun = vm.cloudState !== 'stopped';
  if (isToRun && (await instanceById(ec2, id, signal))?.State?.Name !== 'running') {
    await ec2.call('startInstances', { InstanceIds: [id] }, signal);
    await untilState(ec2, id, 'running', signal);
  }
  writeType(features, type, prices, ec2.region, false);
}

async function changeType(ec2: Ec2, id: string, type: string, instance: Instance, signal: AbortSignal): Promise<void> {
  if (instance.State?.Name !== 'stopped') {
    await ec2.call('stopInstances', { InstanceIds: [id] }, signal);
    try {
      await untilState(ec2, id, 'stopped', signal);
    } catch (error) {
      if (error instanceof DeadlineError)
        throw new ImError('provider', `Error stopping instance: ${id}`, { cause: error });
      throw error;
    }
  }
  try {
    await ec2.call('modifyInstanceAttribute', { InstanceId: id, InstanceType: { Value: type } }, signal);
  } catch (error) {
    signal.throwIfAborted();
    // It was running: a refused change must not leave it stopped.
    if (instance.State?.Name === 'running') {
      await ec2.call('startInstances', { InstanceIds: [id] }, signal).catch((second: unknown) => {
        throw new ImError(
          'provider',
          `${errorText(error)} The instance could not be started again: ${errorText(second)}`,
        );
      });
    }
    throw error;
  }
}

/** Disks of the request that the VM does not have yet. */
async function addDisks(
  ec2: Ec2,
  vm: VmReference,
  info: Radl,
  wanted: System,
  instance: Instance,
  resources: ResourceRecorder | undefined,
  signal: AbortSignal,
): Promise<void> {
  const system = systemOf(info);
  const isNew = (index: number): boolean =>
    ['size', 'image.url'].some((property) => wanted.features.has(`disk.${index}.${property}`)) &&
    !['size', 'image.url'].some((property) => system.features.has(`disk.${index}.${property}`));
  for (let index = 1; index <= MOST_DISKS; index += 1) {
    if (!isNew(index)) continue;
    for (const name of wanted.features.names()) {
      const slot = name.startsWith(`disk.${index}.`) ? wanted.features.slot(name) : undefined;
      if (slot !== undefined) system.features.putSlot(name, slot);
    }
    const { disks } = await planDisks(ec2, system, {}, signal);
    const disk = disks.find((candidate) => candidate.index === index);
    if (disk === undefined)
      throw new ImError('provider', `disk.${index} leaves a gap: number the disks one after the other.`);
    const device = namedDevices(system).take(index);
    const volumeId =
      disk.volumeId === undefined
        ? await addVolume(ec2, vm, instance, { ...disk, device }, resources, signal)
        : await attachOwn(ec2, disk.volumeId, instance, device, signal);
    system.features.setText(`disk.${index}.device`, device.replace('/dev/', ''));
    system.features.setText(`disk.${index}.provider_id`, volumeId);
    if (disk.volumeId === undefined) system.features.setText(`disk.${index}.type`, disk.type);
  }
}

async function attachOwn(
  ec2: Ec2,
  volumeId: string,
  instance: Instance,
  device: string,
  signal: AbortSignal,
): Promise<string> {
  const { Volumes: [volume] = [] } = await ec2.call('describeVolumes', { VolumeIds: [volumeId] }, signal);
  if (!volume?.Attachments?.some(({ InstanceId }) => InstanceId === instance.InstanceId)) {
    await ec2.call('attachVolume', { VolumeId: volumeId, InstanceId: instance.InstanceId, Device: device }, signal);
  }
  return volumeId;
}

/** New outports of a network that the VM is connected to. They count for all machines of the network. */
async function changeNetwork(
  ec2: Ec2,
  vm: VmReference,
  info: Radl,
  network: Network,
  instance: Instance,
  signal: AbortSignal,
): Promise<void> {
  const present = interfaceNetworks(info, systemOf(info)).find((candidate) => candidate?.id === network.id);
  const outports = network.features.getText('outports');
  if (present === undefined || outports === undefined || outports === (present.features.getText('outports') ?? ''))
    return;
  networkOutports(network);
  const after: Network = { ...present, features: present.features.clone() };
  after.features.setText('outports', outports);
  await changeOutports(ec2, vm.infrastructureId, instance.VpcId ?? '', present, after, signal);
  present.features.setText('outports', outports);
}
