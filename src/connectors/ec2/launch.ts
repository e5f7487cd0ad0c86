// SPDX-License-Identifier: Apache-2.0
// Launching: one create call per VM that carries its token, and what is left to do once the instance exists (ec2.md §3, design/idempotency.md).
import { createHash } from 'node:crypto';
import type { Instance } from '@aws-sdk/client-ec2';
import { errorText, ImError } from '../../domain/index.js';
import type { LaunchOutcome, LaunchRequest, LaunchVm, ProviderVm } from '../connector.js';
import { asCompleted } from '../shared/as-completed.js';
import { cancelledOutcome, vmNumberOfToken } from '../shared/launch-outcomes.js';
import { launchedDocument } from './document.js';
import { CONCURRENCY, type Engine } from './engine.js';
import { awsCode, mayBeDone } from './failure.js';
import { findByToken, instanceById, terminate } from './instances.js';
import { type LaunchPlan, launchPlan } from './launch-plan.js';
import { pollPatiently } from './patience.js';
import { instanceState, isGone } from './states.js';
import { vmTags } from './tags.js';
import { parseRegionalId, regionalId } from './vm-id.js';

/** Longer than all tries of a create call. */
const CREATE_TIMEOUT_MS = 240_000;
const RUNNING_TIMEOUT_MS = 300_000;
const CLEANUP_TIMEOUT_MS = 60_000;

/** Launches the VMs of a request, a few at a time. */
export async function* launch(engine: Engine, request: LaunchRequest): AsyncGenerator<LaunchOutcome> {
  const { signal, vms } = request;
  let plan: LaunchPlan;
  try {
    signal.throwIfAborted();
    plan = await launchPlan(engine, request);
  } catch (error) {
    for (const { number } of vms) {
      yield signal.aborted ? cancelledOutcome(number) : { number, ok: false, message: errorText(error) };
    }
    return;
  }
  yield* asCompleted(vms, CONCURRENCY, (vm) => launchVm(engine, request, plan, vm));
}

/** Takes over an instance that was found by its token. */
export async function adopt(engine: Engine, request: LaunchRequest, found: ProviderVm): Promise<LaunchOutcome> {
  const number = vmNumberOfToken(request, found.token);
  const plan = await launchPlan(engine, request);
  const { id } = parseRegionalId(found.providerId);
  const instance = await instanceById(plan.ec2, id, request.signal);
  return finish(engine, request, plan, { number, token: found.token }, instance ?? { InstanceId: id });
}

async function launchVm(
  engine: Engine,
  request: LaunchRequest,
  plan: LaunchPlan,
  vm: LaunchVm,
): Promise<LaunchOutcome> {
  if (request.signal.aborted) return cancelledOutcome(vm.number);
  try {
    const instance = await create(engine, request, plan, vm);
    return await finish(engine, request, plan, vm, instance);
  } catch (error) {
    return {
      number: vm.number,
      ok: false,
      message: `${plan.description}${errorText(error)}`,
      ...(mayBeDone(error) && { mayExist: true as const }),
    };
  }
}

/** The handle of the create call: EC2 gives the same instance to the same token, and refuses a different request. */
export const clientToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * The create call. It is not cut off when the launch is called off, since nobody would know then what it did; and without an answer the
 * instance is looked for, as after a crash.
 * @throws ImError after which {@link mayBeDone} tells whether the instance may exist
 */
