// SPDX-License-Identifier: Apache-2.0
// Use case: make an infrastructure what it was asked to be at a revision: remove machines that are too many, launch what is missing, take
// the definitions of then, and configure again. What is restored becomes a revision itself.
import { type Caller, type Infrastructure, isJsonObject, type JsonObject, type Revision } from '../domain/index.js';
import { encodeConfigureRequest, encodeLaunchRequest, mergeRequest } from '../operations/index.js';
import { parseRadl, Radl, serializeRadl } from '../radl/index.js';
import type { Change } from '../store/index.js';
import { alignTosca, mergeTosca, serializeTosca, type ToscaDocument } from '../tosca/index.js';
import { createKeyedSemaphore } from '../util/keyed-semaphore.js';
import { admitToInfrastructure } from './access.js';
import { checkDocument, withRadlErrors } from './create.js';
import { readTosca, toscaEnvironment, translateTosca, withToscaErrors } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, RestorePlan } from './manager.js';
import { openInfrastructure, settledInfrastructure } from './open-infrastructure.js';
import { resultOf } from './outcome.js';
import { requireRevision } from './revisions.js';
import { withSiteImages } from './single-site-images.js';
import { storedTosca, withTosca } from './stored-tosca.js';

/** What an infrastructure was asked to be at a revision. */
interface Asked {
  /** Definitions of all documents up to it. */
  readonly radl: Radl;
  /** Machines by system. */
  readonly counts: ReadonlyMap<string, number>;
  /** Clouds that deploys named. */
  readonly cloudIds: ReadonlyMap<string, string>;
  readonly tosca?: ToscaDocument;
}

/** What is restored depends on what there is: the restorations of one infrastructure (its id) take turns. */
const turns = createKeyedSemaphore(1);

/** Field of an operation's request: its revision is that one again, whatever lies between. */
const RESTORED = 'restoredRevision';

/** Everything is checked before anything is touched. */
export async function restoreRevision(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  number: number,
  { isDryRun, isContextualized }: { readonly isDryRun: boolean; readonly isContextualized: boolean },
): Promise<RestorePlan> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, isDryRun ? 'read' : 'write');
  const release = await turns.acquire(infrastructureId, call.signal);
  try {
    const infrastructure = isDryRun
      ? await openInfrastructure(environment, infrastructureId)
      : await settledInfrastructure(environment, call, infrastructureId);
    const revisions = await environment.store.listRevisions(infrastructureId);
    const revision = requireRevision(revisions, number);
    const asked = await askedAt(environment, call, caller, infrastructure, revisions, number);
    const plan = await compare(environment, infrastructureId, asked, isContextualized);
    const missing = withDeploys(asked, plan.added);
    checkDocument(environment, missing);
    if (!isDryRun) {
      await carryOut(environment, call, caller, infrastructure, revision, asked, missing, plan, isContextualized);
    }
    return plan;
  } finally {
    release();
  }
}

/** Puts the documents up to a revision together, as they were when they were accepted. */
async function askedAt(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  infrastructure: Infrastructure,
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
  if (asked.tosca === undefined) return asked;
  const stored = await storedTosca(environment, infrastructure);
  if (stored === undefined) return asked;
  // What was made up once (passwords by `random`) stays what it is.
  const document = asked.tosca;
  const aligned = await withToscaErrors(() =>
    alignTosca(stored, document, toscaEnvironment(environment, call, caller)),
  );
  return { ...asked, tosca: aligned };
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
    const restored = isJsonObject(request) ? Number(request[RESTORED] ?? 0) : 0;
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

async function compare(
  { store }: ManagerEnvironment,
  infrastructureId: string,
  { counts }: Asked,
  isContextualized: boolean,
): Promise<RestorePlan> {
  const numbers = new Map<string, number[]>();
  for (const { systemName, number } of await store.listVms(infrastructureId)) {
    numbers.set(systemName, [...(numbers.get(systemName) ?? []), number]);
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
function withDeploys({ radl, cloudIds }: Asked, counts: ReadonlyMap<string, number>): Radl {
  const document = radl.clone();
  document.deploys.length = 0;
  for (const [system, count] of counts) {
    const cloudId = cloudIds.get(system);
    document.add({ kind: 'deploy', system, count, ...(cloudId !== undefined && { cloudId }) });
  }
  return document;
}

async function carryOut(
  environment: ManagerEnvironment,
  call: Call,
  caller: Caller,
  infrastructure: Infrastructure,
  { number, kind, text }: Revision,
  asked: Asked,
  missing: Radl,
  { added, removed, isReconfigured }: RestorePlan,
  isContextualized: boolean,
): Promise<void> {
  const { id } = infrastructure;
  const { tosca } = asked;
  const changes = (operationId: string): readonly Change[] => [
    {
      kind: 'update-infrastructure',
      id,
      set: {
        radl: asked.radl,
        ...(tosca !== undefined && { extra: withTosca(environment, infrastructure.extra, tosca) }),
      },
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
  let isKept = false;
  const run = async (operation: 'remove' | 'add' | 'reconfigure', request: JsonObject): Promise<void> => {
    const accepted = await environment.engine.accept(
      {
        kind: operation,
        infrastructureId: id,
        caller: caller.owners[0].username,
        credentials: caller.items,
        request: { ...request, [RESTORED]: number },
      },
      (operationId) => (isKept ? [] : changes(operationId)),
    );
    isKept = true;
    await resultOf(accepted);
  };
  if (removed.length > 0) {
    await run('remove', { vmNumbers: removed, isContextualized: false });
  }
  if (added.size > 0) {
    const { serviceUrl } = call;
    await run('add', encodeLaunchRequest({ document: missing, isContextualized, isAsync: false, serviceUrl }));
  }
  // An add configures all machines; without one, those that stay are configured here.
  if ((added.size === 0 && isReconfigured) || !isKept) {
    await run('reconfigure', { document: serializeRadl(missing), ...encodeConfigureRequest({ refreshRoles: true }) });
  }
}
