// SPDX-License-Identifier: Apache-2.0
// Use case: take over an exported infrastructure (persistence.md §5-§7). Never replaces one that lives here.
import { badRequest, type Caller, errorText, isGranted, isJsonObject, type JsonObject } from '../domain/index.js';
import {
  type Change,
  type ReferenceRecord,
  readReferenceRecord,
  recordChanges,
  STATISTICS_KEY,
} from '../store/index.js';
import { admit } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** Owner is the caller. A known id is kept only when the caller owned it and it was deleted here (spec/README.md). */
export async function importInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  text: string,
): Promise<{ readonly infrastructureId: string }> {
  const caller = await admit(environment, call, 'write');
  let record: ReferenceRecord;
  try {
    record = readReferenceRecord(text, { createdAt: environment.now() });
  } catch (error) {
    throw badRequest(`Error importing the infrastructure, incorrect data: ${errorText(error)}`, { cause: error });
  }
  const { infrastructure } = record;
  const accepted = { ...record, infrastructure: { ...infrastructure, owners: caller.owners, isDeleted: false } };
  let chosen = await chooseId(environment, caller, infrastructure.id);
  try {
    await environment.store.commit(await changesOf(environment, accepted, chosen));
  } catch (error) {
    // Somebody else may have imported it in the meantime: then it is refused as if that had been long ago.
    const again = await chooseId(environment, caller, infrastructure.id);
    if (again.id === chosen.id && again.isReturning === chosen.isReturning) {
      throw error;
    }
    chosen = again;
    await environment.store.commit(await changesOf(environment, accepted, chosen));
  }
  const { id } = chosen;
  environment.logger.info(`Imported Inf ID: ${id} by ${caller.owners[0].username}.`, { infId: id });
  return { infrastructureId: id };
}

async function changesOf(
  { store }: ManagerEnvironment,
  record: ReferenceRecord,
  { id, isReturning }: ChosenId,
): Promise<readonly Change[]> {
  if (!isReturning) {
    return recordChanges(record, id);
  }
  // Documents name machines only: networks and the like that were left here are deleted with the infrastructure that comes back.
  const left = (await store.listResources(id, { states: ['abandoned'] })).filter(({ kind }) => kind !== 'vm');
  return [
    { kind: 'purge-infrastructure', id },
    ...recordChanges(record, id),
    ...left.map(
      (resource): Change => ({
        kind: 'insert-resource',
        resource: { ...resource, state: resource.providerId === null ? 'intent' : 'created' },
      }),
    ),
  ];
}

/** Under which id a document is taken over. */
interface ChosenId {
  readonly id: string;
  /** In the place of a deleted one. */
  readonly isReturning: boolean;
}

/**
 * The document's id when it is free, was exported with delete (whoever has the document may bring it back), or was the caller's and is
 * deleted here; else a new one.
 */
async function chooseId(environment: ManagerEnvironment, caller: Caller, id: string): Promise<ChosenId> {
  const known = await environment.store.getHeader(id);
  if (known === undefined) {
    return { id, isReturning: false };
  }
  if (!known.isDeleted) {
    if (isGranted(caller, known.owners)) {
      throw badRequest('Trying to add an existing infrastructure ID.');
    }
    return { id: environment.newId(), isReturning: false };
  }
  const owned = await environment.store.listStatistics({ id, ownedBy: caller.owners });
  const isFree = owned.length > 0 || isExported((await environment.store.getInfrastructure(id))?.extra ?? {});
  return isFree ? { id, isReturning: true } : { id: environment.newId(), isReturning: false };
}

function isExported({ [STATISTICS_KEY]: statistics }: JsonObject): boolean {
  return isJsonObject(statistics) && statistics.isExported === true;
}
