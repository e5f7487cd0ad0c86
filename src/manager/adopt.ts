// SPDX-License-Identifier: Apache-2.0
// Use case: take a machine that a cloud of the caller has already into an infrastructure.
import { badRequest, cloudReference, ImError } from '../domain/index.js';
import { vmDocument } from '../operations/index.js';
import { planAdoption } from '../operations/maintenance/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { openInfrastructure, settledInfrastructure } from './open-infrastructure.js';

/** @returns number of the new VM. @throws ImError `not-found` when the cloud has no such machine */
export async function adoptVm(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  {
    cloudId,
    providerId,
    systemName,
  }: { readonly cloudId: string; readonly providerId: string; readonly systemName: string },
): Promise<number> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  await openInfrastructure(environment, infrastructureId);
  const cloud = caller.clouds.find(({ id }) => id === cloudId);
  if (cloud === undefined) {
    throw badRequest(`The credentials have no cloud with id '${cloudId}'.`);
  }
  const { radl } = await settledInfrastructure(environment, call, infrastructureId);
  const system = radl.getSystem(systemName);
  if (system === undefined) {
    throw badRequest(`The infrastructure has no system '${systemName}'.`);
  }
  const document = vmDocument(radl, system);
  const [observed] = await environment.connectors.connect(cloud).observe(
    [
      {
        infrastructureId,
        number: 0,
        providerId,
        info: document,
        requested: document,
        extra: {},
        cloudState: 'unknown',
      },
    ],
    call.signal,
  );
  if (observed === undefined || !observed.ok) {
    throw new ImError(
      'provider',
      `Cloud ${cloudId} says nothing about ${providerId}: ${observed?.message ?? 'no answer'}`,
    );
  }
  if (observed.cloudState === 'off' || observed.cloudState === 'failed') {
    throw new ImError(
      'not-found',
      `Cloud ${cloudId} has no working machine ${providerId}: ${observed.reason ?? observed.cloudState}.`,
    );
  }
  const borrowed = await environment.engine.borrow(infrastructureId);
  if (borrowed === undefined) {
    throw new ImError('incorrect-state', 'Another daemon works on the infrastructure at this moment. Try again.');
  }
  try {
    const { number, changes } = await planAdoption(environment.store, {
      infrastructureId,
      systemName,
      cloud: cloudReference(cloud),
      providerId,
      observed: { cloudState: observed.cloudState, ...(observed.info && { info: observed.info }) },
      by: caller.owners[0].username,
      now: environment.now(),
      newId: environment.newId,
    });
    await borrowed.workspace.committer.commit(changes);
    return number;
  } finally {
    borrowed.giveBack();
  }
}
