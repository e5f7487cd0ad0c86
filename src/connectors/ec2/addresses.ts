// SPDX-License-Identifier: Apache-2.0
// Elastic IPs: the user's fixed one is associated and kept, further ones are allocated and released with the VM (ec2.md §4, §6).
import type { Address, Filter, Instance } from '@aws-sdk/client-ec2';
import { errorText } from '../../domain/index.js';
import { interfaceIp, interfaceNetworks, isPublicNetwork, networkIds } from '../../radl/index.js';
import type { VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { Ec2, Engine } from './engine.js';
import { unlessGone } from './failure.js';
import { ownTags, TAG_OWNER, TAG_VM, tagged, tagValue } from './tags.js';

/** What the request says about public addresses. */
interface WantedAddresses {
  /** Addresses that the user owns. */
  readonly fixed: readonly string[];
  readonly publicInterfaces: number;
}

function wantedAddresses({ requested }: VmReference): WantedAddresses {
  const system = systemOf(requested);
  const isPublic = interfaceNetworks(requested, system).map(
    (network) => network !== undefined && isPublicNetwork(network),
  );
  const fixed = isPublic.flatMap((yes, index) => {
    const ip = yes ? interfaceIp(system, index) : undefined;
    return ip === undefined ? [] : [ip];
  });
  return { fixed, publicInterfaces: isPublic.filter(Boolean).length };
}

/** Does the VM have more to do with elastic IPs than EC2 does by itself? */
export function needsAddresses(vm: VmReference): boolean {
  const { fixed, publicInterfaces } = wantedAddresses(vm);
  return fixed.length > 0 || publicInterfaces > 1;
}

/** Elastic IPs of the account. One page is all that EC2 gives. */
export async function listAddresses(
  ec2: Ec2,
  filters: readonly Filter[],
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const { Addresses = [] } = await ec2.call(
    'describeAddresses',
    { ...(filters.length > 0 && { Filters: [...filters] }) },
    signal,
  );
  return Addresses;
}

/**
 * Gives a running VM its elastic IP, one at most: the fixed one when the account has it, else one that is allocated when the request has
 * more public interfaces than EC2 gives addresses.
 * @param addresses all of the account
 * @returns the address, or undefined when the VM has none
 */
export async function ensureAddress(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  instance: Instance,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const own = addresses.find((address) => isOf(address, instance));
  if (own !== undefined) return own.PublicIp;
  if (instance.State?.Name !== 'running') return undefined;
  const [fixed] = wantedAddresses(vm).fixed;
  // Two readers may look at the same time; one address is enough.
  const key = `${engine.account.key} address ${vm.infrastructureId} ${vm.number}`;
  try {
    return await engine.shared.creation.run(
      key,
      () =>
        fixed === undefined
          ? giveAllocated(ec2, vm, instance, signal)
          : giveFixed(engine, ec2, vm, fixed, instance, addresses, signal),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    // The VM works without it; the next look tries again. What was allocated carries the VM's tags and is released with it.
    engine.environment.logger.warn(`The elastic IP of VM ${vm.number} cannot be set: ${errorText(error)}`, {
      infId: vm.infrastructureId,
    });
    return undefined;
  }
}

const isOf = (address: Address, { InstanceId = '' }: Instance): boolean =>
  InstanceId !== '' && address.InstanceId === InstanceId;

/** The address that the user owns and names. */
async function giveFixed(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  ip: string,
  instance: Instance,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const address = addresses.find(({ PublicIp }) => PublicIp === ip);
  if (address === undefined) {
    engine.environment.logger.warn(`Setting a fixed IP NOT ALLOCATED! (${ip}). Ignore it.`, {
      infId: vm.infrastructureId,
      vmId: vm.number,
    });
    return undefined;
  }
  await associate(ec2, address, instance, signal);
  return ip;
}

/** One more address for a VM that has more public interfaces than EC2 gave it addresses. */
async function giveAllocated(
  ec2: Ec2,
  vm: VmReference,
  instance: Instance,
  signal: AbortSignal,
): Promise<string | undefined> {
  const given = instance.PublicIpAddress === undefined ? 0 : 1;
  if (wantedAddresses(vm).publicInterfaces <= given) return undefined;
  const address = await allocated(ec2, vm, signal);
  if (!isOf(address, instance)) await associate(ec2, address, instance, signal);
  return address.PublicIp;
}

/** The address that was allocated for the VM before, or a new one: the tags that find it are set by the allocating call itself. */
async function allocated(ec2: Ec2, vm: VmReference, signal: AbortSignal): Promise<Address> {
  const [known] = await listAddresses(ec2, ownFilters(vm), signal);
  if (known !== undefined) return known;
  const Tags = [...ownTags(vm.infrastructureId, vm.number)];
  return ec2.call(
    'allocateAddress',
    { Domain: 'vpc', TagSpecifications: [{ ResourceType: 'elastic-ip', Tags }] },
    signal,
  );
}

function ownFilters({ infrastructureId, number }: VmReference): readonly Filter[] {
  return [tagged(TAG_OWNER, infrastructureId), tagged(TAG_VM, String(number))];
}

async function associate(
  ec2: Ec2,
  { AllocationId }: Address,
  { InstanceId }: Instance,
  signal: AbortSignal,
): Promise<void> {
  await ec2.call('associateAddress', { AllocationId, InstanceId, AllowReassociation: false }, signal);
}

/**
 * Addresses that the reference allocated for its machine, without tags: what the machine has and the request does not name. Asked for before
 * the machine is terminated, since EC2 takes them off it then; one that is free already is known by the last address of the VM.
 */
export async function untaggedAddresses(
  ec2: Ec2,
  vm: VmReference,
  instanceId: string,
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const { fixed } = wantedAddresses(vm);
  const system = systemOf(vm.info);
  const last = new Set(networkIds(system).map((_, index) => interfaceIp(system, index)));
  return (await listAddresses(ec2, [], signal)).filter(
    ({ InstanceId = '', NetworkInterfaceId = '', PublicIp = '', Tags }) =>
      !fixed.includes(PublicIp) &&
      tagValue(Tags, TAG_OWNER) === '' &&
      (InstanceId === instanceId || (InstanceId === '' && NetworkInterfaceId === '' && last.has(PublicIp))),
  );
}

/**
 * Releases what was allocated for the VM. The user's fixed addresses stay, free again.
 * @param more addresses to release besides those that carry the VM's tags
 */
export async function releaseAddresses(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  more: readonly Address[],
  signal: AbortSignal,
): Promise<void> {
  const own = needsAddresses(vm) ? await listAddresses(ec2, ownFilters(vm), signal) : [];
  const { fixed } = wantedAddresses(vm);
  for (const { AllocationId, AssociationId, PublicIp = '' } of [...own, ...more]) {
    if (AllocationId === undefined || fixed.includes(PublicIp)) continue;
    if (AssociationId !== undefined && AssociationId !== '')
      await unlessGone(ec2.call('disassociateAddress', { AssociationId }, signal));
    await unlessGone(ec2.call('releaseAddress', { AllocationId }, signal));
    engine.environment.logger.debug(`Elastic IP ${PublicIp} of VM ${vm.number} is released.`, {
      infId: vm.infrastructureId,
    });
  }
}
