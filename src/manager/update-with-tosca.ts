// SPDX-License-Identifier: Apache-2.0
// Use case: change an infrastructure towards a TOSCA document: remove what it no longer wants, add what is missing, else configure again
// (rest-api.md §9.7, tosca.md §9).
import { type Caller, ImError, type Infrastructure } from '../domain/index.js';
import { encodeConfigureRequest, encodeLaunchRequest, mergeRequest } from '../operations/index.js';
import { serializeRadl } from '../radl/index.js';
import type { Change } from '../store/index.js';
import { mergeTosca } from '../tosca/index.js';
import { checkDocument, withRadlErrors } from './create.js';
import { readTosca, toscaEnvironment, translateTosca, withToscaErrors } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { AddResult, Call } from './manager.js';
import { type Once, onceMark } from './once.js';
import { resultOf } from './outcome.js';
import { withSiteImages } from './single-site-images.js';
import { infrastructureView, storedTosca, withTosca } from './stored-tosca.js';

/** Everything is checked before anything is touched; the merged document is kept with the first operation. */
export async function updateWithTosca(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  infrastructure: Infrastructure,
  text: string,
  { isContextualized }: { readonly isContextualized: boolean },
  once?: Once,
): Promise<AddResult> {
  const update = await readTosca(environment, call, caller, text);
  const stored = await storedTosca(environment, infrastructure);
  const merged =
    stored === undefined
      ? update
      : await withToscaErrors(() => mergeTosca(stored, update, toscaEnvironment(environment, call, caller)));
  const view = await infrastructureView(environment, infrastructure, caller.clouds);
  const { radl: translated, removedVms } = await translateTosca(environment, call, merged, view);
  const radl = withSiteImages(environment, translated);
  checkDocument(radl);
  withRadlErrors(() => mergeRequest(radl, infrastructure.radl, infrastructure.privateNetworks));

  const common = {
    infrastructureId: infrastructure.id,
    caller: caller.owners[0].username,
    credentials: caller.items,
  };
  /** Marks the operation that gives the answer. */
  const marked = once === undefined ? {} : { id: once.id };
  let isKept = false;
  /** Becomes true with the first operation. */
  const keepDocument = (operationId: string): readonly Change[] => {
    if (isKept) {
      return [];
    }
    isKept = true;
    return [
      {
        kind: 'update-infrastructure',
        id: infrastructure.id,
        set: { extra: withTosca(environment, infrastructure.extra, merged) },
      },
      {
        kind: 'insert-revision',
        revision: {
          infrastructureId: infrastructure.id,
          kind: 'tosca',
          operationId,
          text,
          createdAt: environment.now(),
        },
      },
    ];
  };
  const hasAdditions = radl.deploys.some(({ count }) => count > 0);
  if (removedVms.length > 0) {
    const living = new Set((await environment.store.listVmStatuses(infrastructure.id)).map(({ number }) => number));
    const vmNumbers = removedVms.filter((number) => living.has(number));
    const request = { vmNumbers, isContextualized: isContextualized && !hasAdditions };
    const removal = hasAdditions
      ? { ...common, kind: 'remove' as const, request }
      : { ...common, ...marked, kind: 'remove' as const, request: { ...request, ...onceMark(once) } };
    const accepted = await environment.engine.accept(removal, keepDocument);
    const { removed } = await resultOf(accepted);
    if (!hasAdditions && Number(removed) < removedVms.length) {
      throw new ImError('not-found', `Error deleting resources ${removedVms.join(',')} (removed ${Number(removed)})`);
    }
  }
  if (hasAdditions) {
    const request = {
      ...encodeLaunchRequest({ document: radl, isContextualized, isAsync: false, serviceUrl: call.serviceUrl }),
      ...onceMark(once),
    };
    const accepted = await environment.engine.accept({ ...common, ...marked, kind: 'add', request }, keepDocument);
    const { vmNumbers } = await resultOf(accepted);
    return { vmNumbers: Array.isArray(vmNumbers) ? vmNumbers.map(Number) : [] };
  }
  if (removedVms.length === 0 && isContextualized) {
    const request = {
      document: serializeRadl(radl),
      ...encodeConfigureRequest({ refreshRoles: true }),
      ...onceMark(once),
    };
    const reconfiguration = { ...common, ...marked, kind: 'reconfigure' as const, request };
    await resultOf(await environment.engine.accept(reconfiguration, keepDocument));
  }
  if (!isKept) {
    await environment.store.commit(keepDocument(''));
  }
  return { vmNumbers: [] };
}
