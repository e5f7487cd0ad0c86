// SPDX-License-Identifier: Apache-2.0
// Use cases: images and quotas of a cloud of the call (core.md §21).
import type { CloudConnector, CloudImage, Quotas } from '../connectors/index.js';
import { badRequest, ImError } from '../domain/index.js';
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
  const connector = await cloudOf(environment, call, cloudId);
  if (connector.listImages === undefined) {
    throw new ImError('not-supported', `Clouds of type ${connector.cloud.type} cannot list images.`);
  }
  return connector.listImages(filters, call.signal);
}

/** Used and allowed amounts of the account. */
export async function cloudQuotas(environment: ManagerEnvironment, call: Call, cloudId: string): Promise<Quotas> {
  const connector = await cloudOf(environment, call, cloudId);
  if (connector.quotas === undefined) {
    throw new ImError('not-supported', `Clouds of type ${connector.cloud.type} have no quotas.`);
  }
  return connector.quotas(call.signal);
}

/** The last cloud of that id wins, as in the reference. */
async function cloudOf(environment: ManagerEnvironment, call: Call, cloudId: string): Promise<CloudConnector> {
  const { clouds } = await admit(environment, call, 'read');
  const cloud = clouds.findLast(({ id }) => id === cloudId);
  if (cloud === undefined) {
    throw badRequest(`Cloud ID ${cloudId} not found.`);
  }
  return environment.connectors.connect(cloud);
}
