// SPDX-License-Identifier: Apache-2.0
// im-admin forget-host-key: lets the next log-in to a machine learn its key anew.
import { ImError, infrastructureNotFound, isJsonObject, type JsonObject } from '../../domain/index.js';
import type { Change, Lease, Store } from '../../store/index.js';
import type { AdminCommand } from '../command.js';
import { underLease } from '../unattended-lease.js';

/** A remembered key. */
interface HostKey {
  /** Number of a VM, or `host:port` of a bastion or Ansible host. */
  readonly place: string;
  readonly fingerprint: string;
}

export const forgetHostKey: AdminCommand = {
  name: 'forget-host-key',
  words: 'ID [VM|HOST:PORT]',
  wordCount: { min: 1, max: 2 },
  options: [],
  summary: 'show the keys of machines that are remembered, or forget one',
  details: `The key that a machine shows at the first log-in is demanded ever after: another one means another machine. A machine that was installed anew under
its old record (a host of the user's own, a bastion) has another key on purpose: forget the old one, then reconfigure. Windows machines have a
certificate in the place of a key.`,
  failure: 'there is no such infrastructure or key, or a daemon works on it',
  examples: [
    'im-admin forget-host-key 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11',
    'im-admin forget-host-key 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11 0',
  ],
  async run(context, { words }) {
    const [id = '', place] = words;
    const store = await context.openStore();
    if ((await store.getHeader(id))?.isDeleted !== false) throw infrastructureNotFound();
    if (place === undefined) {
      for (const key of await keysOf(store, id)) context.out(`${key.place}  ${key.fingerprint}`);
      return 0;
    }
    await underLease(context, id, (lease) => forget(store, id, place, lease));
    context.out(`Forgot the key of ${place}: the next log-in remembers what it is shown.`);
    return 0;
  },
};

const sharedKeys = (extra: JsonObject): JsonObject => (isJsonObject(extra.hostKeys) ? extra.hostKeys : {});

async function keysOf(store: Store, id: string): Promise<readonly HostKey[]> {
  const vms = (await store.listVms(id)).flatMap(({ number, extra }): HostKey[] =>
    typeof extra.hostKey === 'string' ? [{ place: String(number), fingerprint: extra.hostKey }] : [],
  );
  const shared = sharedKeys((await store.getInfrastructure(id))?.extra ?? {});
  const others = Object.entries(shared).map(([place, fingerprint]) => ({ place, fingerprint: String(fingerprint) }));
  return [...vms, ...others];
}

async function forget(store: Store, id: string, place: string, lease: Lease): Promise<void> {
  if (!(await keysOf(store, id)).some((key) => key.place === place)) {
    throw new ImError('not-found', `No key of ${place} is remembered. im-admin forget-host-key ${id} shows which are.`);
  }
  await store.commit([await withoutKey(store, id, place)], lease);
}

async function withoutKey(store: Store, id: string, place: string): Promise<Change> {
  if (/^\d+$/.test(place)) {
    const { hostKey: _, ...extra } = (await store.getVm(id, Number(place)))?.extra ?? {};
    return { kind: 'update-vm', infrastructureId: id, number: Number(place), set: { extra } };
  }
  const extra = (await store.getInfrastructure(id))?.extra ?? {};
  const { [place]: _, ...hostKeys } = sharedKeys(extra);
  return { kind: 'update-infrastructure', id, set: { extra: { ...extra, hostKeys } } };
}
