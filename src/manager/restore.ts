// SPDX-License-Identifier: Apache-2.0
// Use case: make an infrastructure what it was asked to be at a revision: remove machines that are too many, launch what is missing, take
// the definitions of then, and configure again. What is restored becomes a revision itself.
import type { Caller, Revision } from '../domain/index.js';
import { mergeRequest } from '../operations/index.js';
import { parseRadl, Radl } from '../radl/index.js';
import { mergeTosca, storeTosca, type ToscaDocument } from '../tosca/index.js';
import { admitToInfrastructure, serviceUrlOf } from './access.js';
import { checkDocument, withRadlErrors } from './create.js';
import { readTosca, toscaEnvironment, translateTosca, withToscaErrors } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, RestorePlan } from './manager.js';
import { openInfrastructure } from './open-infrastructure.js';
import { neededResultOf } from './outcome.js';
import { compareWithMachines, decodePlan, type Wanted, withDeploys } from './plan-restore.js';
import { encodeRestoreRequest, restoredRevision } from './restore-request.js';
import { requireRevision } from './revisions.js';
import { withSiteImages } from './single-site-images.js';

/** What an infrastructure was asked to be at a revision. */
interface Asked extends Wanted {
  readonly tosca?: ToscaDocument;
}

/**
 * Puts together what the infrastructure was asked to be and hands it over: what that changes is found out in the operation, when it is
 * its turn. What cannot be asked for any more is refused at once.
 */
export async function restoreRevision(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  number: number,
  { isDryRun, isContextualized }: { readonly isDryRun: boolean; readonly isContextualized: boolean },
): Promise<RestorePlan> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, isDryRun ? 'read' : 'write');
  await openInfrastructure(environment, infrastructureId);
  const revisions = await environment.store.listRevisions(infrastructureId);
  const { kind, text } = requireRevision(revisions, number);
  const { tosca, ...asked } = await askedAt(environment, call, caller, revisions, number);
  const plan = await compareWithMachines(environment, infrastructureId, asked, isContextualized);
  checkDocument(environment, withDeploys(asked, plan.added));
  if (isDryRun) {
    return plan;
  }
  const accepted = await environment.engine.accept({
    kind: 'restore',
    infrastructureId,
    caller: caller.owners[0].username,
    credentials: caller.items,
    request: encodeRestoreRequest({
      revision: number,
      ...asked,
      kind,
      text,
      ...(tosca !== undefined && { form: storeTosca(tosca, { types: environment.tosca.types }) }),
      isContextualized,
      serviceUrl: serviceUrlOf(environment, call),
    }),
  });
  return decodePlan(await neededResultOf(accepted));
}

/** Puts the documents up to a revision together, as they were when they were accepted. */
async function askedAt(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  revisions: readonly Revision[],
  number: number,
): Promise<Asked> {
  let asked: Asked = { radl: Radl.empty(), counts: new Map(), cloudIds: new Map() };
  for (const revision of await lineOf(environment, revisions, number)) {
    asked =
      revision.kind === 'radl'
        ? afterRadl(
            asked,
            withSiteImages(
              environment,
              withRadlErrors(() => parseRadl(revision.text)),
            ),
          )
        : await afterTosca(environment, call, caller, asked, revision.text);
  }
  return asked;
}

/** The revisions that make up one of them: a restored one is what the restored one was. */
async function lineOf(
  { store }: ManagerEnvironment,
  revisions: readonly Revision[],
  number: number,
): Promise<readonly Revision[]> {
  const line: Revision[] = [];
  for (let at = number; at > 0; ) {
    const revision = revisions.find((candidate) => candidate.number === at);
    const request = revision && (await store.getOperation(revision.operationId))?.request;
    const restored = restoredRevision(request);
    if (revision !== undefined && !(restored > 0)) line.unshift(revision);
    at = restored > 0 ? restored : at - 1;
  }
  return line;
}

function afterRadl(asked: Asked, document: Radl): Asked {
  const counts = new Map(asked.counts);
  for (const { system, count } of document.deploys) counts.set(system, (counts.get(system) ?? 0) + count);
  return { ...asked, ...merged(asked, document), counts };
}

async function afterTosca(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  asked: Asked,
  text: string,
): Promise<Asked> {
  const read = await readTosca(environment, call, caller, text);
  const before = asked.tosca;
  const tosca =
    before === undefined
      ? read
      : await withToscaErrors(() => mergeTosca(before, read, toscaEnvironment(environment, call, caller)));
  const document = withSiteImages(environment, (await translateTosca(environment, call, tosca)).radl);
  const counts = new Map(asked.counts);
  // A TOSCA document says how many there are in all.
  for (const { system } of document.deploys) counts.delete(system);
  for (const { system, count } of document.deploys) counts.set(system, (counts.get(system) ?? 0) + count);
  return { ...merged(asked, document), counts, tosca };
}

function merged(asked: Asked, document: Radl): Pick<Asked, 'radl' | 'cloudIds'> {
  const { merged: radl } = withRadlErrors(() => mergeRequest(document, asked.radl, new Map()));
  const named = document.deploys.flatMap(({ system, cloudId }) =>
    cloudId === undefined ? [] : [[system, cloudId] as const],
  );
  return { radl, cloudIds: new Map([...asked.cloudIds, ...named]) };
}
