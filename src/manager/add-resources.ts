// SPDX-License-Identifier: Apache-2.0
// Use case: add VMs to an infrastructure (core.md §6).
import { badRequest, infrastructureNotFound } from '../domain/index.js';
import { encodeLaunchRequest, mergeRequest } from '../operations/index.js';
import { printRadl, type Radl } from '../radl/index.js';
import { admitToInfrastructure } from './access.js';
import { checkDocument, withRadlErrors } from './create.js';
import type { ManagerEnvironment } from './environment.js';
import type { AddResult, Call } from './manager.js';
import { resultOf } from './outcome.js';
import { withSiteImages } from './single-site-images.js';

/** A wrong document leaves the infrastructure as it is (spec/README.md). Waits for the launch. */
export async function addResources(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  requested: Radl,
  { isContextualized }: { readonly isContextualized: boolean },
): Promise<AddResult> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  const infrastructure = await environment.store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined) {
    throw infrastructureNotFound();
  }
  if (infrastructure.isDestroying) {
    throw badRequest('Infrastructure deleted. Do not add resources.');
  }
  const document = withSiteImages(environment, requested);
  checkDocument(document);
  withRadlErrors(() => mergeRequest(document, infrastructure.radl, infrastructure.privateNetworks));
  const accepted = await environment.engine.accept(
    {
      kind: 'add',
      infrastructureId,
      caller: caller.owners[0].username,
      request: encodeLaunchRequest({ document, isContextualized, isAsync: false, serviceUrl: call.serviceUrl }),
      credentials: caller.items,
    },
    (operationId) => [
      {
        kind: 'insert-revision',
        revision: {
          infrastructureId,
          kind: 'radl',
          operationId,
          text: printRadl(document),
          createdAt: environment.now(),
        },
      },
    ],
  );
  const { vmNumbers } = await resultOf(accepted);
  return { vmNumbers: Array.isArray(vmNumbers) ? vmNumbers.map(Number) : [] };
}
