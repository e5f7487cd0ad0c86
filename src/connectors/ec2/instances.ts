// SPDX-License-Identifier: Apache-2.0
// Instances at EC2: listing them, finding those of a launch, terminating one.
import type { Filter, Instance } from '@aws-sdk/client-ec2';
import { sleep } from '../../util/deadline.js';
import type { LookUpPatience, ProviderVm } from '../connector.js';
import { allPages } from './client.js';
import { CONSISTENCY_WINDOW_MS, type Ec2, type Engine } from './engine.js';
import { unlessGone } from './failure.js';
import { TAG_LAUNCH, TAG_OWNER, tagged, tagValue } from './tags.js';
import { regionalId } from './vm-id.js';

const PAGE_SIZE = 1_000;
/** Values that one filter takes. */
const MOST_VALUES = 200;
/** States of instances that still count; the others are as good as gone. */
const LIVING: Filter = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] };

/** All instances that the filters leave; unknown ids are simply absent. */
export function listInstances(ec2: Ec2, filters: readonly Filter[], signal: AbortSignal): Promise<readonly Instance[]> {
  return allPages(async (NextToken) => {
    const { Reservations = [], NextToken: next } = await ec2.call(
      'describeInstances',
      { Filters: [...filters], MaxResults: PAGE_SIZE, ...(NextToken !== undefined && { NextToken }) },
      signal,
    );
    return { items: Reservations.flatMap(({ Instances = [] }) => Instances), next };
  });
}

/** Instances by their ids; those that EC2 does not (or not yet) know are absent. */
export async function instancesById(
  ec2: Ec2,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Instance>> {
  const found = new Map<string, Instance>();
  for (let first = 0; first < ids.length; first += MOST_VALUES) {
    const Values = ids.slice(first, first + MOST_VALUES);
    for (const instance of await listInstances(ec2, [{ Name: 'instance-id', Values }], signal)) {
      found.set(instance.InstanceId ?? '', instance);
    }
  }
  return found;
}

/** One instance. */
export async function instanceById(ec2: Ec2, id: string, signal: AbortSignal): Promise<Instance | undefined> {
  return (await instancesById(ec2, [id], signal)).get(id);
}

const LOOK_INTERVAL_MS = 1_000;

/**
 * Which tokens of an infrastructure have an instance in the region. What a create call made may be shown only a minute later, so what is
 * missing is looked for again until a minute has passed since the last create call that could have made it: one of this process, or one
 * of the process before.
 */
export async function findByToken(
  engine: Engine,
  ec2: Ec2,
  tokens: readonly string[],
  infrastructureId: string,
  signal: AbortSignal,
  patience: LookUpPatience = 'whole-window',
): Promise<readonly ProviderVm[]> {
  const wanted = new Set(tokens);
  for (;;) {
    const found = new Map<string, ProviderVm>();
    for (const { Tags, InstanceId = '' } of await listInstances(
      ec2,
      [tagged(TAG_OWNER, infrastructureId), LIVING],
      signal,
    )) {
      const token = tagValue(Tags, TAG_LAUNCH);
      if (wanted.has(token)) found.set(token, { token, providerId: regionalId(ec2.region, InstanceId) });
    }
    const isLate = tokens.every((token) => found.has(token) || engine.environment.now() >= shownBefore(engine, token));
    if (patience === 'one-look' || isLate) return [...found.values()];
    await sleep(LOOK_INTERVAL_MS, signal);
  }
}

/** Every instance of a region that carries a launch token, of whatever infrastructure. */
export async function listMarked(ec2: Ec2, signal: AbortSignal): Promise<readonly ProviderVm[]> {
  const marked = await listInstances(ec2, [{ Name: 'tag-key', Values: [TAG_LAUNCH] }, LIVING], signal);
  return marked.map(({ Tags, InstanceId = '' }) => ({
    token: tagValue(Tags, TAG_LAUNCH),
    providerId: regionalId(ec2.region, InstanceId),
  }));
}

/** When EC2 shows at the latest what a create call with this token made. */
function shownBefore(engine: Engine, token: string): number {
  const sent = engine.shared.sent.get(token, engine.environment.now());
  return (sent ?? performance.timeOrigin) + CONSISTENCY_WINDOW_MS;
}

/** Terminates an instance. From the answer on it cannot come back; it is gone when EC2 has shut it down. */
export function terminate(ec2: Ec2, id: string, signal: AbortSignal): Promise<void> {
  return unlessGone(ec2.call('terminateInstances', { InstanceIds: [id] }, signal));
}
