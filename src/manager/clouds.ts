// SPDX-License-Identifier: Apache-2.0
// Use cases: images and quotas of a cloud of the call (core.md §21).
import { imageServiceItem } from '../auth/index.js';
import type { CloudConnector, CloudImage, Quotas } from '../connectors/index.js';
import { badRequest, type Caller, ImError } from '../domain/index.js';
import { admit } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** Images that the cloud offers. */
export async function cloudImages(
  environment: ManagerEnvironment,
  call: Call,
  cloudId: string,
  filters: Readonly<Record<string, string>>,
): Promise<readonly CloudImage[]> {
  const { clouds, items } = await admit(environment, call, 'read');
  if (imageServiceItem(items, cloudId) !== undefined) return environment.egiImages(filters);
  const connector = connectorOf(environment, clouds, cloudId);
  if (connector.listImages === undefined) {
    throw new ImError('not-supported', `Clouds of type ${connector.cloud.type} cannot list images.`);
  }
  return connector.listImages(filters, call.signal);
}

/** Used and allowed amounts of the account. */
export async function cloudQuotas(environment: ManagerEnvironment, call: Call, cloudId: string): Promise<Quotas> {
  const { clouds } = await admit(environment, call, 'read');
  const connector = connectorOf(environment, clouds, cloudId);
  if (connector.quotas === undefined) {
    throw new ImError('not-supported', `Clouds of type ${connector.cloud.type} have no quotas.`);
  }
  return connector.quotas(call.signal);
}

/** The last cloud of that id wins, as in the reference. */
function connectorOf(environment: ManagerEnvironment, clouds: Caller['clouds'], cloudId: string): CloudConnector {
  const cloud = clouds.findLast(({ id }) => id === cloudId);
  if (cloud === undefined) {
    throw badRequest(`Cloud ID ${cloudId} not found.`);
  }
  return environment.connectors.connect(cloud);
}
