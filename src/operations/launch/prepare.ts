// SPDX-License-Identifier: Apache-2.0
// From an accepted document to placed VMs: merge it, choose clouds, reserve numbers, write VM rows and launch intents in one batch.
import {
  type CloudReference,
  cloudReference,
  type Infrastructure,
  launchToken,
  type VirtualMachine,
} from '../../domain/index.js';
import { type Placement, place } from '../../placement/index.js';
import { completeRadl, mergeRadl, type Radl } from '../../radl/index.js';
import type { Change } from '../../store/index.js';
import type { OperationContext } from '../context.js';
import { decodeLaunchRequest, encodeUnits, type UnitRecord } from './request.js';
import { vmDocument } from './vm-document.js';

/** The request on its own feet (references completed) and the infrastructure's document with it. */
export interface MergedRequest {
  readonly request: Radl;
  readonly merged: Radl;
}

/**
 * Completes and merges a request (core.md §6.2-§6.4). Pure.
 * @throws RadlError when the result is not a valid document; nothing is changed then
 */
export function mergeRequest(
  document: Radl,
  stored: Radl,
  privateNetworks: ReadonlyMap<string, string>,
): MergedRequest {
  const request = document.clone();
  completeRadl(request, stored, privateNetworks);
  const merged = stored.clone();
  mergeRadl(merged, request);
  return { request, merged };
}

/**
 * Places the VMs of the operation's document and commits everything that the launch needs to be repeatable.
 * @returns the launch units; empty when the document deploys nothing
 * @throws ImError or RadlError when the request cannot be placed; nothing is committed then
 */
export async function prepareLaunch(
  context: OperationContext,
  infrastructure: Infrastructure,
): Promise<readonly UnitRecord[]> {
  const { environment, operation, workspace } = context;
  const { document } = decodeLaunchRequest(operation);
  const { request, merged } = mergeRequest(document, infrastructure.radl, infrastructure.privateNetworks);
  const hasDeploys = request.deploys.length > 0;
  const placement = hasDeploys
    ? await place(request, context.clouds.options(), environment.settings.systemDefaults, context.signal)
    : undefined;
  for (const warning of placement?.warnings ?? []) {
    await context.log(warning);
  }
  const { units, changes, nextVmNumber } = reserve(context, infrastructure, request, placement);
  await workspace.committer.commit([
    {
      kind: 'update-infrastructure',
      id: infrastructure.id,
      set: {
        radl: merged,
        nextVmNumber,
        privateNetworks: new Map([...infrastructure.privateNetworks, ...(placement?.networkBindings ?? [])]),
      },
    },
    ...changes,
    { kind: 'update-operation', id: operation.id, set: { progress: { ...operation.progress, ...encodeUnits(units) } } },
  ]);
  return units;
}

/** Numbers in order of the deploy lines; units stay in launch order. */
function reserve(
  context: OperationContext,
  infrastructure: Infrastructure,
  request: Radl,
  placement: Placement | undefined,
): { readonly units: readonly UnitRecord[]; readonly changes: readonly Change[]; readonly nextVmNumber: number } {
  const placed = placement?.units ?? [];
  let next = infrastructure.nextVmNumber;
  const byDeploy = placed
    .map((unit, order) => ({ unit, order }))
    .sort((a, b) => a.unit.deployIndex - b.unit.deployIndex);
  const units: UnitRecord[] = new Array(placed.length);
  const changes: Change[] = [];
  for (const { unit, order } of byDeploy) {
    const numbers = Array.from({ length: unit.count }, (_, n) => next + n);
    next += unit.count;
    units[order] = { systemName: unit.systemName, cloudId: unit.cloud.id, numbers };
    const requestedSystem = request.getSystem(unit.systemName);
    if (requestedSystem === undefined) {
      continue;
    }
    const requested = vmDocument(request, requestedSystem);
    const problem = 'problem' in unit.choice ? unit.choice.problem : '';
    const info = 'system' in unit.choice ? vmDocument(request, unit.choice.system) : requested;
    const cloud = cloudReference(unit.cloud);
    for (const number of numbers) {
      changes.push(
        { kind: 'insert-vm', vm: newVm(context, unit.systemName, number, cloud, info, requested, problem) },
        intent(context, number, cloud),
      );
    }
  }
  return { units, changes, nextVmNumber: next };
}

function newVm(
  { operation, environment }: OperationContext,
  systemName: string,
  number: number,
  cloud: CloudReference,
  info: Radl,
  requested: Radl,
  errorMessage: string,
): VirtualMachine {
  const now = environment.now();
  return {
    infrastructureId: operation.infrastructureId,
    number,
    providerId: null,
    cloud,
    cloudState: 'pending',
    configured: null,
    isDeleting: false,
    isCreating: true,
    isDestroyed: false,
    isUpdateFailing: false,
    lastUpdate: now,
    createdAt: now,
    info,
    requested,
    systemName,
    errorMessage,
    operationId: operation.id,
    extra: {},
  };
}

function intent({ operation, environment }: OperationContext, number: number, cloud: CloudReference): Change {
  return {
    kind: 'insert-resource',
    resource: {
      id: environment.newId(),
      infrastructureId: operation.infrastructureId,
      operationId: operation.id,
      kind: 'vm',
      cloud,
      vmNumber: number,
      token: launchToken(operation.infrastructureId, number, 1),
      providerId: null,
      state: 'intent',
      data: { generation: 1 },
      createdAt: environment.now(),
    },
  };
}
