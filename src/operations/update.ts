// SPDX-License-Identifier: Apache-2.0
// The story of an update towards a TOSCA document (rest-api.md §9.7) or an earlier revision: plan it when it is its turn, then remove, add, configure again. One
// operation from the plan to the end, so that nobody changes the infrastructure in between.
import { ImError, infrastructureNotFound, isJsonObject, type JsonObject, type OperationKind } from '../domain/index.js';
import type { OperationContext, OperationOutcome } from './context.js';
import type { UpdatePlan } from './environment.js';
import { launch } from './launch/handler.js';
import { reconfigure } from './reconfigure.js';
import { remove } from './removal/remove.js';

/** The plan as far as later steps need it, and how many VMs are gone. */
type Progress = Omit<UpdatePlan, 'changes'> & { readonly gone: number | undefined };

/** In the order of the reference: remove, take over the document with its new machines, configure again when there are none. */
export async function update(context: OperationContext): Promise<OperationOutcome> {
  let progress = decodeProgress(context.operation.progress);
  if (progress === undefined) {
    const planned = await plan(context);
    if (planned instanceof ImError) {
      return { ok: false, error: planned };
    }
    progress = planned;
  }
  if (progress.gone === undefined) {
    const removed = await removeUnwanted(context, progress);
    if ('ok' in removed) {
      return removed;
    }
    progress = removed;
  }
  const { units } = context.operation.progress;
  const launched = await launch(
    step(context, 'add', progress.launch, { ...encodeProgress(progress), ...(units !== undefined && { units }) }),
  );
  if (!launched.ok) {
    return launched;
  }
  const again =
    progress.reconfigure === undefined
      ? undefined
      : await reconfigure(step(context, 'reconfigure', progress.reconfigure));
  if (again?.ok === false) {
    return again;
  }
  const end = { changes: [...(launched.changes ?? []), ...(again?.changes ?? [])] };
  const next = again?.next ?? launched.next;
  const { unwanted, gone = 0, hasAdditions, result } = progress;
  return !hasAdditions && gone < unwanted.length
    ? { ok: false, error: fewerRemoved(unwanted, gone), ...end, ...(next && { next }) }
    : { ok: true, result: { ...result, ...launched.result }, ...end, ...(next && { next }) };
}

/** Durable together with the new document: a resumed update does not compare again. */
async function plan({ environment, operation, workspace, signal }: OperationContext): Promise<Progress | ImError> {
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  if (infrastructure === undefined) {
    return infrastructureNotFound();
  }
  let planned: UpdatePlan;
  try {
    planned = await environment.planUpdate(operation, infrastructure, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImError && error.code !== 'store-unavailable') {
      return error;
    }
    throw error;
  }
  const { changes, ...rest } = planned;
  if (rest.unwanted.length > 0 && rest.removed.length === 0 && !rest.hasAdditions) {
    return fewerRemoved(rest.unwanted, 0);
  }
  const progress = { ...rest, gone: rest.removed.length === 0 ? 0 : undefined };
  await workspace.extraLock.run(async () => {
    const present = (await environment.store.getInfrastructure(infrastructure.id)) ?? infrastructure;
    await workspace.committer.commit([
      ...changes(present.extra),
      { kind: 'update-operation', id: operation.id, set: { progress: encodeProgress(progress) } },
    ]);
  });
  return progress;
}

async function removeUnwanted(context: OperationContext, progress: Progress): Promise<Progress | OperationOutcome> {
  const { workspace, operation } = context;
  const request = { vmNumbers: [...progress.removed], isContextualized: false };
  const removed = await remove(step(context, 'remove', request));
  if (!removed.ok) {
    return removed;
  }
  const after = { ...progress, gone: Number(removed.result?.removed ?? 0) };
  await workspace.committer.commit([
    ...(removed.changes ?? []),
    { kind: 'update-operation', id: operation.id, set: { progress: encodeProgress(after) } },
  ]);
  return after;
}

/** A part of the update, as the operation of its own that tells the same story. */
function step(
  context: OperationContext,
  kind: OperationKind,
  request: JsonObject,
  progress: JsonObject = {},
): OperationContext {
  return { ...context, operation: { ...context.operation, kind, request, progress } };
}

const fewerRemoved = (unwanted: readonly number[], gone: number): ImError =>
  new ImError('not-found', `Error deleting resources ${unwanted.join(',')} (removed ${gone})`);

function encodeProgress({
  removed,
  unwanted,
  launch: request,
  hasAdditions,
  reconfigure: again,
  result,
  gone,
}: Progress): JsonObject {
  return {
    plan: {
      removed: [...removed],
      unwanted: [...unwanted],
      launch: request,
      hasAdditions,
      ...(again !== undefined && { reconfigure: again }),
      ...(result !== undefined && { result }),
      ...(gone !== undefined && { gone }),
    },
  };
}

/** undefined: it is not planned yet. */
function decodeProgress({ plan: stored }: JsonObject): Progress | undefined {
  if (!isJsonObject(stored)) {
    return undefined;
  }
  const numbers = (value: unknown): readonly number[] => (Array.isArray(value) ? value.map(Number) : []);
  return {
    removed: numbers(stored.removed),
    unwanted: numbers(stored.unwanted),
    launch: isJsonObject(stored.launch) ? stored.launch : {},
    hasAdditions: stored.hasAdditions === true,
    ...(isJsonObject(stored.reconfigure) && { reconfigure: stored.reconfigure }),
    ...(isJsonObject(stored.result) && { result: stored.result }),
    gone: typeof stored.gone === 'number' ? stored.gone : undefined,
  };
}
