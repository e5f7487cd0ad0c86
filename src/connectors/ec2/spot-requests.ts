// SPDX-License-Identifier: Apache-2.0
// Spot requests that the reference left as VMs: followed until they have an instance (ec2.md §4). Ours are instances from the beginning.
import type { CloudState } from '../../domain/index.js';
import type { Ec2 } from './engine.js';

/** What has become of a spot request. */
export interface SpotRequest {
  readonly instanceId: string | undefined;
  readonly cloudState: CloudState;
  readonly reason?: string;
}

/** Spot requests by their ids; unknown ones are absent. */
export async function fulfilledRequests(
  ec2: Ec2,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SpotRequest>> {
  if (ids.length === 0) return new Map();
  const { SpotInstanceRequests = [] } = await ec2.call(
    'describeSpotInstanceRequests',
    { Filters: [{ Name: 'spot-instance-request-id', Values: [...ids] }] },
    signal,
  );
  return new Map(
    SpotInstanceRequests.map(({ SpotInstanceRequestId = '', InstanceId, State = '', Status }) => {
      const hasEnded = State === 'failed' || State === 'closed' || State === 'cancelled';
      const detail = Status?.Message ?? Status?.Code ?? '';
      return [
        SpotInstanceRequestId,
        {
          instanceId: InstanceId,
          cloudState: InstanceId === undefined && hasEnded ? 'failed' : 'pending',
          ...(hasEnded && {
            reason: `The spot request ${SpotInstanceRequestId} is ${State}${detail === '' ? '' : ` (${detail})`}.`,
          }),
        } satisfies SpotRequest,
      ] as const;
    }),
  );
}

/** Ids of the spot requests that an instance fulfils. */
export async function requestsOf(ec2: Ec2, instanceId: string, signal: AbortSignal): Promise<readonly string[]> {
  const { SpotInstanceRequests = [] } = await ec2.call(
    'describeSpotInstanceRequests',
    { Filters: [{ Name: 'instance-id', Values: [instanceId] }] },
    signal,
  );
  return SpotInstanceRequests.flatMap(({ SpotInstanceRequestId }) => SpotInstanceRequestId ?? []);
}
