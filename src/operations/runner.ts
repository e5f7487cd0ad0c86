// SPDX-License-Identifier: Apache-2.0
// Carries one operation from `queued` to its end: journal entry, story, final commit.
import {
  errorText,
  ImError,
  infrastructureNotFound,
  type Operation,
  type OperationError,
  type OperationState,
} from '../domain/index.js';
import type { Change } from '../store/index.js';
import { sleep } from '../util/deadline.js';
import { cancelledOutcome } from './cancellation.js';
import { CloudSession } from './cloud-session.js';
import type { NewOperation, OperationContext, OperationOutcome } from './context.js';
import type { OperationEnvironment } from './environment.js';
import { HANDLERS } from './handlers.js';
import { Cancelled, Parked } from './interruption.js';
import type { LaunchLimits } from './launch-limits.js';
import { logLine } from './log-line.js';
import type { Observer } from './observer.js';
import type { Attempt } from './stop-request.js';
import { unexpectedEnd } from './unexpected-end.js';
import type { Workspace } from './workspace.js';

/** Pause between tries while the store does not answer. */
const STORE_RETRY_MS = 1000;

/** What the runner shares between operations. */
export interface RunnerTools {
  readonly environment: OperationEnvironment;
  readonly limits: LaunchLimits;
  readonly observer: Observer;
  readonly inBackground: OperationContext['inBackground'];
}

/** How a run ended; `next` was accepted together with it. */
export interface RunResult {
  /** The journal entry as it is now; still `running` when it was parked. */
  readonly operation: Operation;
  readonly next?: Operation;
}

/** Runs an operation. Never rejects: what goes wrong is in the journal, or the operation is parked. */
export async function runOperation(
  tools: RunnerTools,
  workspace: Workspace,
  accepted: Operation,
  attempt: Pick<Attempt, 'signal' | 'hasLostLease'>,
): Promise<RunResult> {
  const { environment } = tools;
  const { signal } = attempt;
  const startedAt = accepted.startedAt ?? environment.now();
  const logger = environment.logger.child({ fields: { infId: accepted.infrastructureId, opId: accepted.id } });
  let operation: Operation = { ...accepted, state: 'running', startedAt };
  if (accepted.startedAt === null) {
    // Durable before the first provider call: every story commits what it is about to do before it does it.
    workspace.committer.attach([
      {
        kind: 'update-operation',
        id: operation.id,
        set: { state: 'running', startedAt },
      },
    ]);
  }
  for (let isResumed = accepted.startedAt !== null; ; isResumed = true) {
    const context = contextOf(tools, workspace, operation, attempt, isResumed);
    try {
      signal.throwIfAborted();
      if (operation.kind !== 'destroy' && (await isDeleted(environment, operation.infrastructureId))) {
        return await finish(context, { ok: false, error: infrastructureNotFound() }, 'cancelled');
      }
      const outcome = await HANDLERS[operation.kind](context);
      return await finish(context, outcome, outcome.ok ? 'done' : 'failed');
    } catch (error) {
      if (signal.reason instanceof Parked) {
        logger.info(`Operation ${operation.kind} is parked: ${signal.reason.message}`);
        return { operation };
      }
      if (signal.reason instanceof Cancelled && signal.reason.isOnItsOwn) {
        return finish(context, await cancelledOutcome(context, signal.reason.message), 'cancelled');
      }
      if (signal.reason instanceof Cancelled) {
        return finish(context, { ok: false, error: new ImError('cancelled', signal.reason.message) }, 'cancelled');
      }
      if (!(error instanceof ImError && error.code === 'store-unavailable')) {
        logger.error(`Operation ${operation.kind} failed unexpectedly: ${errorText(error)}`, { error });
        return finish(context, await unexpectedEnd(context, error), 'failed');
      }
      // What the provider did meanwhile may not be written down: begin again as after a crash, when the store is back.
      logger.error(`Operation ${operation.kind} waits for the database: ${errorText(error)}`);
      operation = (await whenStoreAnswers(environment, operation.id, signal)) ?? operation;
    }
  }
}

