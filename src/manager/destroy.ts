// SPDX-License-Identifier: Apache-2.0
// Use case: destroy an infrastructure (core.md §18).
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { resultOf } from './outcome.js';

/** Cancels whatever runs, deletes everything; a second call joins the first. */
export async function destroyInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  { isForced, isAsync }: { readonly isForced: boolean; readonly isAsync: boolean },
): Promise<void> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'delete');
  const accepted = await environment.engine.accept(
    {
      kind: 'destroy',
      infrastructureId,
      caller: caller.owners[0].username,
      request: { isForced },
      credentials: caller.items,
    },
    () => [{ kind: 'update-infrastructure', id: infrastructureId, set: { isDestroying: true } }],
  );
  environment.logger.info(`Destroying Inf ID: ${infrastructureId}.`, {
    reqId: call.requestId,
    infId: infrastructureId,
  });
  if (!isAsync) {
    await resultOf(accepted);
  }
}
