// SPDX-License-Identifier: Apache-2.0
// Use case: create an infrastructure (core.md §6, §14).
import { badRequest, errorText, type Infrastructure } from '../domain/index.js';
import { encodeLaunchRequest, mergeRequest } from '../operations/index.js';
import { checkRadl, printRadl, Radl, RadlError } from '../radl/index.js';
import { serializeTosca } from '../tosca/index.js';
import { admit, serviceUrlOf } from './access.js';
import { type DeploymentDocument, readDocument } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { type Once, onceMark } from './once.js';
import { resultOf } from './outcome.js';
import { withSiteImages } from './single-site-images.js';
import { withTosca } from './stored-tosca.js';

/** Checks the document, records the infrastructure and its launch, and waits for the launch when asked to. */
export async function createInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  deployment: DeploymentDocument,
  { isAsync }: { readonly isAsync: boolean },
  once?: Once,
): Promise<{ readonly infrastructureId: string }> {
  const caller = await admit(environment, call, 'write');
  const { radl: requested, tosca } = await readDocument(environment, call, caller, deployment);
  const document = withSiteImages(environment, requested);
  checkDocument(environment, document);
  const { merged } = withRadlErrors(() => mergeRequest(document, Radl.empty(), new Map()));
  const id = once?.id ?? environment.newId();
  const now = environment.now();
  const infrastructure: Infrastructure = {
    id,
    createdAt: now,
    owners: caller.owners,
    configured: null,
    masterVm: null,
    isDestroying: false,
    isDeleted: false,
    nextVmNumber: 0,
    version: 0,
    radl: merged,
    privateNetworks: new Map(),
    snapshots: [],
    extra: tosca === undefined ? {} : withTosca(environment, {}, tosca),
  };
  const username = caller.owners[0].username;
  const accepted = await environment.engine.accept(
    {
      kind: 'create',
      infrastructureId: id,
      caller: username,
      request: {
        ...encodeLaunchRequest({
          document,
          isContextualized: true,
          isAsync,
          serviceUrl: serviceUrlOf(environment, call),
        }),
        ...onceMark(once),
      },
      credentials: caller.items,
    },
    (operationId) => [
      { kind: 'insert-infrastructure', infrastructure },
      {
        kind: 'insert-revision',
        revision: {
          infrastructureId: id,
          kind: tosca === undefined ? 'radl' : 'tosca',
          operationId,
          text: tosca === undefined ? printRadl(document) : serializeTosca(tosca),
          createdAt: now,
        },
      },
    ],
  );
  environment.logger.info(`Creating new Inf ID: ${id} by ${username}.`, { reqId: call.requestId, infId: id });
  if (!isAsync) {
    await resultOf(accepted);
  }
  return { infrastructureId: id };
}

/**
 * The semantic check of a document that is to be deployed (radl.md §8), and whether it asks for more machines than a request may.
 * @throws ImError `bad-request` with the checker's text
 */
export function checkDocument({ settings }: Pick<ManagerEnvironment, 'settings'>, document: Radl): void {
  withRadlErrors(() => checkRadl(document));
  const wanted = document.deploys.reduce((sum, { count }) => sum + count, 0);
  const most = settings.maxVmsPerRequest;
  if (wanted > most) {
    throw badRequest(
      `The document deploys ${wanted} virtual machines; one request may deploy ${most} (option MAX_VMS_PER_REQUEST). ` +
        'Deploy fewer, and add the others with further requests.',
    );
  }
}

/** Runs a step on documents; its RADL errors are the client's. */
export function withRadlErrors<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof RadlError) {
      throw badRequest(errorText(error), { cause: error, details: { problems: error.problems } });
    }
    throw error;
  }
}
