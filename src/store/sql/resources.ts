// SPDX-License-Identifier: Apache-2.0
// Ledger rows: provider resources and intents. They hold no secrets and outlive the scrub, since leftovers are searched by them.
import { ImError, type Resource, type ResourceKind, type ResourceState } from '../../domain/index.js';
import type { ResourceChanges } from '../store.js';
import type { Batch } from './batch.js';
import { cloudOf, fromCloud } from './cloud-column.js';
import type { SqlSession } from './database.js';
import { integerOf, optionalIntegerOf, optionalTextOf, parseJsonObject, type Row, textOf, wordOf } from './row.js';
import { insertRow, placesFor, updateRows } from './statements.js';

/** Which ledger entries to list. */
export interface ResourceFilter {
  readonly states?: readonly ResourceState[];
  readonly operationId?: string;
}

const KINDS: Readonly<Record<ResourceKind, true>> = {
  vm: true,
  network: true,
  subnet: true,
  router: true,
  'security-group': true,
  volume: true,
  'floating-ip': true,
  'key-pair': true,
  snapshot: true,
  other: true,
};

const STATES: Readonly<Record<ResourceState, true>> = {
  intent: true,
  created: true,
  deleting: true,
  deleted: true,
  abandoned: true,
};

/** Writes a new entry. */
export async function insertResource({ session }: Batch, resource: Resource): Promise<void> {
  await insertRow(session, 'resources', {
    id: resource.id,
    infrastructure_id: resource.infrastructureId,
    operation_id: resource.operationId,
    kind: resource.kind,
    state: resource.state,
    vm_number: resource.vmNumber,
    token: resource.token,
    provider_id: resource.providerId,
    created_at: resource.createdAt,
    cloud: fromCloud(resource.cloud),
    data: JSON.stringify(resource.data),
  });
}

/**
 * Writes columns of an entry.
 * @throws ImError `internal` when there is no such entry
 */
export async function updateResource({ session }: Batch, id: string, set: ResourceChanges): Promise<void> {
  const columns = {
    state: set.state,
    provider_id: set.providerId,
    token: set.token,
    data: set.data && JSON.stringify(set.data),
  };
  if ((await updateRows(session, 'resources', columns, { id })) === 0) {
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
    `SELECT id, infrastructure_id, operation_id, kind, state, vm_number, token, provider_id, created_at, cloud, data
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

function readResource(row: Row): Resource {
  return {
    id: textOf(row, 'id'),
    infrastructureId: textOf(row, 'infrastructure_id'),
    operationId: textOf(row, 'operation_id'),
    kind: wordOf(row, 'kind', KINDS),
    state: wordOf(row, 'state', STATES),
    vmNumber: optionalIntegerOf(row, 'vm_number'),
    token: textOf(row, 'token'),
    providerId: optionalTextOf(row, 'provider_id'),
    createdAt: integerOf(row, 'created_at'),
    cloud: cloudOf(row),
    data: parseJsonObject(textOf(row, 'data'), 'data'),
  };
}
