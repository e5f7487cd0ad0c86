// SPDX-License-Identifier: Apache-2.0
// Elastic IPs: the user's fixed one is associated and kept, further ones are allocated and released with the VM (ec2.md §4, §6).
import type { Address, Filter, Instance } from '@aws-sdk/client-ec2';
import { errorText } from '../../domain/index.js';
import { interfaceIp, interfaceNetworks, isPublicNetwork } from '../../radl/index.js';
import type { VmReference } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import type { Ec2, Engine } from './engine.js';
import { unlessGone } from './failure.js';
import { ownTags, TAG_LAUNCH, TAG_OWNER, TAG_VM, tagged, tagValue } from './tags.js';

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
export function ensureAddress(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  instance: Instance,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<string | undefined> {
  // Two readers may look at the same time; one address is enough.
  const key = `${engine.account.key} address ${vm.infrastructureId} ${vm.number}`;
  return engine.shared.creation.run(key, () => ensure(engine, ec2, vm, instance, addresses, signal), signal);
}

async function ensure(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  instance: Instance,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const { InstanceId = '' } = instance;
  const own = addresses.find((address) => address.InstanceId === InstanceId && InstanceId !== '');
  if (own !== undefined) return own.PublicIp;
  if (instance.State?.Name !== 'running') return undefined;
  const { fixed, publicInterfaces } = wantedAddresses(vm);
  try {
    const [ip] = fixed;
    if (ip !== undefined) {
      const address = addresses.find(({ PublicIp }) => PublicIp === ip);
      if (address === undefined) {
        engine.environment.logger.warn(`Setting a fixed IP NOT ALLOCATED! (${ip}). Ignore it.`, {
          infId: vm.infrastructureId,
          vmId: vm.number,
        });
        return undefined;
      }
      await associate(ec2, address, InstanceId, signal);
      return ip;
    }
    const given = instance.PublicIpAddress === undefined ? 0 : 1;
    if (publicInterfaces <= given) return undefined;
    const address = await allocated(ec2, vm, signal);
    if (address.InstanceId !== InstanceId) await associate(ec2, address, InstanceId, signal);
    return address.PublicIp;
  } catch (error) {
    signal.throwIfAborted();
    // The VM works without it; the next look tries again. What was allocated carries the VM's tags and is released with it.
    engine.environment.logger.warn(`The elastic IP of VM ${vm.number} cannot be set: ${errorText(error)}`, {
      infId: vm.infrastructureId,
    });
    return undefined;
  }
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

async function associate(ec2: Ec2, { AllocationId }: Address, InstanceId: string, signal: AbortSignal): Promise<void> {
  await ec2.call('associateAddress', { AllocationId, InstanceId, AllowReassociation: false }, signal);
}

/** Releases what was allocated for the VM. The user's fixed addresses stay, free again. */
export async function releaseAddresses(
  engine: Engine,
  ec2: Ec2,
  vm: VmReference,
  instanceId: string,
  signal: AbortSignal,
): Promise<void> {
  const isOurs = typeof vm.extra.token === 'string';
  if (isOurs && !needsAddresses(vm)) return;
  const found = await listAddresses(
    ec2,
    isOurs ? ownFilters(vm) : [{ Name: 'instance-id', Values: [instanceId] }],
    signal,
  );
  const { fixed } = wantedAddresses(vm);
  for (const { AllocationId, AssociationId, PublicIp = '', Tags } of found) {
    // The reference allocated without tags: what its machine has and the request does not name was allocated for it.
    const isAllocated =
      tagValue(Tags, TAG_OWNER) === vm.infrastructureId || (!isOurs && tagValue(Tags, TAG_LAUNCH) === '');
    if (AllocationId === undefined || fixed.includes(PublicIp) || !isAllocated) continue;
    if (AssociationId !== undefined && AssociationId !== '')
      await unlessGone(ec2.call('disassociateAddress', { AssociationId }, signal));
    await unlessGone(ec2.call('releaseAddress', { AllocationId }, signal));
    engine.environment.logger.debug(`Elastic IP ${PublicIp} of VM ${vm.number} is released.`, {
      infId: vm.infrastructureId,
    });
  }
}
