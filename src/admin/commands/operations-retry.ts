// SPDX-License-Identifier: Apache-2.0
// im-admin operations retry: does again what needs no credentials, and says of the rest how to repeat it.
import { ImError, isFinal, type Operation, type OperationKind } from '../../domain/index.js';
import { resetForConfiguration } from '../../operations/configure/trigger.js';
import type { Store } from '../../store/index.js';
import type { AdminCommand, AdminContext } from '../command.js';
import { requireOperation } from '../operation-facts.js';
import { underLease } from '../unattended-lease.js';

/** How the owner of an infrastructure asks for it again; `configure` is done here. */
const CALLS: Readonly<Record<Exclude<OperationKind, 'configure'>, string>> = {
  create: 'POST /infrastructures',
  add: 'POST /infrastructures/ID',
  update: 'POST /infrastructures/ID',
  restore: 'PUT /infrastructures/ID/revisions/N/restore',
  remove: 'DELETE /infrastructures/ID/vms/VM',
  destroy: 'DELETE /infrastructures/ID (with ?force=true to give up on what cannot be deleted)',
  reconfigure: 'PUT /infrastructures/ID/reconfigure',
  start: 'PUT /infrastructures/ID/start',
  stop: 'PUT /infrastructures/ID/stop',
  'start-vm': 'PUT /infrastructures/ID/vms/VM/start',
  'stop-vm': 'PUT /infrastructures/ID/vms/VM/stop',
  'reboot-vm': 'PUT /infrastructures/ID/vms/VM/reboot',
  'alter-vm': 'PUT /infrastructures/ID/vms/VM',
  snapshot: 'PUT /infrastructures/ID/vms/VM/disks/DISK/snapshot',
  release: 'GET /infrastructures/ID/data?delete=true',
};

export const operationsRetry: AdminCommand = {
  name: 'operations retry',
  words: 'OPERATION',
  wordCount: { min: 1, max: 1 },
  options: [],
  summary: 'do a configuration that failed or was cancelled again',
  details: `A configuration only needs what is stored: the daemon takes it up within seconds, or when it starts. Every other operation needs the
credentials of its caller, which are deleted when it ends; the call with which the owner repeats it is named.`,
  failure: 'there is no such operation, or it cannot be repeated from here',
  examples: ['im-admin operations retry 0b7c2f52-5f1e-4f0e-8a51-7b7e4b1d9c20'],
  async run(context, { words }) {
    const store = await context.openStore();
    const operation = await requireOperation(store, words[0] ?? '');
    const { id, kind, state, infrastructureId } = operation;
    if (!isFinal(state) || state === 'done') {
      throw new ImError(
        'incorrect-state',
        `Operation ${id} is ${state}: only a failed or cancelled one can be repeated.`,
      );
    }
    if (kind !== 'configure') {
      throw new ImError(
        'not-supported',
        `The ${kind} ${id} needs the cloud credentials of ${operation.caller}, which were deleted at its end. Its owner repeats it with ${CALLS[kind].replace('ID', infrastructureId)}.`,
      );
    }
    const newId = await underLease(context, infrastructureId, (lease) => repeat(context, store, operation, lease));
    context.out(`Queued as operation ${newId}: a daemon takes it up within seconds, or when it starts.`);
    return 0;
  },
};

async function repeat(
  { newId, now }: AdminContext,
  store: Store,
  { infrastructureId, caller, request }: Operation,
  lease: Parameters<Store['commit']>[1],
): Promise<string> {
  const header = await store.getHeader(infrastructureId);
  if (header === undefined || header.isDeleted || header.isDestroying) {
    throw new ImError(
      'incorrect-state',
      `Infrastructure ${infrastructureId} is destroyed: nothing is left to configure.`,
    );
  }
  const id = newId();
  await store.commit(
    [
      ...resetForConfiguration(infrastructureId, await store.listVmStatuses(infrastructureId)),
      {
        kind: 'insert-operation',
        operation: {
          id,
          infrastructureId,
          kind: 'configure',
          state: 'queued',
          caller,
          request,
          credentials: [],
          progress: {},
          result: null,
          error: null,
          createdAt: now(),
          startedAt: null,
          finishedAt: null,
        },
      },
    ],
    lease,
  );
  return id;
}
