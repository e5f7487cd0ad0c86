// SPDX-License-Identifier: Apache-2.0
// im-admin adopt: takes a machine that a provider has already into an infrastructure.
import { badRequest, type CloudReference, ImError, infrastructureNotFound } from '../../domain/index.js';
import { planAdoption } from '../../operations/maintenance/index.js';
import type { Store } from '../../store/index.js';
import type { AdminCommand } from '../command.js';
import { underLease } from '../unattended-lease.js';
import { UsageError } from '../usage-error.js';

export const adopt: AdminCommand = {
  name: 'adopt',
  words: 'ID MACHINE',
  wordCount: { min: 2, max: 2 },
  options: [
    { name: 'system', value: 'NAME', help: 'system of the document that it is one of (needed when there are several)' },
    { name: 'cloud', value: 'CLOUD', help: 'id of a cloud of the infrastructure (needed when there are several)' },
    {
      name: 'type',
      value: 'TYPE',
      help: 'with --cloud and --server: a cloud that the infrastructure does not use yet',
    },
    { name: 'server', value: 'HOST', help: 'host of that cloud' },
  ],
  summary: 'take a machine that a provider has already into an infrastructure',
  details: `MACHINE is its id at the provider. Nothing is done to the machine and the provider is not asked (PUT /infrastructures/ID/adopt asks it): the next
look at the state fills in what is known of it. It counts as unconfigured until a reconfigure. Ledger entries of infrastructures that gave
it up (im-admin leftovers) are closed; one that another infrastructure uses is refused.`,
  failure: 'there is no such infrastructure, cloud or system, or another one uses the machine, or a daemon works on it',
  examples: [
    'im-admin adopt 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11 i-0123456789abcdef0 --system node --cloud ec2',
    'im-admin adopt 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11 node-7 --system node --cloud one --type Docker --server docker.example',
  ],
  async run(context, { words, values }) {
    const [id = '', providerId = ''] = words;
    if (values.has('type') && !values.has('cloud')) {
      throw new UsageError('Use --cloud together with --type: it is the id in the credentials.');
    }
    const store = await context.openStore();
    if ((await store.getHeader(id))?.isDeleted !== false) {
      throw infrastructureNotFound();
    }
    const { number, system } = await underLease(context, id, async (lease) => {
      const systemName = values.get('system') ?? (await onlySystem(store, id));
      const cloud = await cloudOf(store, id, values);
      const plan = await planAdoption(store, {
        infrastructureId: id,
        systemName,
        cloud,
        providerId,
        by: 'im-admin',
        now: context.now(),
        newId: context.newId,
      });
      await store.commit(plan.changes, lease);
      return { number: plan.number, system: systemName };
    });
    context.out(
      `Machine ${providerId} is VM ${number} (${system}) of infrastructure ${id}. Its owner configures it: PUT /infrastructures/${id}/reconfigure`,
    );
    return 0;
  },
};

async function onlySystem(store: Store, id: string): Promise<string> {
  const systems = (await store.getInfrastructure(id))?.radl.systems.map(({ name }) => name) ?? [];
  const [only] = systems;
  if (only === undefined || systems.length > 1) {
    throw badRequest(`Say with --system which one it is of: ${systems.join(', ') || 'the infrastructure has none'}.`);
  }
  return only;
}

async function cloudOf(store: Store, id: string, values: ReadonlyMap<string, string>): Promise<CloudReference> {
  const vms = await store.listVmStatuses(id, { includeDestroyed: true });
  const known = new Map(vms.map(({ cloud }) => [cloud.id, cloud]));
  const wanted = values.get('cloud');
  const type = values.get('type');
  if (type !== undefined) {
    return { id: wanted ?? '', type, server: values.get('server') ?? '', protocol: '', port: -1, path: '', extra: {} };
  }
  const [only] = known.values();
  const cloud = wanted === undefined && known.size === 1 ? only : known.get(wanted ?? '');
  if (cloud === undefined) {
    const ids = [...known.keys()].join(', ');
    throw new ImError(
      'bad-request',
      ids === ''
        ? 'The infrastructure has no machines yet: say where this one is with --cloud, --type and --server.'
        : `Say with --cloud where it is: ${ids}; or with --cloud, --type and --server for another one.`,
    );
  }
  return cloud;
}
