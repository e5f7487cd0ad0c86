// SPDX-License-Identifier: Apache-2.0
// Use case: add VMs to an infrastructure (core.md §6).
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeLaunchRequest, mergeRequest } from '../operations/index.js';
import { printRadl, Radl } from '../radl/index.js';
import { admitToInfrastructure, notForNodes, serviceUrlOf } from './access.js';
import { checkDocument, withRadlErrors } from './create.js';
import type { DeploymentDocument } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { AddResult, Call } from './manager.js';
import { type Once, onceMark } from './once.js';
import { openInfrastructure } from './open-infrastructure.js';
import { neededResultOf } from './outcome.js';
import { withKnownLogins } from './secret-features.js';
import { withSiteImages } from './single-site-images.js';
import { updateWithTosca } from './update-with-tosca.js';

/** A wrong document leaves the infrastructure as it is (spec/README.md). Waits for the launch. */
export async function addResources(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  deployment: DeploymentDocument,
  { isContextualized }: { readonly isContextualized: boolean },
  once?: Once,
): Promise<AddResult> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write', 'people-and-nodes');
  const infrastructure = await openInfrastructure(environment, infrastructureId);
  const isNode = caller.onlyInfrastructure !== undefined;
  if (!(deployment instanceof Radl)) {
    // Reading it would fetch from elsewhere and could show the credentials that the call was given.
    if (isNode) throw notForNodes();
    return updateWithTosca(environment, call, caller, infrastructure, deployment.text, { isContextualized }, once);
  }
  // Reading a large document cost up to a second, and checking it costs as much: others have their turn between.
  await nextTurn();
  const complete = isNode ? withKnownLogins(deployment, infrastructure.radl) : deployment;
  const document = withSiteImages(environment, complete);
  checkDocument(environment, document);
  withRadlErrors(() => mergeRequest(document, infrastructure.radl, infrastructure.privateNetworks));
  const accepted = await environment.engine.accept(
    {
      kind: 'add',
      infrastructureId,
      caller: caller.owners[0].username,
      request: {
        ...encodeLaunchRequest({
          document,
          isContextualized,
          isAsync: false,
          serviceUrl: serviceUrlOf(environment, call),
        }),
        ...onceMark(once),
      },
      ...(once !== undefined && { id: once.id }),
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
  const { vmNumbers } = await neededResultOf(accepted);
  return { vmNumbers: Array.isArray(vmNumbers) ? vmNumbers.map(Number) : [] };
}
