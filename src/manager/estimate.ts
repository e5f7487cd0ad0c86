// SPDX-License-Identifier: Apache-2.0
// Use case: what a document would use (core.md §21.1). Nothing is stored.
import { errorText, type JsonObject } from '../domain/index.js';
import { mergeRequest } from '../operations/index.js';
import { type CloudOption, estimate as estimatePlacement, place } from '../placement/index.js';
import { Radl } from '../radl/index.js';
import { admit } from './access.js';
import { checkDocument, withRadlErrors } from './create.js';
import { type DeploymentDocument, readDocument } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { withSiteImages } from './single-site-images.js';

/** Resources by cloud id; empty when the document deploys nothing. */
export async function estimate(
  environment: ManagerEnvironment,
  call: Call,
  deployment: DeploymentDocument,
): Promise<JsonObject> {
  const caller = await admit(environment, call, 'read');
  const { radl } = await readDocument(environment, call, caller, deployment);
  const document = withSiteImages(environment, radl);
  checkDocument(environment, document);
  const { request } = withRadlErrors(() => mergeRequest(document, Radl.empty(), new Map()));
  if (request.deploys.length === 0) {
    return {};
  }
  const options = caller.clouds.map((cloud): CloudOption => {
    try {
      return { cloud, connector: environment.connectors.connect(cloud) };
    } catch (error) {
      return { cloud, problem: errorText(error) };
    }
  });
  const placement = await place(request, options, environment.settings.systemDefaults, call.signal);
  return estimatePlacement(request, placement);
}
