// SPDX-License-Identifier: Apache-2.0
// Deleting a security group, which machines may still use (ec2.md §6).
import type { Instance } from '@aws-sdk/client-ec2';
import { allPages } from './client.js';
import type { Ec2, Engine } from './engine.js';
import { instancesById, terminate } from './instances.js';
import { untilDeleted } from './patience.js';
import { isGone } from './states.js';
import { TAG_OWNER, tagValue } from './tags.js';
import { regionalId } from './vm-id.js';

/** The group to delete, and the provider ids of the VMs that its infrastructure still has. */
export interface GroupToRemove {
  readonly infrastructureId: string;
  readonly name: string;
  readonly id: string;
  readonly living: ReadonlySet<string>;
}

/** Looks that must see a machine of others: EC2 may show one that was just terminated as running for some seconds. */
const LOOKS_AT_OTHERS = 5;

/**
 * Deletes a group, waiting for machines that are still shutting down. A machine of ours that uses it and that nobody knows any more is
 * terminated; a living one and one of somebody else keep the group (`sg_name` may be shared).
 */
export async function removeGroup(
  engine: Engine,
  ec2: Ec2,
  { infrastructureId, name, id, living }: GroupToRemove,
  signal: AbortSignal,
): Promise<void> {
  let looks = 0;
  await untilDeleted(
    `security group ${name}`,
    signal,
    () => ec2.call('deleteSecurityGroup', { GroupId: id }, signal),
    async () => {
      const users = await machinesIn(ec2, id, signal);
      const leftOver = users.filter(
        ({ Tags, InstanceId = '' }) =>
          tagValue(Tags, TAG_OWNER) === infrastructureId && !living.has(regionalId(ec2.region, InstanceId)),
      );
      for (const { InstanceId = '' } of leftOver) {
        engine.environment.logger.warn(`Instance ${InstanceId} was left over; it is terminated.`, {
          infId: infrastructureId,
        });
        await terminate(ec2, InstanceId, signal);
      }
      looks = users.length === leftOver.length ? 0 : looks + 1;
      if (looks < LOOKS_AT_OTHERS) return undefined;
      engine.environment.logger.warn(`Security group ${name} is used by other machines and stays.`, {
        infId: infrastructureId,
      });
      return 'give-up';
    },
  );
}

/** Machines that are up with an interface in the group. */
async function machinesIn(ec2: Ec2, groupId: string, signal: AbortSignal): Promise<readonly Instance[]> {
  const interfaces = await allPages(async (NextToken) => {
    const { NetworkInterfaces = [], NextToken: next } = await ec2.call(
      'describeNetworkInterfaces',
      { Filters: [{ Name: 'group-id', Values: [groupId] }], ...(NextToken !== undefined && { NextToken }) },
      signal,
    );
    return { items: NetworkInterfaces, next };
  });
  const ids = interfaces.flatMap(({ Attachment }) =>
    Attachment?.InstanceId === undefined ? [] : [Attachment.InstanceId],
  );
  const machines = await instancesById(ec2, [...new Set(ids)], signal);
  return [...machines.values()].filter((instance) => !isGone(instance));
}
