// SPDX-License-Identifier: Apache-2.0
// The durable queue: accepts operations, runs them in their lanes, takes up what was left unfinished, and stops without losing anything.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CANCEL_REQUESTED, errorText, ImError, type Operation } from '../domain/index.js';
import type { Change } from '../store/index.js';
import { sleep } from '../util/deadline.js';
import { requireCancellable } from './cancellation.js';
import type { NewOperation } from './context.js';
import type { OperationEnvironment } from './environment.js';
import { Parked } from './interruption.js';
import { Lanes } from './lanes.js';
import { createLaunchLimits } from './launch-limits.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Observer } from './observer.js';
import { journalEntry } from './runner.js';
import { Scout } from './scout.js';
import { Waiters } from './waiters.js';
import { type Workspace, Workspaces } from './workspace.js';

/** How long parked operations may take to let go. */
const PARKING_MS = 1000;

/** An accepted operation. */
export interface AcceptedOperation {
  readonly id: string;
  /** Resolves (never rejects) with the journal entry at its end; still `queued` or `running` when the daemon stopped before. */
  readonly ended: Promise<Operation>;
}

/** One per daemon. */
export class OperationEngine {
  /** Asks providers for VM states (shared with the refresher). */
  readonly observer: Observer;
  readonly #environment: OperationEnvironment;
  readonly #leases: LeaseKeeper;
  readonly #workspaces: Workspaces;
  readonly #waiters = new Waiters();
  readonly #lanes: Lanes;
  readonly #scout: Scout;
  readonly #stopping = new AbortController();
  readonly #parking = new AbortController();
  /** Destroys whose acceptance is being written, by infrastructure: a second call joins them. */
  readonly #acceptingDestroys = new Map<string, AcceptedOperation>();
  readonly #background = new Set<Promise<void>>();
  #scouting: Promise<void> = Promise.resolve();

