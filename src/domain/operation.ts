// SPDX-License-Identifier: Apache-2.0
// Durable operations: the journal entry of everything that changes an infrastructure.
import type { AuthItem } from './credentials.js';
import type { JsonObject } from './json.js';

/** Kinds of operations. `configure` runs in a lane of its own beside the others (docs/architecture.md). */
export type OperationKind =
  | 'create'
  | 'add'
  /** Towards a TOSCA document: removes what it no longer wants, adds what is missing, else configures again. */
  | 'update'
  /** Towards what was asked for at an earlier revision: removes, adds and configures as an update does. */
  | 'restore'
  | 'remove'
  | 'destroy'
  | 'configure'
  | 'reconfigure'
  | 'start'
  | 'stop'
  | 'start-vm'
  | 'stop-vm'
  | 'reboot-vm'
  | 'alter-vm'
  | 'snapshot'
  /** Forgets an infrastructure that was exported, without touching its machines. */
  | 'release';

/** Life of an operation. The last three are final. */
export type OperationState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** Why an operation failed: same shape as an ImError. */
export interface OperationError {
  readonly code: string;
  readonly message: string;
}

/** A journal entry. */
export interface Operation {
  readonly id: string;
  readonly infrastructureId: string;
  /** Order of acceptance inside the store; operations of one infrastructure run in this order. */
  readonly sequence: number;
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** First user name of the caller. */
  readonly caller: string;
  /** What was asked, by kind. Documents are in the serialized RADL form. */
  readonly request: JsonObject;
  /** Credentials of the call, sealed at rest, deleted when the operation ends (spec/README.md). */
  readonly credentials: readonly AuthItem[];
  /** How far it is: what a resumed run needs beyond VM rows and ledger. */
  readonly progress: JsonObject;
  /** Result for the waiting caller, by kind. */
  readonly result: JsonObject | null;
  readonly error: OperationError | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** Stands as the error of an unfinished operation that somebody wants to end. */
export const CANCEL_REQUESTED = 'cancel-requested';

/** Is an unfinished operation to be cancelled by whoever works on it? */
export function isCancelRequested({ state, error }: Pick<Operation, 'state' | 'error'>): boolean {
  return !isFinal(state) && error?.code === CANCEL_REQUESTED;
}

/** Has the operation ended? */
export function isFinal(state: OperationState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}
