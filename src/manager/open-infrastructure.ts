// SPDX-License-Identifier: Apache-2.0
// The infrastructure that a use case adds to or changes.
import { badRequest, type Infrastructure, infrastructureNotFound } from '../domain/index.js';
import { sleep } from '../util/deadline.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

const POLL_MS = 100;

/** An infrastructure that nobody destroys. @throws ImError `infrastructure-not-found`, `bad-request` */
export async function openInfrastructure({ store }: ManagerEnvironment, id: string): Promise<Infrastructure> {
  const infrastructure = await store.getInfrastructure(id);
  if (infrastructure === undefined || infrastructure.isDeleted) {
    throw infrastructureNotFound();
  }
  if (infrastructure.isDestroying) {
    throw badRequest('Infrastructure deleted. Do not add resources.');
  }
  return infrastructure;
}

/**
 * As `openInfrastructure`, after everything that was accepted before has ended: for changes whose extent depends on the machines that
 * are there. Configurations do not count, they change no machines.
 */
export async function settledInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  id: string,
): Promise<Infrastructure> {
  for (;;) {
    const infrastructure = await openInfrastructure(environment, id);
    const unfinished = await environment.store.listOperations({ infrastructureId: id, states: ['queued', 'running'] });
    if (unfinished.every(({ kind }) => kind === 'configure')) {
      return openInfrastructure(environment, infrastructure.id);
    }
    await sleep(POLL_MS, call.signal);
  }
}
