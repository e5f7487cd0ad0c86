// SPDX-License-Identifier: Apache-2.0
// im-admin abandon: forgets an infrastructure without touching its machines. The ledger keeps what may still exist.
import { ImError, infrastructureNotFound, isFinal } from '../../domain/index.js';
import type { Change, Lease, Store } from '../../store/index.js';
import type { AdminCommand, AdminContext } from '../command.js';
import { countText } from '../text.js';
import { underLease } from '../unattended-lease.js';

export const abandon: AdminCommand = {
  name: 'abandon',
  words: 'ID',
  wordCount: { min: 1, max: 1 },
  options: [
    { name: 'yes', help: 'really do it; otherwise only say what would be forgotten' },
    { name: 'cancel-operations', help: 'also when operations of it are unfinished: cancel them' },
  ],
  summary: 'forget an infrastructure without destroying its machines',
  details: `Its documents, logs and credentials are deleted here; its machines go on running, and cost what they cost. im-admin leftovers lists them from
then on. Make an export first if it may come back: im-admin export ID FILE. No credentials are needed.`,
  failure: 'there is no such infrastructure, or operations of it are unfinished, or a daemon works on it',
  examples: [
    'im-admin abandon 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11',
    'im-admin abandon --yes 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11',
  ],
  async run(context, { words, flags }) {
    const [id = ''] = words;
    const store = await context.openStore();
    if ((await store.getHeader(id))?.isDeleted !== false) {
      throw infrastructureNotFound();
    }
    const vms = await store.listVmStatuses(id);
    const what = `infrastructure ${id} with ${countText(vms.length, 'VM')}`;
    if (!flags.has('yes')) {
      context.out(`Would forget ${what}. Its machines would not be touched. Use --yes to do it.`);
      return 0;
    }
    const left = await underLease(context, id, (lease) => forget(context, store, id, lease, flags));
    context.out(`Forgot ${what}; ${countText(left, 'resource')} may still exist: im-admin leftovers ${id}`);
    return 0;
  },
};

async function forget(
  { now }: AdminContext,
  store: Store,
  id: string,
  lease: Lease,
  flags: ReadonlySet<string>,
): Promise<number> {
  const unfinished = (await store.listOperations({ infrastructureId: id })).filter(({ state }) => !isFinal(state));
  if (unfinished.length > 0 && !flags.has('cancel-operations')) {
    throw new ImError(
      'incorrect-state',
      `Infrastructure ${id} has ${countText(unfinished.length, 'unfinished operation')}: wait for the end, or use --cancel-operations.`,
    );
  }
  const error = { code: 'cancelled', message: 'The infrastructure was abandoned by the administrator.' };
  const resources = await store.listResources(id, { states: ['intent', 'created', 'deleting', 'abandoned'] });
  await store.commit(
    [
      ...unfinished.map(
        (operation): Change => ({
          kind: 'update-operation',
          id: operation.id,
          set: { state: 'cancelled', finishedAt: now(), error },
        }),
      ),
      ...resources.map(
        (resource): Change => ({ kind: 'update-resource', id: resource.id, set: { state: 'abandoned' } }),
      ),
      { kind: 'update-infrastructure', id, set: { isDeleted: true } },
    ],
    lease,
  );
  return resources.length;
}
