// SPDX-License-Identifier: Apache-2.0
// Stop, start and reboot (ec2.md §5): each returns when EC2 reports the new state, or what it reports when that takes long.
import type { Instance } from '@aws-sdk/client-ec2';
import { type CloudState, ImError } from '../../domain/index.js';
import { DeadlineError } from '../../util/deadline.js';
import type { VmReference } from '../connector.js';
import type { Ec2, Engine } from './engine.js';
import { isNotFound } from './failure.js';
import { instanceById } from './instances.js';
import { pollPatiently } from './patience.js';
import { instanceState } from './states.js';
import { instanceOf } from './vm-id.js';

/** How long stopping or starting may take. */
export const SWITCH_TIMEOUT_MS = 120_000;

/** Runs a power operation on the instance of a VM. @throws ImError `provider` `Instance <id> not found.` */
export async function switchPower(
  engine: Engine,
  vm: VmReference,
  operation: 'stopInstances' | 'startInstances' | 'rebootInstances',
  signal: AbortSignal,
): Promise<CloudState> {
  const { region, id } = instanceOf(vm);
  const ec2 = engine.clients.ec2(region);
  try {
    await ec2.call(operation, { InstanceIds: [id] }, signal);
  } catch (error) {
    if (isNotFound(error)) throw new ImError('provider', `Instance ${id} not found.`, { cause: error });
    throw error;
  }
  if (operation === 'rebootInstances') return currentState(ec2, id, signal);
  const wanted = operation === 'stopInstances' ? 'stopped' : 'running';
  try {
    return instanceState(await untilState(ec2, id, wanted, signal));
  } catch (error) {
    if (error instanceof DeadlineError) return currentState(ec2, id, signal);
    throw error;
  }
}

async function currentState(ec2: Ec2, id: string, signal: AbortSignal): Promise<CloudState> {
  const instance = await instanceById(ec2, id, signal);
  return instance === undefined ? 'off' : instanceState(instance);
}

/** Waits for a state. @throws DeadlineError */
export function untilState(
  ec2: Ec2,
  id: string,
  wanted: 'stopped' | 'running',
  signal: AbortSignal,
  timeoutMs = SWITCH_TIMEOUT_MS,
): Promise<Instance> {
  return pollPatiently(`instance ${id} to be ${wanted}`, timeoutMs, signal, async () => {
    const instance = await instanceById(ec2, id, signal);
    return instance?.State?.Name === wanted ? instance : undefined;
  });
}
