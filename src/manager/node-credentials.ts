// SPDX-License-Identifier: Apache-2.0
// The clouds of a call that a node makes with the token of its infrastructure: those that it sends beside the token, else those that an
// unfinished operation of the infrastructure keeps sealed. Nothing is kept longer than that (spec/README.md).
import { type Caller, ImError } from '../domain/index.js';
import type { ManagerEnvironment } from './environment.js';

/**
 * The caller with the credentials to work with.
 * @throws ImError `bad-request` naming the clouds of the infrastructure when there are none
 */
export async function withKeptCredentials(
  { store, cloudsOf }: ManagerEnvironment,
  caller: Caller,
  infrastructureId: string,
): Promise<Caller> {
  if (caller.clouds.length > 0) return caller;
  const unfinished = await store.listOperations({ infrastructureId, states: ['queued', 'running'] });
  for (const { credentials } of [...unfinished].reverse()) {
    const clouds = cloudsOf(credentials);
    if (clouds.length > 0) {
      // The owner's own items stay behind: a node must not act as a person, nor may its documents see that person's token.
      const kept = clouds.map(({ id, item }) => ({ ...item, id }));
      return { ...caller, items: [...caller.items, ...kept], clouds: cloudsOf(kept) };
    }
  }
  const types = new Set((await store.listVmStatuses(infrastructureId)).map(({ cloud }) => cloud.type));
  const wanted = types.size === 0 ? 'its cloud' : [...types].sort().join(', ');
  throw new ImError(
    'bad-request',
    `No credentials of ${wanted}: the token of an infrastructure brings none, and the service keeps them only while an operation ` +
      'needs them. Send them in the same authorization data as the token.',
  );
}