  constructor(environment: OperationEnvironment) {
    this.#environment = environment;
    const { settings, store, claim, logger } = environment;
    this.#leases = new LeaseKeeper(store, claim, settings.leaseMs, logger);
    this.#workspaces = new Workspaces(store, this.#leases);
    this.observer = new Observer(environment);
    this.#lanes = new Lanes({
      environment,
      limits: createLaunchLimits(settings.maxSimultaneousLaunches, settings.maxSimultaneousLaunchesPerCloud),
      observer: this.observer,
      leases: this.#leases,
      workspaces: this.#workspaces,
      waiters: this.#waiters,
      inBackground: (task) => this.#runInBackground(task),
      stopping: this.#stopping.signal,
      parking: this.#parking.signal,
    });
    this.#scout = new Scout(environment, this.#lanes, this.#leases);
  }

  /** Takes up what an earlier run of this daemon, or one that died, left unfinished; then keeps looking. */
  async start(): Promise<void> {
    const taken = await this.#scout.scan(true);
    if (taken > 0) {
      this.#environment.logger.info(`${taken} unfinished operations found; they are continued.`);
    }
    this.#scouting = this.#scout.run(this.#stopping.signal);
  }

  /**
   * Accepts an operation: durable when the promise resolves.
   * @param changesFor rows that become true together with the acceptance, given the id of the operation
   * @throws ImError `store-unavailable` when the store does not answer or the daemon is stopping
   */
  async accept(
    operation: NewOperation,
    changesFor: (operationId: string) => readonly Change[] = () => [],
  ): Promise<AcceptedOperation> {
    if (this.#stopping.signal.aborted) {
      throw new ImError('store-unavailable', 'The daemon is stopping. Try again in a moment.');
    }
    if (operation.kind === 'destroy') {
      const joined = this.#runningDestroy(operation);
      if (joined !== undefined) {
        return joined;
      }
    }
    const entry: Operation = {
      ...journalEntry(operation, this.#environment),
      sequence: Number.MAX_SAFE_INTEGER,
    };
    const accepted = { id: entry.id, ended: this.#waiters.wait(entry) };
    if (operation.kind === 'destroy') {
      this.#acceptingDestroys.set(operation.infrastructureId, accepted);
    }
    try {
      await this.#environment.store.commit([...changesFor(entry.id), { kind: 'insert-operation', operation: entry }]);
    } catch (error) {
      this.#waiters.end({ ...entry, state: 'failed', error: { code: 'store-unavailable', message: errorText(error) } });
      throw error;
    } finally {
      if (this.#acceptingDestroys.get(operation.infrastructureId) === accepted) {
        this.#acceptingDestroys.delete(operation.infrastructureId);
      }
    }
    this.#lanes.enqueue(entry);
    return accepted;
  }

  /**
   * Asks for the end of an operation, wherever it runs: whoever works on it ends it within a moment.
   * @throws ImError `incorrect-state` when it cannot be cancelled
   */
  async cancel(operation: Operation, by: string): Promise<void> {
    requireCancellable(operation);
    const message = `cancelled by ${by}.`;
    const { id } = operation;
    await this.#environment.store.commit([
      { kind: 'update-operation', id, set: { error: { code: CANCEL_REQUESTED, message } } },
    ]);
    this.#lanes.cancel(operation, message);
  }

  /** Lease and writing tools for work outside operations (refreshing); undefined when another daemon has the lease. */
  async borrow(
    infrastructureId: string,
  ): Promise<{ readonly workspace: Workspace; readonly giveBack: () => void } | undefined> {
    const release = await this.#leases.acquire(infrastructureId, () => undefined);
    if (release === undefined) {
      return undefined;
    }
    const { workspace, close } = this.#workspaces.open(infrastructureId);
    return {
      workspace,
      giveBack: () => {
        close();
        release();
      },
    };
  }

  /** Nothing is queued or running here. */
  get isIdle(): boolean {
    return this.#lanes.isIdle;
  }

  /**
   * Stops: what was accepted may end within the grace time, then it is parked. Configurations are parked at once. Leases that are not
   * needed any more are given back at once, so that other daemons go on.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort(new Parked());
    for (const { abort } of this.#lanes.configuring()) {
      abort(new Parked());
    }
    this.#leases.giveBackEagerly();
    await this.#untilEnded(graceMs);
    this.#parking.abort(new Parked());
    for (const { abort } of this.#lanes.running()) {
      abort(new Parked());
    }
    await this.#untilEnded(PARKING_MS);
    this.#waiters.endAll();
    await this.#scouting;
    await Promise.all(this.#background);
    await this.#leases.close();
  }

  #runInBackground(task: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#parking;
    const running = task(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) {
          this.#environment.logger.error(`Work in the background failed: ${errorText(error)}`);
        }
      })
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  async #untilEnded(limitMs: number): Promise<void> {
    const timer = new AbortController();
    const isLate = sleep(limitMs, timer.signal).then(
      () => true,
      () => true,
    );
    while (this.#lanes.running().length > 0 || (this.#lanes.isBusy && !this.#parking.signal.aborted)) {
      const ended = Promise.all(this.#lanes.running().map((running) => running.ended)).then(() => false);
      if (await Promise.race([ended, isLate])) {
        break;
      }
      await nextTurn();
    }
    timer.abort();
  }

  #runningDestroy(operation: NewOperation): AcceptedOperation | undefined {
    const isForced = operation.request.isForced === true;
    const accepting = this.#acceptingDestroys.get(operation.infrastructureId);
    if (accepting !== undefined && !isForced) {
      return accepting;
    }
    const lane = this.#lanes.get(operation.infrastructureId);
    const known = [lane?.running?.operation, ...(lane?.queue ?? [])].find((entry) => entry?.kind === 'destroy');
    if (known === undefined || (isForced && known.request.isForced !== true)) {
      return undefined;
    }
    return { id: known.id, ended: this.#waiters.wait(known) };
  }
}
