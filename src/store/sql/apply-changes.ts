// SPDX-License-Identifier: Apache-2.0
// Applies a batch of changes in order, inside a transaction that somebody else opened.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change } from '../store.js';
import { touchedInfrastructures } from '../touched-infrastructures.js';
import type { Batch } from './batch.js';
import { addOwners, insertInfrastructure, raiseVersion, updateInfrastructure } from './infrastructures.js';
import { appendLog, resetLog } from './logs.js';
import { insertOperation, updateOperation } from './operations.js';
import { insertResource, updateResource } from './resources.js';
import { insertRevision } from './revisions.js';
import { deleteInfrastructure, purgeInfrastructure } from './scrub.js';
import { insertVm, updateVm } from './vms.js';

/** Then others have their turn: a driver in this process answers at once, so that a large batch would hold up all that needs no database. */
const CHANGES_PER_TURN = 200;

/**
 * Writes the changes and raises the version of each infrastructure that they touch by one.
 * @throws ImError `internal` when a row to change does not exist
 */
export async function applyChanges(batch: Batch, changes: readonly Change[]): Promise<void> {
  for (const id of touchedInfrastructures(changes)) {
    await raiseVersion(batch, id);
  }
  for (const [index, change] of changes.entries()) {
    await applyChange(batch, change);
    if (index % CHANGES_PER_TURN === CHANGES_PER_TURN - 1) {
      await nextTurn();
    }
  }
}

async function applyChange(batch: Batch, change: Change): Promise<void> {
  switch (change.kind) {
    case 'insert-infrastructure':
      return await insertInfrastructure(batch, change.infrastructure, change.updatedAt);
    case 'update-infrastructure':
      await updateInfrastructure(batch, change.id, change.set);
      return change.set.isDeleted ? await deleteInfrastructure(batch, change.id) : undefined;
    case 'add-owners':
      return await addOwners(batch, change.id, change.owners);
    case 'purge-infrastructure':
      return await purgeInfrastructure(batch, change.id);
    case 'insert-vm':
      return await insertVm(batch, change.vm);
    case 'update-vm':
      return await updateVm(batch, change.infrastructureId, change.number, change.set);
    case 'insert-operation':
      return await insertOperation(batch, change.operation);
    case 'update-operation':
      return await updateOperation(batch, change.id, change.set);
    case 'insert-resource':
      return await insertResource(batch, change.resource);
    case 'update-resource':
      return await updateResource(batch, change.id, change.set);
    case 'insert-revision':
      return await insertRevision(batch, change.revision);
    case 'append-log':
      return await appendLog(batch, change.infrastructureId, change.vm, change.text);
    case 'reset-log':
      return await resetLog(batch.session, change.infrastructureId, change.vm);
  }
}
