// SPDX-License-Identifier: Apache-2.0
// What restoring a revision changes on an infrastructure as it is.
import type { Infrastructure, JsonObject, Operation } from '../domain/index.js';
import { encodeConfigureRequest, encodeLaunchRequest, type UpdatePlan } from '../operations/index.js';
import { type Radl, serializeRadl } from '../radl/index.js';
import type { Change } from '../store/index.js';
import { alignTosca, loadStoredTosca, serializeTosca, type ToscaDocument } from '../tosca/index.js';
import { checkDocument } from './create.js';
import { toscaEnvironment, withToscaErrors } from './deployment-document.js';
import type { RestorePlan } from './manager.js';
import type { PlanningEnvironment } from './plan-update.js';
import { decodePairs, decodeRestoreRequest, type RestoreRequest } from './restore-request.js';
import { storedTosca, withTosca } from './stored-tosca.js';

/** What was asked for, as far as it is compared. */
export type Wanted = Pick<RestoreRequest, 'radl' | 'counts' | 'cloudIds'>;

/** Compares what was asked for with the machines that are there now: true for as long as nobody changes them. */
export async function compareWithMachines(
  { store }: Pick<PlanningEnvironment, 'store'>,
  infrastructureId: string,
  { counts }: Pick<Wanted, 'counts'>,
  isContextualized: boolean,
): Promise<RestorePlan> {
  const numbers = new Map<string, number[]>();
  for (const { systemName, number } of await store.listVms(infrastructureId)) {
    const known = numbers.get(systemName);
    if (known === undefined) {
      numbers.set(systemName, [number]);
    } else {
      known.push(number);
    }
  }
  const added = new Map<string, number>();
  const removed: number[] = [];
  let staying = 0;
  for (const system of new Set([...counts.keys(), ...numbers.keys()])) {
    const wanted = counts.get(system) ?? 0;
    const living = numbers.get(system) ?? [];
    if (wanted > living.length) added.set(system, wanted - living.length);
    // The newest go.
    removed.push(...living.slice(wanted));
    staying += Math.min(wanted, living.length);
  }
  return { added, removed: removed.sort((a, b) => a - b), isReconfigured: isContextualized && staying > 0 };
}

/** The definitions with these machines to launch. */
export function withDeploys({ radl, cloudIds }: Wanted, counts: ReadonlyMap<string, number>): Radl {
  const document = radl.clone();
  document.deploys.length = 0;
  for (const [system, count] of counts) {
    const cloudId = cloudIds.get(system);
    document.add({ kind: 'deploy', system, count, ...(cloudId !== undefined && { cloudId }) });
  }
  return document;
}

/** The plan of a restoration whose turn it is. @throws ImError when what was asked for then cannot be asked for now */
export async function planRestore(
  environment: PlanningEnvironment,
  operation: Operation,
  infrastructure: Infrastructure,
  signal: AbortSignal,
): Promise<UpdatePlan> {
  const request = decodeRestoreRequest(operation);
  const { isContextualized, serviceUrl } = request;
  const plan = await compareWithMachines(environment, infrastructure.id, request, isContextualized);
  const missing = withDeploys(request, plan.added);
  checkDocument(environment, missing);
  const tosca = await toscaOf(environment, operation, infrastructure, request, signal);
  const hasAdditions = plan.added.size > 0;
  return {
    changes: (extra) => documentChanges(environment, operation, extra, request, tosca),
    removed: plan.removed,
    unwanted: plan.removed,
    hasAdditions,
    launch: encodeLaunchRequest({ document: missing, isContextualized, isAsync: false, serviceUrl }),
    // An addition configures all machines.
    ...(plan.isReconfigured &&
      !hasAdditions && {
        reconfigure: { document: serializeRadl(missing), ...encodeConfigureRequest({ refreshRoles: true }) },
      }),
    result: encodePlan(plan),
  };
}

/** What was made up once (passwords by `random`) stays what it is. */
async function toscaOf(
  environment: PlanningEnvironment,
  { credentials }: Operation,
  infrastructure: Infrastructure,
  { form }: RestoreRequest,
  signal: AbortSignal,
): Promise<ToscaDocument | undefined> {
  if (form === undefined) {
    return undefined;
  }
  const document = await withToscaErrors(() =>
    loadStoredTosca(form, { types: environment.tosca.types, documentId: infrastructure.id }),
  );
  const stored = await storedTosca(environment, infrastructure);
  if (stored === undefined) {
    return document;
  }
  const caller = { items: credentials, clouds: environment.cloudsOf(credentials) };
  return withToscaErrors(() => alignTosca(stored, document, toscaEnvironment(environment, { signal }, caller)));
}

function documentChanges(
  environment: PlanningEnvironment,
  { id: operationId, infrastructureId: id }: Operation,
  extra: JsonObject,
  { radl, kind, text }: RestoreRequest,
  tosca: ToscaDocument | undefined,
): readonly Change[] {
  return [
    {
      kind: 'update-infrastructure',
      id,
      set: { radl, ...(tosca !== undefined && { extra: withTosca(environment, extra, tosca) }) },
    },
    {
      kind: 'insert-revision',
      revision: {
        infrastructureId: id,
        kind,
        operationId,
        text: tosca === undefined ? text : serializeTosca(tosca),
        createdAt: environment.now(),
      },
    },
  ];
}

function encodePlan({ added, removed, isReconfigured }: RestorePlan): JsonObject {
  return { added: [...added], removed: [...removed], isReconfigured };
}

/** What a restoration changed, of the result of its operation. */
export function decodePlan({ added, removed, isReconfigured }: JsonObject): RestorePlan {
  return {
    added: new Map(decodePairs(added).map(([system, count]) => [system, Number(count)])),
    removed: Array.isArray(removed) ? removed.map(Number) : [],
    isReconfigured: isReconfigured === true,
  };
}
