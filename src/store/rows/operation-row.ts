// SPDX-License-Identifier: Apache-2.0
// An operation as columns and back. What can hold a secret is sealed; credentials go when the operation ends.
import { type AuthItem, isFinal, type Operation, type OperationKind, type OperationState } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import type { OperationChanges } from '../store.js';
import { openJson, sealJson } from './documents.js';
import { once } from './lazy.js';
import {
  type Columns,
  integerOf,
  isTextRecord,
  optionalIntegerOf,
  optionalTextOf,
  parseJsonList,
  type Row,
  textOf,
  wordOf,
} from './row.js';

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
  update: true,
  restore: true,
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
  release: true,
};

/** The columns of {@link readOperation}. */
export const OPERATION_COLUMNS = [
  'sequence',
  'id',
  'infrastructure_id',
  'kind',
  'state',
  'caller',
  'created_at',
  'started_at',
  'finished_at',
  'error_code',
  'error_message',
  'request',
  'credentials',
  'progress',
  'result',
] as const;

type SealedName = 'request' | 'credentials' | 'progress' | 'result';

const context = (name: SealedName, id: string): string => `operations/${name}/${id}`;

/** The columns of a new operation, but for its sequence number. */
export function operationColumns(sealer: Sealer, operation: Omit<Operation, 'sequence'>): Columns {
  const { id, result } = operation;
  return {
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
  };
}

/** The columns that a change sets. @param hasEnded it had ended before: credentials do not come back */
export function operationChangeColumns(sealer: Sealer, id: string, set: OperationChanges, hasEnded: boolean): Columns {
  const ends = set.state !== undefined && isFinal(set.state);
  const credentials = ends || hasEnded ? undefined : set.credentials;
  return {
    state: set.state,
    started_at: set.startedAt,
    finished_at: set.finishedAt,
    error_code: set.error?.code,
    error_message: set.error?.message,
    progress: set.progress && sealJson(sealer, set.progress, context('progress', id)),
    result: set.result && sealJson(sealer, set.result, context('result', id)),
    credentials: ends ? null : credentials && sealJson(sealer, credentials, context('credentials', id)),
  };
}

/** Has the operation of these columns ended? */
export function hasEnded(row: Row): boolean {
  return isFinal(wordOf(row, 'state', STATES));
}

/** An operation of its columns; what is sealed is opened when it is first looked at. */
export function readOperation(row: Row, sealer: Sealer): Operation {
  const id = textOf(row, 'id');
  const json = (name: SealedName) => once(() => openJson(sealer, optionalTextOf(row, name), context(name, id)));
  const request = json('request');
  const progress = json('progress');
  const openedResult = json('result');
  const credentials = once(() => openCredentials(row, sealer, id));
  const hasResult = optionalTextOf(row, 'result') !== null;
  const errorCode = optionalTextOf(row, 'error_code');
  const state = wordOf(row, 'state', STATES);
  return {
    id,
    infrastructureId: textOf(row, 'infrastructure_id'),
    sequence: integerOf(row, 'sequence'),
    kind: wordOf(row, 'kind', KINDS),
    state,
    caller: textOf(row, 'caller'),
    // What was asked of it while it ran says nothing once it is done.
    error:
      errorCode === null || state === 'done'
        ? null
        : { code: errorCode, message: optionalTextOf(row, 'error_message') ?? '' },
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
