// SPDX-License-Identifier: Apache-2.0
// Deletes what was made for the networks of an infrastructure (ec2.md §6).
import type { Ec2 } from './engine.js';
import { isNotFound, unlessCode, unlessGone } from './failure.js';
import { untilDeleted } from './patience.js';

/** Deletes a subnet, waiting for machines that are still shutting down. */
export function removeSubnet(ec2: Ec2, id: string, signal: AbortSignal): Promise<void> {
  return untilDeleted(`subnet ${id}`, signal, () => ec2.call('deleteSubnet', { SubnetId: id }, signal));
}

/** Detaches and deletes a gateway. */
export async function removeGateway(ec2: Ec2, id: string, signal: AbortSignal): Promise<void> {
  let attachments: readonly { readonly VpcId?: string | undefined }[] = [];
  try {
    const { InternetGateways: [gateway] = [] } = await ec2.call(
      'describeInternetGateways',
      { InternetGatewayIds: [id] },
      signal,
    );
    attachments = gateway?.Attachments ?? [];
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  for (const { VpcId } of attachments) {
    await untilDeleted(`gateway ${id}`, signal, async () => {
      await unlessCode('Gateway.NotAttached', () =>
        ec2.call('detachInternetGateway', { InternetGatewayId: id, VpcId }, signal),
      );
    });
  }
  await unlessGone(ec2.call('deleteInternetGateway', { InternetGatewayId: id }, signal));
}

/** Deletes a VPC. */
export function removeVpc(ec2: Ec2, id: string, signal: AbortSignal): Promise<void> {
  return untilDeleted(`VPC ${id}`, signal, () => ec2.call('deleteVpc', { VpcId: id }, signal));
}
