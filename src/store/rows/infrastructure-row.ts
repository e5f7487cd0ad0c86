// SPDX-License-Identifier: Apache-2.0
// An infrastructure as columns and back: the header apart from the documents, what can hold a secret sealed.
import type { Infrastructure, InfrastructureHeader } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { InfrastructureChanges } from '../store.js';
import { openJson, openRadl, sealJson, sealRadl } from './documents.js';
import { once } from './lazy.js';
import { openOwners, scrubbedOwners, sealOwners } from './owner-row.js';
import {
  type Columns,
  flagOf,
  fromFlag,
  fromOptionalFlag,
  integerOf,
  optionalFlagOf,
  optionalIntegerOf,
  optionalTextOf,
  parseJsonList,
  parseTextRecord,
  type Row,
  textOf,
} from './row.js';
import { scrubbedExtra, templateNameOf } from './statistics.js';

/** The columns of {@link readHeader}. */
export const HEADER_COLUMNS = [
  'id',
  'version',
  'created_at',
  'configured',
  'master_vm',
  'is_destroying',
  'is_deleted',
  'next_vm_number',
  'owners',
] as const;

/** The further columns of {@link readInfrastructure}. */
export const DOCUMENT_COLUMNS = ['radl', 'private_networks', 'snapshots', 'extra'] as const;

type DocumentName = 'radl' | 'extra' | 'privateNetworks' | 'snapshots';

const radlContext = (id: string): string => `infrastructure_documents/radl/${id}`;
const extraContext = (id: string): string => `infrastructure_documents/extra/${id}`;

/** The header columns of a new infrastructure. @param updatedAt time of the last change, milliseconds since 1970 */
export function headerColumns(sealer: Sealer, infrastructure: Infrastructure, updatedAt: number): Columns {
  const { id, owners, isDeleted } = infrastructure;
  return {
    id,
    version: infrastructure.version,
    created_at: infrastructure.createdAt,
    updated_at: updatedAt,
    configured: fromOptionalFlag(infrastructure.configured),
    master_vm: infrastructure.masterVm,
    is_destroying: fromFlag(infrastructure.isDestroying),
    is_deleted: fromFlag(isDeleted),
    next_vm_number: infrastructure.nextVmNumber,
    template_name: templateNameOf(infrastructure.extra),
    owners: sealOwners(sealer, id, isDeleted ? scrubbedOwners(owners) : owners),
  };
}

/** The header columns that a change sets; `isDeleted` itself is written by the scrub. */
export function headerChangeColumns(
  sealer: Sealer,
  id: string,
  set: InfrastructureChanges,
  isDeleted: boolean,
): Columns {
  return {
    configured: set.configured === undefined ? undefined : fromOptionalFlag(set.configured),
    master_vm: set.masterVm,
    is_destroying: set.isDestroying === undefined ? undefined : fromFlag(set.isDestroying),
    next_vm_number: set.nextVmNumber,
    template_name: set.extra && templateNameOf(set.extra),
    owners: set.owners && sealOwners(sealer, id, isDeleted ? scrubbedOwners(set.owners) : set.owners),
  };
}

/** The document columns, as far as they are given. */
export function documentColumns(
  sealer: Sealer,
  id: string,
  { radl, extra, privateNetworks, snapshots }: Pick<InfrastructureChanges, DocumentName>,
  isDeleted: boolean,
): Columns {
  return {
    private_networks: privateNetworks && JSON.stringify(Object.fromEntries(privateNetworks)),
    snapshots: snapshots && JSON.stringify(snapshots),
    radl: radl && (isDeleted ? null : sealRadl(sealer, radl, radlContext(id))),
    extra: extra && sealJson(sealer, isDeleted ? scrubbedExtra(extra) : extra, extraContext(id)),
  };
}

/** What the header and the documents become when the infrastructure is deleted. */
export function scrubbedColumns(
  sealer: Sealer,
  { id, owners, extra }: Pick<Infrastructure, 'id' | 'owners' | 'extra'>,
): { readonly header: Columns; readonly documents: Columns } {
  return {
    header: { is_deleted: 1, owners: sealOwners(sealer, id, scrubbedOwners(owners)) },
    documents: { radl: null, extra: sealJson(sealer, scrubbedExtra(extra), extraContext(id)) },
  };
}

/** A header of its columns. */
export function readHeader(row: Row, sealer: Sealer): InfrastructureHeader {
  const id = textOf(row, 'id');
  return {
    id,
    version: integerOf(row, 'version'),
    createdAt: integerOf(row, 'created_at'),
    configured: optionalFlagOf(row, 'configured'),
    masterVm: optionalIntegerOf(row, 'master_vm'),
    isDestroying: flagOf(row, 'is_destroying'),
    isDeleted: flagOf(row, 'is_deleted'),
    nextVmNumber: integerOf(row, 'next_vm_number'),
    owners: openOwners(sealer, id, textOf(row, 'owners')),
  };
}

/** An infrastructure of all its columns; its documents are opened when they are first looked at. */
export function readInfrastructure(row: Row, sealer: Sealer): Infrastructure {
  const header = readHeader(row, sealer);
  const { id } = header;
  const [sealedRadl, sealedExtra] = [optionalTextOf(row, 'radl'), textOf(row, 'extra')];
  const radl = once(() => openRadl(sealer, sealedRadl, radlContext(id)));
  const extra = once(() => openJson(sealer, sealedExtra, extraContext(id)));
  return {
    ...header,
    privateNetworks: new Map(Object.entries(parseTextRecord(textOf(row, 'private_networks'), 'private_networks'))),
    snapshots: parseJsonList(textOf(row, 'snapshots'), 'snapshots', (value) =>
      typeof value === 'string' ? value : undefined,
    ),
    get radl() {
      return radl();
    },
    get extra() {
      return extra();
    },
  };
}
