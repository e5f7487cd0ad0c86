// SPDX-License-Identifier: Apache-2.0
// Use case: change an infrastructure towards a TOSCA document: remove what it no longer wants, add what is missing, else configure again
// (rest-api.md §9.7, tosca.md §9).
import { type Caller, ImError, type Infrastructure, type JsonObject } from '../domain/index.js';
import { encodeConfigureRequest, encodeLaunchRequest, mergeRequest } from '../operations/index.js';
import { type Radl, serializeRadl } from '../radl/index.js';
import type { Change } from '../store/index.js';
import { mergeTosca, type ToscaDocument } from '../tosca/index.js';
import { createKeyedSemaphore } from '../util/keyed-semaphore.js';
import { checkDocument, withRadlErrors } from './create.js';
import { readTosca, toscaEnvironment, translateTosca, withToscaErrors } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { AddResult, Call } from './manager.js';
import { type Once, onceMark } from './once.js';
import { settledInfrastructure } from './open-infrastructure.js';
import { resultOf } from './outcome.js';
import { withSiteImages } from './single-site-images.js';
import { infrastructureView, storedTosca, withTosca } from './stored-tosca.js';

/** How much a document changes depends on what there is: the documents for one infrastructure (its id) take turns. */
export const turns = createKeyedSemaphore(1);

/** What is left to do of a document once it has been compared with what there is. */
interface Update {
  readonly infrastructure: Infrastructure;
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

/** Everything is checked before anything is touched; the merged document is kept with the first operation. */
export async function updateWithTosca(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  infrastructureId: string,
  text: string,
  { isContextualized }: { readonly isContextualized: boolean },
  once?: Once,
): Promise<AddResult> {
  const document = await readTosca(environment, call, caller, text);
  const release = await turns.acquire(infrastructureId, call.signal);
  try {
    const infrastructure = await settledInfrastructure(environment, call, infrastructureId);
    const update = await compare(environment, call, caller, infrastructure, document);
    return await carryOut(environment, call, caller, update, text, isContextualized, once);
  } finally {
    release();
  }
}

/** @throws ImError when the document is wrong together with the stored one, or names only VMs that are gone */
async function compare(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  infrastructure: Infrastructure,
  document: ToscaDocument,
): Promise<Update> {
  const stored = await storedTosca(environment, infrastructure);
  const merged =
    stored === undefined
      ? document
      : await withToscaErrors(() => mergeTosca(stored, document, toscaEnvironment(environment, call, caller)));
  const view = await infrastructureView(environment, infrastructure, caller.clouds);
  const { radl: translated, removedVms: unwanted } = await translateTosca(environment, call, merged, view);
  const radl = withSiteImages(environment, translated);
  checkDocument(environment, radl);
  withRadlErrors(() => mergeRequest(radl, infrastructure.radl, infrastructure.privateNetworks));

  const living = new Set(view.vms.filter(({ isDestroyed }) => !isDestroyed).map(({ number }) => number));
  const removed = unwanted.filter((number) => living.has(number));
  const hasAdditions = radl.deploys.some(({ count }) => count > 0);
  if (unwanted.length > 0 && removed.length === 0 && !hasAdditions) throw fewerRemoved(unwanted, 0);
  return {
    infrastructure,
    merged,
    radl,
    unwanted,
    removed,
    hasAdditions,
    hasRest: living.size > new Set(removed).size,
  };
}

/** In the order of the reference: remove, take over the document with its new machines, configure again when there are none. */
async function carryOut(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  { infrastructure, merged, radl, unwanted, removed, hasAdditions, hasRest }: Update,
  text: string,
  isContextualized: boolean,
  once: Once | undefined,
): Promise<AddResult> {
  const changes = documentChanges(environment, infrastructure, merged, text);
  const isReconfigured = isContextualized && !hasAdditions && hasRest;
  let isKept = false;
  /** @param isLast its end is the answer: requests that are sent again find it */
  const run = async (
    kind: 'remove' | 'add' | 'reconfigure',
    request: JsonObject,
    isLast: boolean,
  ): Promise<JsonObject> => {
    const operation = {
      kind,
      infrastructureId: infrastructure.id,
      caller: caller.owners[0].username,
      credentials: caller.items,
      request: isLast ? { ...request, ...onceMark(once) } : request,
      ...(isLast && once !== undefined && { id: once.id }),
    };
    const accepted = await environment.engine.accept(operation, (id) => (isKept ? [] : changes(id)));
    isKept = true;
    return resultOf(accepted);
  };

  const gone =
    removed.length === 0
      ? 0
      : Number((await run('remove', { vmNumbers: removed, isContextualized: false }, false)).removed);
  const launch = encodeLaunchRequest({ document: radl, isContextualized, isAsync: false, serviceUrl: call.serviceUrl });
  const { vmNumbers } = await run('add', launch, !isReconfigured);
  if (isReconfigured) {
    const request = {
      document: serializeRadl(radl),
      ...encodeConfigureRequest({ refreshRoles: removed.length === 0 }),
    };
    await run('reconfigure', request, true);
  }
  if (!hasAdditions && gone < unwanted.length) throw fewerRemoved(unwanted, gone);
  return { vmNumbers: Array.isArray(vmNumbers) ? vmNumbers.map(Number) : [] };
}

const fewerRemoved = (unwanted: readonly number[], gone: number): ImError =>
  new ImError('not-found', `Error deleting resources ${unwanted.join(',')} (removed ${gone})`);

/** The document becomes that of the infrastructure together with the first operation. */
function documentChanges(
  environment: ManagerEnvironment,
  { id, extra }: Infrastructure,
  merged: ToscaDocument,
  text: string,
): (operationId: string) => readonly Change[] {
  return (operationId) => [
    { kind: 'update-infrastructure', id, set: { extra: withTosca(environment, extra, merged) } },
    {
      kind: 'insert-revision',
      revision: { infrastructureId: id, kind: 'tosca', operationId, text, createdAt: environment.now() },
    },
  ];
}