async function create(engine: Engine, request: LaunchRequest, plan: LaunchPlan, vm: LaunchVm): Promise<Instance> {
  const { ec2 } = plan;
  const { sent } = engine.shared;
  const signal = AbortSignal.timeout(CREATE_TIMEOUT_MS);
  sent.set(vm.token, engine.environment.now(), engine.environment.now());
  try {
    const UserData = plan.userData(vm.callHome);
    const { Instances: [instance] = [] } = await ec2.call(
      'runInstances',
      {
        ...plan.input,
        ...(UserData !== undefined && { UserData }),
        MinCount: 1,
        MaxCount: 1,
        ClientToken: clientToken(vm.token),
        TagSpecifications: [...vmTags(engine, request, vm, plan.instanceName)],
      },
      signal,
    );
    sent.set(vm.token, engine.environment.now(), engine.environment.now());
    if (instance?.InstanceId === undefined)
      throw new ImError('provider', 'EC2 returned no instance.', { details: { isWithoutAnswer: true } });
    if (isGone(instance))
      throw new ImError('provider', `Instance ${instance.InstanceId} of this launch was terminated.`);
    return instance;
  } catch (error) {
    const now = engine.environment.now();
    sent.set(vm.token, now, now);
    // An instance with this token was asked for before: with other words, by the process that died.
    const isAskedBefore = awsCode(error) === 'IdempotentParameterMismatch';
    if (!isAskedBefore && !mayBeDone(error)) {
      sent.delete(vm.token);
      throw error;
    }
    engine.environment.logger.warn(
      `The create call of VM ${vm.number} had no clear answer; it is looked for: ${errorText(error)}`,
      {
        infId: request.infrastructureId,
      },
    );
    const [found] = await findByToken(engine, ec2, [vm.token], request.infrastructureId, request.signal);
    if (found !== undefined) return { InstanceId: parseRegionalId(found.providerId).id };
    sent.delete(vm.token);
    throw new ImError('provider', errorText(error), { cause: error });
  }
}

/** Does what is left to do for an instance that exists; each step is passed over when it was done before. */
async function finish(
  engine: Engine,
  request: LaunchRequest,
  plan: LaunchPlan,
  vm: LaunchVm,
  instance: Instance,
): Promise<LaunchOutcome> {
  const { number } = vm;
  const id = instance.InstanceId ?? '';
  let cloudState = instance.State === undefined ? ('pending' as const) : instanceState(instance);
  if (plan.disks.some(({ volumeId }) => volumeId !== undefined)) {
    try {
      await attachVolumes(request, plan, id);
      cloudState = 'running';
    } catch (error) {
      // Called off: the instance stays under its token for whoever goes on, or takes it down.
      if (request.signal.aborted) return { ...cancelledOutcome(number), mayExist: true } as LaunchOutcome;
      return undo(plan, number, id, error);
    }
  }
  const providerId = regionalId(plan.ec2.region, id);
  return {
    number,
    ok: true,
    providerId,
    info: launchedDocument(request.concrete, plan, providerId),
    cloudState,
    extra: { launchedAt: engine.environment.now(), token: vm.token },
  };
}

async function undo(plan: LaunchPlan, number: number, id: string, error: unknown): Promise<LaunchOutcome> {
  const message = `${plan.description}${errorText(error)}`;
  try {
    await terminate(plan.ec2, id, AbortSignal.timeout(CLEANUP_TIMEOUT_MS));
    return { number, ok: false, message };
  } catch (cleanupError) {
    return { number, ok: false, message: `${message} (not removed yet: ${errorText(cleanupError)})`, mayExist: true };
  }
}

/** Attaches the user's volumes, which EC2 does for running instances only. */
async function attachVolumes({ signal }: LaunchRequest, { ec2, disks }: LaunchPlan, id: string): Promise<void> {
  await pollPatiently(`instance ${id} to run`, RUNNING_TIMEOUT_MS, signal, async () => {
    const instance = await instanceById(ec2, id, signal);
    if (instance !== undefined && isGone(instance))
      throw new ImError('provider', `Instance ${id} was terminated before it ran.`);
    return instance?.State?.Name === 'running' ? true : undefined;
  });
  for (const { volumeId, device } of disks) {
    if (volumeId === undefined) continue;
    const { Volumes: [volume] = [] } = await ec2.call('describeVolumes', { VolumeIds: [volumeId] }, signal);
    if (volume?.Attachments?.some(({ InstanceId }) => InstanceId === id)) continue;
    await ec2.call('attachVolume', { InstanceId: id, VolumeId: volumeId, Device: device }, signal);
  }
}
