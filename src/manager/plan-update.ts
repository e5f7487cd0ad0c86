// SPDX-License-Identifier: Apache-2.0
// What a TOSCA document changes on an infrastructure as it is (tosca.md §9).
import type { Caller, Infrastructure, JsonObject, Operation } from '../domain/index.js';
import { encodeConfigureRequest, encodeLaunchRequest, mergeRequest, type PlanUpdate } from '../operations/index.js';
import { type Radl, serializeRadl } from '../radl/index.js';
import type { Change } from '../store/index.js';
import { loadStoredTosca, mergeTosca, type ToscaDocument } from '../tosca/index.js';
import { checkDocument, withRadlErrors } from './create.js';
import { type DocumentSurroundings, toscaEnvironment, translateTosca, withToscaErrors } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import { planRestore } from './plan-restore.js';
import { withSiteImages } from './single-site-images.js';
import { infrastructureView, storedTosca, withTosca } from './stored-tosca.js';
import { decodeUpdateRequest } from './update-request.js';

/** What planning needs of the use cases' surroundings. */
export type PlanningEnvironment = DocumentSurroundings &
  Pick<ManagerEnvironment, 'store' | 'connectors' | 'cloudsOf' | 'settings' | 'now'>;

/** A document compared with what there is. */
export interface Comparison {
  readonly merged: ToscaDocument;
  readonly radl: Radl;
  /** VMs to remove, as the document lists them. */
  readonly unwanted: readonly number[];
  /** Those of them that live. */
  readonly removed: readonly number[];
  readonly hasAdditions: boolean;
  /** Machines stay, so that there is something to configure. */
  readonly hasRest: boolean;
}

/** @throws ImError when the document is wrong together with the stored one */
export async function compare(
  environment: PlanningEnvironment,
  caller: Pick<Caller, 'items' | 'clouds'>,
  infrastructure: Infrastructure,
  document: ToscaDocument,
  signal: AbortSignal,
): Promise<Comparison> {
  const stored = await storedTosca(environment, infrastructure);
  const merged =
    stored === undefined
      ? document
      : await withToscaErrors(() => mergeTosca(stored, document, toscaEnvironment(environment, { signal }, caller)));
  const view = await infrastructureView(environment, infrastructure, caller.clouds);
  const { radl: translated, removedVms: unwanted } = await translateTosca(environment, { signal }, merged, view);
  const radl = withSiteImages(environment, translated);
  checkDocument(environment, radl);
  withRadlErrors(() => mergeRequest(radl, infrastructure.radl, infrastructure.privateNetworks));
  const living = new Set(view.vms.filter(({ isDestroyed }) => !isDestroyed).map(({ number }) => number));
  const removed = unwanted.filter((number) => living.has(number));
  return {
    merged,
    radl,
    unwanted,
    removed,
    hasAdditions: radl.deploys.some(({ count }) => count > 0),
    hasRest: living.size > new Set(removed).size,
  };
}

/** The planner that operations ask in their turn. */
export function createUpdatePlanner(environment: PlanningEnvironment): PlanUpdate {
  return async (operation, infrastructure, signal) => {
    if (operation.kind === 'restore') {
      return await planRestore(environment, operation, infrastructure, signal);
    }
    const request = decodeUpdateRequest(operation);
    const document = await withToscaErrors(() =>
      loadStoredTosca(request.form, { types: environment.tosca.types, documentId: infrastructure.id }),
    );
    const caller = { items: operation.credentials, clouds: environment.cloudsOf(operation.credentials) };
    const { merged, radl, unwanted, removed, hasAdditions, hasRest } = await compare(
      environment,
      caller,
      infrastructure,
      document,
      signal,
    );
    const { isContextualized, serviceUrl } = request;
    return {
      changes: (extra) => documentChanges(environment, operation, extra, merged, request.text),
      removed,
      unwanted,
      hasAdditions,
      launch: encodeLaunchRequest({ document: radl, isContextualized, isAsync: false, serviceUrl }),
      ...(isContextualized &&
        !hasAdditions &&
        hasRest && {
          reconfigure: {
            document: serializeRadl(radl),
            ...encodeConfigureRequest({ refreshRoles: removed.length === 0 }),
          },
        }),
    };
  };
}

function documentChanges(
  environment: PlanningEnvironment,
  { id: operationId, infrastructureId: id }: Operation,
  extra: JsonObject,
  merged: ToscaDocument,
  text: string,
): readonly Change[] {
  return [
    { kind: 'update-infrastructure', id, set: { extra: withTosca(environment, extra, merged) } },
    {
      kind: 'insert-revision',
      revision: { infrastructureId: id, kind: 'tosca', operationId, text, createdAt: environment.now() },
    },
  ];
}
