// SPDX-License-Identifier: Apache-2.0
// im-admin operations cancel: ends an operation that has not begun.
import { ImError, isFinal, type Operation } from '../../domain/index.js';
import type { Change, Lease, Store } from '../../store/index.js';
import type { AdminCommand, AdminContext } from '../command.js';
import { requireOperation } from '../operation-facts.js';
import { underLease } from '../unattended-lease.js';

export const operationsCancel: AdminCommand = {
  name: 'operations cancel',
  words: 'OPERATION',
  wordCount: { min: 1, max: 1 },
  options: [],
  summary: 'cancel an operation that is queued',
  details: `One that is running has things half-made at a provider: destroy the infrastructure through the API, which cancels it and cleans up. A queued
destroy cannot be cancelled either: what it cancelled before it is gone.`,
  failure: 'there is no such operation, or it is not queued',
  examples: ['im-admin operations cancel 0b7c2f52-5f1e-4f0e-8a51-7b7e4b1d9c20'],
  async run(context, { words }) {
    const store = await context.openStore();
    const operation = await requireOperation(store, words[0] ?? '');
    requireCancellable(operation);
    await cancel(context, store, operation);
    context.out(`Cancelled the ${operation.kind} ${operation.id} of infrastructure ${operation.infrastructureId}.`);
    return 0;
  },
};

function requireCancellable({ id, kind, state, infrastructureId }: Operation): void {
  if (isFinal(state)) {
    throw new ImError('incorrect-state', `Operation ${id} has ended already (${state}).`);
  }
  if (state === 'running' || kind === 'destroy') {
    const what = kind === 'destroy' ? 'a destroy' : 'running';
    throw new ImError(
      'incorrect-state',
      `Operation ${id} is ${what} and cannot be cancelled here: wait for its end, or destroy infrastructure ${infrastructureId} through the API.`,
    );
  }
}

/** Under the lease where it is free: then nobody begins it meanwhile. Otherwise a daemon is busy with one that comes before it. */
async function cancel(context: AdminContext, store: Store, operation: Operation): Promise<void> {
  const write = async (lease?: Lease): Promise<void> => {
    requireCancellable(await requireOperation(store, operation.id));
    const error = { code: 'cancelled', message: 'The operation was cancelled by the administrator.' };
    const change: Change = {
      kind: 'update-operation',
      id: operation.id,
      set: { state: 'cancelled', finishedAt: context.now(), error },
    };
    await store.commit([change], lease);
  };
  try {
    await underLease(context, operation.infrastructureId, write);
  } catch (error) {
    const isBusy = error instanceof ImError && error.code === 'incorrect-state';
    if (!isBusy) {
      throw error;
    }
    await write();
  }
}
