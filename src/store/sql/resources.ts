// SPDX-License-Identifier: Apache-2.0
// Ledger rows: provider resources and intents. They outlive the scrub, since leftovers are searched by them.
import { ImError, type Resource, type ResourceState } from '../../domain/index.js';
import { RESOURCE_COLUMNS, readResource, resourceChangeColumns, resourceColumns } from '../rows/resource-row.js';
import { textOf } from '../rows/row.js';
import type { ResourceChanges } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { insertRow, placesFor, updateRows } from './statements.js';

/** Which ledger entries to list. */
export interface ResourceFilter {
  readonly states?: readonly ResourceState[];
  readonly operationId?: string;
}

/** Writes a new entry. */
export async function insertResource({ session }: Batch, resource: Resource): Promise<void> {
  await insertRow(session, 'resources', resourceColumns(resource));
}

/**
 * Writes columns of an entry.
 * @throws ImError `internal` when there is no such entry
 */
export async function updateResource({ session }: Batch, id: string, set: ResourceChanges): Promise<void> {
  if ((await updateRows(session, 'resources', resourceChangeColumns(set), { id })) === 0) {
    throw new ImError('internal', `There is no resource ${id} to change: nothing was written.`);
  }
}

/** Lists entries of an infrastructure in order of creation. */
export async function listResources(
  session: SqlSession,
  infrastructureId: string,
  { states, operationId }: ResourceFilter = {},
): Promise<readonly Resource[]> {
  if (states?.length === 0) {
    return [];
  }
  const rows = await session.all(
    `SELECT ${RESOURCE_COLUMNS.join(', ')}
       FROM resources WHERE infrastructure_id = ?
       ${states ? `AND state IN (${placesFor(states)})` : ''} ${operationId === undefined ? '' : 'AND operation_id = ?'}
      ORDER BY sequence`,
    [infrastructureId, ...(states ?? []), ...(operationId === undefined ? [] : [operationId])],
  );
  return rows.map(readResource);
}

/** Infrastructures with entries in one of the states. */
export async function listInfrastructuresWithResources(
  session: SqlSession,
  states: readonly ResourceState[],
): Promise<readonly string[]> {
  if (states.length === 0) {
    return [];
  }
  const rows = await session.all(
    `SELECT DISTINCT infrastructure_id FROM resources WHERE state IN (${placesFor(states)}) ORDER BY infrastructure_id`,
    states,
  );
  return rows.map((row) => textOf(row, 'infrastructure_id'));
}
