// SPDX-License-Identifier: Apache-2.0
// A ledger entry as columns and back. It holds no secrets.
import type { Resource, ResourceKind, ResourceState } from '../../domain/index.js';
import type { ResourceChanges } from '../store.js';
import { cloudOf, fromCloud } from './cloud-column.js';
import {
  type Columns,
  integerOf,
  optionalIntegerOf,
  optionalTextOf,
  parseJsonObject,
  type Row,
  textOf,
  wordOf,
} from './row.js';

const KINDS: Readonly<Record<ResourceKind, true>> = {
  vm: true,
  network: true,
  subnet: true,
  router: true,
  'security-group': true,
  volume: true,
  'floating-ip': true,
  port: true,
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

/** The columns of {@link readResource}. */
export const RESOURCE_COLUMNS = [
  'id',
  'infrastructure_id',
  'operation_id',
  'kind',
  'state',
  'vm_number',
  'token',
  'provider_id',
  'created_at',
  'cloud',
  'data',
] as const;

/** The columns of a new entry. */
export function resourceColumns(resource: Resource): Columns {
  return {
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
  };
}

/** The columns that a change sets. */
export function resourceChangeColumns(set: ResourceChanges): Columns {
  return {
    state: set.state,
    provider_id: set.providerId,
    token: set.token,
    data: set.data && JSON.stringify(set.data),
  };
}

/** A ledger entry of its columns. */
export function readResource(row: Row): Resource {
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