/** Accepted while the infrastructure was on its way out: nothing may be begun for it any more. */
async function isDeleted({ store }: OperationEnvironment, infrastructureId: string): Promise<boolean> {
  return (await store.getHeader(infrastructureId))?.isDeleted !== false;
}

function contextOf(
  { environment, limits, observer, inBackground }: RunnerTools,
  workspace: Workspace,
  operation: Operation,
  { signal, hasLostLease }: Pick<Attempt, 'signal' | 'hasLostLease'>,
  isResumed: boolean,
): OperationContext {
  const { infrastructureId } = operation;
  return {
    operation,
    environment,
    workspace,
    clouds: new CloudSession(environment, operation.credentials, workspace.confirmLease),
    limits,
    observer,
    signal,
    hasLostLease,
    isResumed,
    inBackground,
    log: (text) =>
      workspace.committer.commit([
        { kind: 'append-log', infrastructureId, vm: null, text: logLine(text, environment.now()) },
      ]),
  };
}

/** The journal entry as soon as it can be read again; undefined when the operation is to stop before. */
async function whenStoreAnswers(
  { store }: OperationEnvironment,
  id: string,
  signal: AbortSignal,
): Promise<Operation | undefined> {
  while (!signal.aborted) {
    await sleep(STORE_RETRY_MS, signal).catch(() => undefined);
    try {
      return await store.getOperation(id);
    } catch (error) {
      if (!(error instanceof ImError && error.code === 'store-unavailable')) {
        throw error;
      }
    }
  }
  return undefined;
}

/** Writes the end, what goes with it, and the acceptance of what follows, in one batch. */
async function finish(context: OperationContext, outcome: OperationOutcome, state: OperationState): Promise<RunResult> {
  const { environment, operation, workspace, signal } = context;
  const finishedAt = environment.now();
  const error: OperationError | null = outcome.ok ? null : { code: outcome.error.code, message: outcome.error.message };
  const result = outcome.ok ? (outcome.result ?? {}) : null;
  const next = outcome.next === undefined ? undefined : journalEntry(outcome.next, environment);
  const changes: Change[] = [
    ...(outcome.changes ?? []),
    {
      kind: 'update-operation',
      id: operation.id,
      set: { state, finishedAt, ...(result !== null && { result }), ...(error !== null && { error }) },
    },
    ...(next === undefined ? [] : [{ kind: 'insert-operation' as const, operation: next }]),
  ];
  for (;;) {
    try {
      await workspace.committer.commit(changes);
      break;
    } catch (failure) {
      const isLeaseLost = failure instanceof ImError && failure.code === 'incorrect-state';
      if (isLeaseLost || signal.reason instanceof Parked) {
        environment.logger.error(`The end of operation ${operation.id} could not be written: ${errorText(failure)}`);
        return { operation };
      }
      environment.logger.error(
        `The end of operation ${operation.id} could not be written, trying again: ${errorText(failure)}`,
      );
      await sleep(STORE_RETRY_MS);
    }
  }
  const seconds = (finishedAt - (operation.startedAt ?? finishedAt)) / 1000;
  environment.metrics.operationFinished(
    operation.kind,
    state === 'done' || state === 'cancelled' ? state : 'failed',
    seconds,
  );
  return {
    operation: { ...operation, state, finishedAt, result, error, credentials: [] },
    ...(next !== undefined && { next: { ...next, sequence: Number.MAX_SAFE_INTEGER } }),
  };
}

/** A fresh journal entry. */
export function journalEntry(
  operation: NewOperation,
  environment: Pick<OperationEnvironment, 'newId' | 'now'>,
): Omit<Operation, 'sequence'> {
  return {
    ...operation,
    id: operation.id ?? environment.newId(),
    state: 'queued',
    progress: {},
    result: null,
    error: null,
    createdAt: environment.now(),
    startedAt: null,
    finishedAt: null,
  };
}
