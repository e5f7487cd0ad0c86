// SPDX-License-Identifier: Apache-2.0
// Operation rows: the journal. What can hold a secret is sealed; credentials go when the operation ends.
import {
  type AuthItem,
  ImError,
  isFinal,
  type Operation,
  type OperationKind,
  type OperationState,
} from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { OperationChanges, OperationFilter } from '../store.js';
import type { Batch } from './batch.js';
import type { SqlSession } from './database.js';
import { openJson, sealJson } from './documents.js';
import { once } from './lazy.js';
import {
  integerOf,
  isTextRecord,
  optionalIntegerOf,
  optionalTextOf,
  parseJsonList,
  type Row,
  textOf,
  wordOf,
} from './row.js';
import { insertRow, placesFor, updateRows } from './statements.js';

const STATES: Readonly<Record<OperationState, true>> = {
  queued: true,
  running: true,
  done: true,
  failed: true,
  cancelled: true,
};

const KINDS: Readonly<Record<OperationKind, true>> = {
  create: true,
  add: true,
  remove: true,
  destroy: true,
  configure: true,
  reconfigure: true,
  start: true,
  stop: true,
  'start-vm': true,
  'stop-vm': true,
  'reboot-vm': true,
  'alter-vm': true,
  snapshot: true,
};

const SELECT = `SELECT sequence, id, infrastructure_id, kind, state, caller, created_at, started_at, finished_at,
  error_code, error_message, request, credentials, progress, result FROM operations`;

type SealedName = 'request' | 'credentials' | 'progress' | 'result';

const context = (name: SealedName, id: string): string => `operations/${name}/${id}`;

/** Journals a new operation; its sequence number is the next one. */
export async function insertOperation(
  { session, sealer }: Batch,
  operation: Omit<Operation, 'sequence'>,
): Promise<void> {
  const { id, result } = operation;
  await insertRow(session, 'operations', {
    id,
    infrastructure_id: operation.infrastructureId,
    kind: operation.kind,
    state: operation.state,
    caller: operation.caller,
    created_at: operation.createdAt,
    started_at: operation.startedAt,
    finished_at: operation.finishedAt,
    error_code: operation.error?.code ?? null,
    error_message: operation.error?.message ?? null,
    request: sealJson(sealer, operation.request, context('request', id)),
    credentials: isFinal(operation.state) ? null : sealJson(sealer, operation.credentials, context('credentials', id)),
    progress: sealJson(sealer, operation.progress, context('progress', id)),
    result: result && sealJson(sealer, result, context('result', id)),
  });
}

/**
 * Writes columns of an operation. Credentials are deleted with the final state and never come back after it.
 * @throws ImError `internal` when there is no such operation
 */
export async function updateOperation(batch: Batch, id: string, set: OperationChanges): Promise<void> {
  const { session, sealer } = batch;
  const ends = set.state !== undefined && isFinal(set.state);
  const isScrubbed = ends && (await isOfDeleted(batch, id));
  const credentials = set.credentials && !(ends || (await hasEnded(session, id))) ? set.credentials : undefined;
  const found = await updateRows(
    session,
    'operations',
    {
      state: set.state,
      started_at: set.startedAt,
      finished_at: set.finishedAt,
      error_code: set.error?.code,
      error_message: set.error?.message,
      progress: set.progress && sealJson(sealer, set.progress, context('progress', id)),
      result: set.result && sealJson(sealer, set.result, context('result', id)),
      credentials: ends ? null : credentials && sealJson(sealer, credentials, context('credentials', id)),
    },
    { id },
  );
  if (found === 0) {
    throw new ImError('internal', `There is no operation ${id} to change: nothing was written.`);
  }
  if (isScrubbed) {
    // The operation that deleted its infrastructure ends after the scrub; its result is kept for the waiting caller.
    await session.run('UPDATE operations SET request = NULL, progress = NULL WHERE id = ?', [id]);
  }
}

/** Also keeps the infrastructure as it is: a scrub that runs at the same time would miss an operation that is just ending. */
async function isOfDeleted(batch: Batch, id: string): Promise<boolean> {
  const row = await batch.session.first('SELECT infrastructure_id FROM operations WHERE id = ?', [id]);
  return row !== undefined && (await batch.isDeleted(textOf(row, 'infrastructure_id')));
}

/** Reads an operation; what is sealed is opened when it is first looked at. */
export async function getOperation(session: SqlSession, sealer: Sealer, id: string): Promise<Operation | undefined> {
  const row = await session.first(`${SELECT} WHERE id = ?`, [id]);
  return row && readOperation(row, sealer);
}

/** Lists operations in order of acceptance. */
export async function listOperations(
  session: SqlSession,
  sealer: Sealer,
  filter: OperationFilter,
): Promise<readonly Operation[]> {
  const { infrastructureId, states } = filter;
  if (states?.length === 0) {
    return [];
  }
  const conditions = [
    ...(infrastructureId === undefined ? [] : ['infrastructure_id = ?']),
    ...(states === undefined ? [] : [`state IN (${placesFor(states)})`]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const values = [...(infrastructureId === undefined ? [] : [infrastructureId]), ...(states ?? [])];
  const rows = await session.all(`${SELECT} ${where} ORDER BY sequence`, values);
  return rows.map((row) => readOperation(row, sealer));
}

async function hasEnded(session: SqlSession, id: string): Promise<boolean> {
  const row = await session.first('SELECT state FROM operations WHERE id = ?', [id]);
  return row !== undefined && isFinal(wordOf(row, 'state', STATES));
}

function readOperation(row: Row, sealer: Sealer): Operation {
  const id = textOf(row, 'id');
  const json = (name: SealedName) => once(() => openJson(sealer, optionalTextOf(row, name), context(name, id)));
  const request = json('request');
  const progress = json('progress');
  const openedResult = json('result');
  const credentials = once(() => openCredentials(row, sealer, id));
  const hasResult = optionalTextOf(row, 'result') !== null;
  const errorCode = optionalTextOf(row, 'error_code');
  return {
    id,
    infrastructureId: textOf(row, 'infrastructure_id'),
    sequence: integerOf(row, 'sequence'),
    kind: wordOf(row, 'kind', KINDS),
    state: wordOf(row, 'state', STATES),
    caller: textOf(row, 'caller'),
    error: errorCode === null ? null : { code: errorCode, message: optionalTextOf(row, 'error_message') ?? '' },
    createdAt: integerOf(row, 'created_at'),
    startedAt: optionalIntegerOf(row, 'started_at'),
    finishedAt: optionalIntegerOf(row, 'finished_at'),
    get request() {
      return request();
    },
    get credentials() {
      return credentials();
    },
    get progress() {
      return progress();
    },
    get result() {
      return hasResult ? openedResult() : null;
    },
  };
}

function openCredentials(row: Row, sealer: Sealer, id: string): readonly AuthItem[] {
  const sealed = optionalTextOf(row, 'credentials');
  if (sealed === null) {
    return [];
  }
  const place = context('credentials', id);
  return parseJsonList(sealer.open(sealed, place), place, (value) => (isTextRecord(value) ? value : undefined));
}
