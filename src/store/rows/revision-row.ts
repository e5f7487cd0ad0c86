// SPDX-License-Identifier: Apache-2.0
// An accepted document as columns and back, sealed.
import type { Revision } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import { type Columns, integerOf, optionalTextOf, type Row, textOf, wordOf } from './row.js';

const KINDS: Readonly<Record<Revision['kind'], true>> = { radl: true, tosca: true };

const context = (infrastructureId: string, number: number): string => `revisions/content/${infrastructureId}/${number}`;

/** The columns of {@link readRevision}. */
export const REVISION_COLUMNS = [
  'infrastructure_id',
  'revision_number',
  'kind',
  'operation_id',
  'created_at',
  'content',
] as const;

/** The columns of a new revision. That of a deleted infrastructure has no text. */
export function revisionColumns(sealer: Sealer, revision: Revision, isDeleted: boolean): Columns {
  const { infrastructureId, number } = revision;
  return {
    infrastructure_id: infrastructureId,
    revision_number: number,
    kind: revision.kind,
    operation_id: revision.operationId,
    created_at: revision.createdAt,
    content: isDeleted ? null : sealer.seal(revision.text, context(infrastructureId, number)),
  };
}

/** A revision of its columns. */
export function readRevision(row: Row, sealer: Sealer): Revision {
  const infrastructureId = textOf(row, 'infrastructure_id');
  const number = integerOf(row, 'revision_number');
  const sealed = optionalTextOf(row, 'content');
  return {
    infrastructureId,
    number,
    kind: wordOf(row, 'kind', KINDS),
    operationId: textOf(row, 'operation_id'),
    text: sealed === null ? '' : sealer.open(sealed, context(infrastructureId, number)),
    createdAt: integerOf(row, 'created_at'),
  };
}
