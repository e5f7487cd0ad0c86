// SPDX-License-Identifier: Apache-2.0
// Which cloud a launch group goes to: the one it names, else the one with the highest total score (core.md §11).
import { badRequest } from '../domain/index.js';
import type { LaunchGroup } from './launch-groups.js';

/** Score of a system in a cloud; IMPOSSIBLE_SCORE when the cloud cannot serve it. */
export type ScoreLookup = (cloudId: string, systemName: string) => number;

/**
 * Chooses the cloud of a group.
 * @param cloudIds clouds of the call in their order
 * @throws ImError `bad-request` with the texts of core.md §11
 */
export function chooseCloud(group: LaunchGroup, cloudIds: readonly string[], score: ScoreLookup): string {
  const named = new Set(group.flatMap(({ deploy }) => (deploy.cloudId === undefined ? [] : [deploy.cloudId])));
  if (named.size > 1) {
    const deploys = group
      .filter(({ deploy }) => deploy.cloudId !== undefined)
      .map(({ deploy }) => `deploy ${deploy.system} ${deploy.count} ${deploy.cloudId}`)
      .join(', ');
    throw badRequest(
      `Two deployments that have to be launched in the same cloud provider are asked to be deployed in different cloud providers: ${deploys}`,
    );
  }
  const [only] = named;
  if (only !== undefined) {
    if (!cloudIds.includes(only)) {
      throw badRequest(`No auth data for cloud with ID: ${only}`);
    }
    return only;
  }
  let best: string | undefined;
  let bestTotal = Number.NEGATIVE_INFINITY;
  for (const cloudId of cloudIds) {
    const total = group.reduce(
      (sum, { deploy, count }) => sum + (count === 0 ? 1 : count * score(cloudId, deploy.system)),
      0,
    );
    if (total > bestTotal) {
      best = cloudId;
      bestTotal = total;
    }
  }
  if (best === undefined) {
    throw badRequest('No cloud provider available');
  }
  return best;
}
