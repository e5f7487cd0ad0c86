// SPDX-License-Identifier: Apache-2.0
// What the story of an operation works with, and how it ends.
import type { AuthItem, ImError, JsonObject, Operation, OperationKind } from '../domain/index.js';
import type { Change } from '../store/index.js';
import type { CloudSession } from './cloud-session.js';
import type { OperationEnvironment } from './environment.js';
import type { LaunchLimits } from './launch-limits.js';
import type { Observer } from './observer.js';
import type { Workspace } from './workspace.js';

/** Tools of one running operation. */
export interface OperationContext {
  readonly operation: Operation;
  readonly environment: OperationEnvironment;
  readonly workspace: Workspace;
  readonly clouds: CloudSession;
  readonly limits: LaunchLimits;
  readonly observer: Observer;
  /** Aborts with `Cancelled` or `Parked`. */
  readonly signal: AbortSignal;
  /** Another daemon has the lease now: what was done at providers since then is in no record. */
  readonly hasLostLease: () => boolean;
  /** It had begun before this daemon was started: provider calls may have happened. */
  readonly isResumed: boolean;
  /** Runs something beside the operations, until the daemon stops; failures are logged. */
  readonly inBackground: (task: (signal: AbortSignal) => Promise<void>) => void;
  /** Adds a line to the infrastructure's log. */
  readonly log: (text: string) => Promise<void>;
}

/** An operation to accept. */
export interface NewOperation {
  /** A new one when absent. The store refuses an id that it has already. */
  readonly id?: string;
  readonly kind: OperationKind;
  readonly infrastructureId: string;
  readonly caller: string;
  readonly request: JsonObject;
  readonly credentials: readonly AuthItem[];
}

/** How an operation ended. `changes` and the acceptance of `next` are committed together with the end itself. */
export type OperationOutcome = {
  readonly changes?: readonly Change[];
  readonly next?: NewOperation;
} & ({ readonly ok: true; readonly result?: JsonObject } | { readonly ok: false; readonly error: ImError });

/** The story of one kind of operation. Must be safe to run again after a crash at any point. Throws only what it did not expect. */
export type OperationHandler = (context: OperationContext) => Promise<OperationOutcome>;
